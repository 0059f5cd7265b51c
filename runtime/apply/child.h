// SPDX-License-Identifier: Apache-2.0
// The child of the clone: from the first instruction in the new namespaces to the program's exec.
// child.cc alone fixes the order of the steps.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/apply/program.h"
#include "runtime/plan/plan.h"
#include "sys/procfs.h"

namespace runtime {

/// Descriptors that the child needs, all borrowed from the parent; -1: not used.
struct ChildFds {
  int channel = -1;
  int start_socket = -1;    // of `create`: the container waits for `start` on it
  int waiting = -1;         // its lock tells others that the program has not started
  int console_socket = -1;  // gets the master of the pty; without it, the channel does
  int joined_time = -1;     // a time namespace
  int root = -1;            // of an exec into a container without a mount namespace of its own
};

/// Everything that was prepared before the clone. For an exec `plan.root` and the like are unused.
struct ChildTask {
  const Plan& plan;
  const ExecPlan& exec;
  const sys::Procfs& proc;
  ChildFds fds;
  std::span<char> command_line = {};  // our own, where the kernel shows it from
};

/// Entries for sys::clone_child; the argument is a ChildTask. They never return: what fails is
/// sent over the channel as a Failed.
void init_main(void* task) noexcept;
void exec_main(void* task) noexcept;

}  // namespace runtime
