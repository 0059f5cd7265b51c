// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/hooks.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "config/state.h"
#include "runtime/apply/channel.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 4096;  // of which the end is told
constexpr int kMostReadsAfterEnd = 64;
constexpr std::chrono::seconds kLongest{std::chrono::hours(24 * 365)};

struct HookTask {
  const HookRun& run;
  const config::Hook& hook;
  int input, output, status;
};

std::vector<std::string> words_of(const config::Hook& hook) {
  return hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
}

void execute(const config::Hook& hook) {
  const std::vector<std::string> words = words_of(hook);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> env = pointers_to(hook.env);
  const int code = sys::execute(AT_FDCWD, hook.path.c_str(), argv.data(), env.data());
  throw sys::errno_error("exec", code);
}

void become_hook(const HookTask& task) {
  sys::start_process_group();
  sys::reset_signals();
  // Of the namespace that the path is read in, and nothing of the image's. CVE-2025-23266.
  (void)sys::change_directory(sys::open_path("/", O_PATH | O_DIRECTORY).get());
  sys::duplicate_onto(task.input, 0);
  sys::duplicate_onto(task.output, 1);
  sys::duplicate_onto(task.output, 2);
  std::vector<int> keep = task.run.kept_fds;
  keep.push_back(task.status);
  sys::close_all_but(3, std::move(keep));
  if (task.run.execute) {
    task.run.execute(task.hook, task.status);
  } else {
    execute(task.hook);
  }
}

void hook_main(void* argument) noexcept {
  const auto& task = *static_cast<const HookTask*>(argument);
  try {
    become_hook(task);
  } catch (const sys::Error& error) {
    try {
      (void)send_failure(task.status, error);
    } catch (...) {  // its exit status tells enough
    }
  } catch (...) {  // likewise
  }
  sys::exit_now(127);
}

void keep_end(std::string& text, std::string_view more) {
  text += more;
  if (text.size() > kMaxOutput) text.erase(0, text.size() - kMaxOutput);
}

// False: nothing is there, or nobody will write any more.
bool read_output(sys::Fd& output, std::string& text) {
  char buffer[kMaxOutput];
  const std::optional<long> count = sys::read_now(output.get(), buffer, sizeof(buffer));
  if (!count) return false;
  if (*count <= 0) {
    output.reset();
    return false;
  }
  keep_end(text, {buffer, static_cast<std::size_t>(*count)});
  return true;
}

class Deadline {
 public:
  explicit Deadline(const std::optional<std::int64_t>& seconds) {
    if (!seconds) return;
    end_ = Clock::now() + std::min(std::chrono::seconds(*seconds), kLongest);
  }
  /// -1: never. Rounded up, so that at 0 it is over.
  int left_ms() const {
    if (!end_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long>(left, 0, 1'000'000'000));
  }
  bool is_over() const { return end_ && Clock::now() >= *end_; }

 private:
  std::optional<Clock::time_point> end_;
};

[[noreturn]] void end_late(const sys::Process& process, std::int64_t seconds) {
  // What can't be killed, being more than we are, can't be waited for either.
  if (sys::kill_process_group(process.pid)) (void)sys::wait_child(process);
  throw sys::Error(sys::format("did not end within {} s, killed", seconds), ETIMEDOUT);
}

// A daemon that it leaves may keep the pipe: only its own end is waited for.
sys::ExitStatus wait_for_end(const sys::Process& process, sys::Fd output,
                             const std::optional<std::int64_t>& seconds, std::string& said) {
  const Deadline deadline(seconds);
  sys::set_nonblocking(output.get(), true);
  for (;;) {
    std::vector<sys::Waiting> waiting = {{.fd = process.pidfd.get(), .wants_input = true},
                                         {.fd = output.get(), .wants_input = bool(output)}};
    sys::wait_for_any(waiting, deadline.left_ms());
    if (waiting[0].has_input) break;
    if (waiting[1].has_input) (void)read_output(output, said);
    if (deadline.is_over()) end_late(process, *seconds);
  }
  for (int i = 0; i < kMostReadsAfterEnd && output && read_output(output, said); ++i) {
  }
  return sys::wait_child(process);
}

std::string failure_text(const sys::ExitStatus& status, std::string said) {
  while (said.ends_with('\n')) said.pop_back();
  const std::string end = status.by_signal ? sys::format("killed by signal {}", status.code - 128)
                                           : sys::format("ended with status {}", status.code);
  return said.empty() ? end : sys::format("{}: {}", end, said);
}

void run_hook(const HookRun& run, const config::Hook& hook) {
  // A file and no pipe: nobody has to read it.
  const sys::Fd input = sys::sealed_memory_file("state", run.state);
  sys::rewind(input.get());
  sys::Pipe output = sys::make_pipe();
  sys::SocketPair status = sys::make_channel();
  HookTask task = {.run = run,
                   .hook = hook,
                   .input = input.get(),
                   .output = output.write_end.get(),
                   .status = status.second.get()};
  const sys::Process process = sys::clone_child({}, hook_main, &task);
  output.write_end.reset();
  status.second.reset();
  std::string said;
  const sys::ExitStatus end =
      wait_for_end(process, std::move(output.read_end), hook.timeout_seconds, said);
  const std::optional<ChannelMessage> failure = receive(status.first.get());
  if (failure) throw sys::Error(failure->text, failure->code, failure->hint);
  if (end.code != 0) throw sys::Error(failure_text(end, std::move(said)));
}

std::string name_of(const HookRun& run, std::size_t index) {
  return sys::format("{} hook {} \"{}\"", run.kind, index, run.hooks[index].path);
}

}  // namespace

void run_hooks(const HookRun& run) {
  for (std::size_t i = 0; i < run.hooks.size(); ++i) {
    sys::in_context([&] { return name_of(run, i); }, [&] { run_hook(run, run.hooks[i]); });
  }
}

void run_all_hooks(const HookRun& run, const sys::Log& log) {
  for (std::size_t i = 0; i < run.hooks.size(); ++i) {
    try {  // config.md: the remaining hooks run as if this one had succeeded
      run_hook(run, run.hooks[i]);
    } catch (const sys::Error& error) {
      log.warning(sys::format("{}: {}, ignoring", name_of(run, i), error.what()));
    }
  }
}

void run_hooks_as(const Program& program, const HookRun& run) {
  HookRun confined = run;
  confined.kept_fds = {program.exec.stub, program.exec.stub_filter, program.proc.fd()};
  confined.execute = [&](const config::Hook& hook, int status) {
    ProcessPlan plan = program.plan;
    plan.argv = words_of(hook);
    check_program(hook.path);
    execute_program({.plan = plan,
                     .exec = program.exec,
                     .proc = program.proc,
                     .may_set_groups = program.may_set_groups,
                     .warn = program.warn},
                    {.path = hook.path, .argv = plan.argv, .env = hook.env}, status);
  };
  run_hooks(confined);
}

void run_poststart_hooks(const HooksPlan& hooks, pid_t init, const sys::Log& log) {
  if (hooks.hooks.poststart.empty()) return;
  const HookRun run = {.kind = "poststart",
                       .hooks = hooks.hooks.poststart,
                       .state = hook_state(hooks, "running", init)};
  if (hooks.poststart_may_fail) {
    run_all_hooks(run, log);
  } else {
    run_hooks(run);
  }
}

void run_poststop_hooks(const HooksPlan& hooks, const sys::Log& log) {
  if (hooks.hooks.poststop.empty()) return;
  run_all_hooks(
      {.kind = "poststop", .hooks = hooks.hooks.poststop, .state = hook_state(hooks, "stopped", 0)},
      log);
}

std::string hook_state(const HooksPlan& hooks, const char* status, pid_t pid) {
  config::ContainerState state;
  state.oci_version = hooks.oci_version;
  state.id = hooks.id;
  state.status = status;
  state.pid = pid;
  state.bundle = hooks.bundle;
  state.annotations = hooks.annotations;
  return config::write_hook_state(state);
}

}  // namespace runtime
