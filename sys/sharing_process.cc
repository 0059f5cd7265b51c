// SPDX-License-Identifier: Apache-2.0
#include "sys/sharing_process.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sys/error.h"
#include "sys/retry.h"

namespace sys {
namespace {

// Whoever a helper clones keeps running on its stack, so it is a real one.
constexpr std::size_t kStack = std::size_t{1024} * 1024;

// A handler must not run on memory that two processes share.
struct BlockedSignals {
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
  }
  ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  sigset_t before;
};

}  // namespace

SharingProcess::SharingProcess(int (*entry)(void*), void* task, int flags,
                               sigset_t* signals_before) {
  stack_ = ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack_ == MAP_FAILED) throw errno_error("stack of a helper");
  int code = 0;
  {
    const BlockedSignals blocked;
    if (signals_before != nullptr) *signals_before = blocked.before;
    // CLONE_FILES: descriptors that it opens must land in our table.
    pid_ = ::clone(entry, static_cast<char*>(stack_) + kStack,
                   CLONE_VM | CLONE_FILES | SIGCHLD | flags, task);
    code = errno;
  }
  if (pid_ >= 0) return;
  (void)::munmap(stack_, kStack);
  throw errno_error("clone a helper", code);
}

SharingProcess::~SharingProcess() {
  const pid_t ended = retry([&] { return ::waitpid(pid_, nullptr, __WALL); });
  if (ended < 0 && errno != ECHILD) return;  // it may still be on its stack
  (void)::munmap(stack_, kStack);            // whoever it cloned has a copy
}

void SharingProcess::kill() noexcept { (void)::kill(pid_, SIGKILL); }

}  // namespace sys
