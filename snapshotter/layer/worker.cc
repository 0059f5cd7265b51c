// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/layer/worker.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>

#include "snapshotter/layer/protocol.h"
#include "sys/attribute.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace snapshotter {
namespace {

using protocol::Kind;
using protocol::Received;

struct Start {
  const char* program;
  int channel, staging;
};

// Out of the way of the numbers that the worker finds them at, then there.
void place_descriptors(const Start& start) {
  constexpr int kFree = 5;
  std::vector<sys::Fd> low;  // held until both are above
  sys::Fd channel = sys::duplicate(start.channel);
  while (channel.get() < kFree) {
    low.push_back(std::move(channel));
    channel = sys::duplicate(start.channel);
  }
  sys::Fd staging = sys::duplicate(start.staging);
  while (staging.get() < kFree) {
    low.push_back(std::move(staging));
    staging = sys::duplicate(start.staging);
  }
  low.clear();
  sys::duplicate_onto(channel.get(), protocol::kChannel);
  sys::duplicate_onto(staging.get(), protocol::kStaging);
}

// In the child: nothing of ours but the two descriptors goes with it, the environment neither.
[[noreturn]] void start_program(const Start& start) noexcept {
  int code = 0;
  try {
    sys::reset_signals();
    sys::die_with_parent();
    place_descriptors(start);
    sys::set_cloexec_from(protocol::kStaging + 1);
    char* const argv[] = {const_cast<char*>("tilla-layers"), nullptr};
    char* const envp[] = {nullptr};
    code = sys::execute(AT_FDCWD, start.program, argv, envp);
    (void)protocol::send(
        protocol::kChannel,
        protocol::encode_failure(
            0, sys::errno_error(sys::format("start \"{}\"", start.program), code)));
  } catch (const sys::Error&) {  // the parent sees that nothing came
  }
  sys::exit_now(125);
}

void run_child(void* argument) noexcept { start_program(*static_cast<const Start*>(argument)); }

}  // namespace

struct Worker::Channel {
  sys::Fd socket;
  sys::Process process;
  protocol::Assembler assembler{protocol::kMaxAnswer};
  std::function<void(std::uint64_t)> progress;
  bool is_ready = false, is_broken = false;
  std::uint32_t next_job = 1;

  ~Channel() { end(); }

  void end() {
    socket.reset();
    if (!process.pidfd) return;
    try {
      (void)sys::send_signal(process.pidfd.get(), SIGKILL);
      (void)sys::wait_child(process);
    } catch (const sys::Error&) {  // gone already, and a destructor has nobody to tell
    }
    process.pidfd.reset();
  }

  [[noreturn]] void fail(const sys::Error& error) {
    is_broken = true;
    end();
    throw sys::Error(error);
  }

  void say(const protocol::Parcel& parcel) {
    if (is_broken) throw sys::Error("tilla-layers has ended already", EPIPE);
    // What it has to say of its end is read by hear().
    (void)protocol::send(socket.get(), parcel);
  }

  // The next answer that is no news of progress.
  Received hear() {
    for (;;) {
      std::optional<Received> answer = protocol::receive(socket.get(), assembler);
      if (!answer) fail(ended());
      if (answer->kind == Kind::kFailed) fail(protocol::decode_failure(*answer));
      if (answer->kind != Kind::kProgress) return std::move(*answer);
      const std::uint64_t bytes = protocol::decode_progress(*answer);
      if (progress) progress(bytes);
    }
  }

  // It starts while whoever made it does something else, and reads nothing before it is confined.
  void await_ready() {
    if (!is_ready && hear().kind != Kind::kReady) {
      throw sys::Error("tilla-layers: an answer that nobody asked for", EBADMSG);
    }
    is_ready = true;
  }

  sys::Error ended() {
    socket.reset();
    const sys::ExitStatus status = sys::wait_child(process);
    process.pidfd.reset();
    if (!status.by_signal) {
      return sys::Error(
          sys::format("tilla-layers ended before it was done (status {})", status.code), EPIPE);
    }
    return sys::Error(
        sys::format("tilla-layers was ended by signal {}", status.code - 128), EPIPE,
        status.code - 128 == SIGKILL
            ? "memory may have run out: what an archive may take of it is limited"
            : "an archive may have made it fail; it is confined so that this harms nothing");
  }

  // Sends all jobs and takes the answers as they come.
  template <typename Job, typename Take>
  void run(const std::vector<Job>& jobs, const Take& take) {
    if (jobs.size() > protocol::kMaxJobs) {
      throw sys::Error(sys::format("{} jobs at once are too many", jobs.size()), E2BIG);
    }
    const std::uint32_t first = next_job;
    next_job += static_cast<std::uint32_t>(jobs.size());
    std::vector<bool> is_done(jobs.size(), false);
    try {
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        say(protocol::encode(first + static_cast<std::uint32_t>(i), jobs[i]));
      }
      await_ready();
      for (std::size_t left = jobs.size(); left > 0; --left) {
        const Received answer = hear();
        const std::size_t index = answer.job - first;
        if (answer.kind != Kind::kDone || index >= jobs.size() || is_done[index]) {
          throw sys::Error("tilla-layers: an answer that nobody asked for", EBADMSG);
        }
        is_done[index] = true;
        take(index, answer);
      }
    } catch (const sys::Error&) {  // one job's end is all jobs' end: nothing goes on unwatched
      is_broken = true;
      end();
      throw;
    }
  }
};

Worker::Worker(const Options& options) : channel_(std::make_unique<Channel>()) {
  sys::SocketPair pair = sys::make_channel();
  channel_->socket = std::move(pair.first);
  channel_->progress = options.progress;
  Start start = {
      .program = options.program.c_str(), .channel = pair.second.get(), .staging = options.staging};
  // Its own pid namespace must be there before it is: no process moves into one. A copy of this
  // process, since posix_spawn(3) makes no namespaces.
  sys::CloneOptions namespaces;
  namespaces.namespaces = CLONE_NEWPID;
  channel_->process = sys::clone_child(namespaces, run_child, &start);
  pair.second.reset();
}

Worker::Worker(Worker&&) noexcept = default;
Worker::~Worker() = default;

std::vector<Unpacked> Worker::unpack(const std::vector<UnpackJob>& jobs) {
  std::vector<Unpacked> results(jobs.size());
  channel_->run(jobs, [&](std::size_t index, const Received& from) {
    protocol::UnpackAnswer answer = protocol::decode_unpacked(from);
    for (const std::string& path : answer.opaque) {
      const sys::Fd directory = sys::open_on_mount(jobs[index].directory, sys::RelPath::parse(path),
                                                   O_RDONLY | O_DIRECTORY);
      const int code =
          sys::set_attribute(directory.get(), jobs[index].mapping.overlay_prefix + "opaque", "y");
      if (code != 0) throw sys::errno_error(sys::format("mark \"{}\" opaque", path), code);
    }
    results[index] = std::move(answer.unpacked);
  });
  return results;
}

std::vector<Packed> Worker::pack(const std::vector<PackJob>& jobs) {
  std::vector<Packed> results(jobs.size());
  channel_->run(jobs, [&](std::size_t index, const Received& from) {
    results[index] = protocol::decode_packed(from);
  });
  return results;
}

std::vector<Member> Worker::split(const SplitJob& job) {
  std::vector<Member> members;
  channel_->run(std::vector<SplitJob>{job}, [&](std::size_t, const Received& from) {
    members = protocol::decode_members(from);
  });
  return members;
}

void Worker::join(const JoinJob& job) {
  channel_->run(std::vector<JoinJob>{job}, [](std::size_t, const Received&) {});
}

}  // namespace snapshotter
