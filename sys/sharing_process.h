// SPDX-License-Identifier: Apache-2.0
// Private to sys/: a short-lived helper that shares our memory and our descriptors, for what we
// must not do ourselves, as entering a namespace. Source: clone(2), CLONE_VM, CLONE_FILES.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace sys {

class SharingProcess {
 public:
  /// Runs `entry` on a stack of its own and with all signals blocked. It may not allocate, throw or
  /// let a system call fail while we run as well, for errno is ours, too. With CLONE_VFORK in
  /// `flags` we go on when it has ended. `signals_before`: those that we block, for whoever it
  /// clones. Errors: EAGAIN, ENOMEM.
  SharingProcess(int (*entry)(void*), void* task, int flags, sigset_t* signals_before = nullptr);
  /// Waits until it has ended.
  ~SharingProcess();
  void kill() noexcept;
  SharingProcess(const SharingProcess&) = delete;
  SharingProcess& operator=(const SharingProcess&) = delete;

 private:
  void* stack_;
  pid_t pid_ = -1;
};

}  // namespace sys
