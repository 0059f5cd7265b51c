// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/serve.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <thread>

#include "snapshotter/layer/protocol.h"
#include "snapshotter/worker/pack.h"
#include "snapshotter/worker/split.h"
#include "snapshotter/worker/unpack.h"
#include "sys/error.h"

namespace snapshotter {
namespace {

using protocol::Kind;
using protocol::Parcel;
using protocol::Received;

constexpr unsigned kMaxThreads = 4;  // memory is per job
constexpr std::chrono::milliseconds kProgressEvery(200);

class Server {
 public:
  explicit Server(int channel) : channel_(channel) {}

  void run() {
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 2U, kMaxThreads);
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
    say(Parcel{.kind = Kind::kReady});
    protocol::Assembler assembler(protocol::kMaxParcel);
    while (std::optional<Received> call = protocol::receive(channel_, assembler)) {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(*call));
      changed_.notify_one();
    }
  }

 private:
  // Threads end with the process: whoever asked is gone then.
  [[noreturn]] void work() {
    for (;;) {
      Received call = take();
      say(answer(call));
    }
  }

  Received take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    Received call = std::move(waiting_.front());
    waiting_.pop_front();
    return call;
  }

  // The end of a job: whatever goes wrong is an answer.
  Parcel answer(const Received& call) {
    try {
      return carry_out(call);
    } catch (const sys::Error& error) {
      return protocol::encode_failure(call.job, error);
    } catch (const std::bad_alloc&) {
      return protocol::encode_failure(
          call.job, sys::Error("it takes more memory than an archive may have", ENOMEM));
    } catch (const std::exception& error) {
      return protocol::encode_failure(call.job, sys::Error(error.what()));
    }
  }

  Parcel carry_out(const Received& call) {
    switch (call.kind) {
      case Kind::kUnpack: {
        const UnpackJob job = protocol::decode_unpack(call);
        return watched([&] { return protocol::encode(call.job, unpack(job, progress_)); });
      }
      case Kind::kPack:
        return protocol::encode(call.job, pack(protocol::decode_pack(call)));
      case Kind::kSplit: {
        const SplitJob job = protocol::decode_split(call);
        return watched([&] { return protocol::encode(call.job, split(job, progress_)); });
      }
      case Kind::kJoin:
        join(protocol::decode_join(call));
        return protocol::encode_done(call.job);
      default:
        throw sys::Error("tilla-layers: a call that is none", EBADMSG);
    }
  }

  // Tells of the progress while a job runs that makes some.
  template <typename Job>
  Parcel watched(const Job& job) {
    std::atomic<bool> is_done = false;
    std::mutex mutex;
    std::condition_variable ended;
    std::thread teller([&] {
      std::unique_lock lock(mutex);
      while (!ended.wait_for(lock, kProgressEvery, [&] { return is_done.load(); })) tell();
    });
    const auto stop = [&] {
      {
        const std::lock_guard lock(mutex);
        is_done = true;
      }
      ended.notify_one();
      teller.join();
    };
    try {
      Parcel result = job();
      stop();
      return result;
    } catch (...) {  // the thread first
      stop();
      throw;
    }
  }

  void tell() {
    const std::uint64_t bytes = progress_;
    if (last_told_.exchange(bytes) != bytes) say(protocol::encode_progress(bytes));
  }

  void say(const Parcel& parcel) {
    const std::lock_guard lock(saying_);
    (void)protocol::send(channel_, parcel);  // nobody there any more: run() sees it too
  }

  int channel_;
  std::mutex mutex_, saying_;
  std::condition_variable changed_;
  std::deque<Received> waiting_;
  std::atomic<std::uint64_t> progress_ = 0, last_told_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

void serve(int channel) {
  // Never destroyed: its threads use it to the end.
  auto* server = new Server(channel);
  server->run();
}

}  // namespace snapshotter
