// SPDX-License-Identifier: Apache-2.0
// The child of the clone: from the first instruction in the new namespaces to the program's exec.
// child.cc alone fixes the order of the steps.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/apply/program.h"
#include "runtime/cgroup/cgroup.h"
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
  Cgroup* cgroup = nullptr;           // the container's; none: it stays in ours
  bool needs_cgroup = false;          // not being in there is an error, limits or not
  bool missed_cgroup = false;         // the parent moves the child there
};

/// Whether the child, when it begins, waits for the parent's kGo.
bool waits_for_parent(const IdPlan& ids, bool missed_cgroup);

/// Entries for sys::clone_child; the argument is a ChildTask. They never return: what fails is
/// sent over the channel as a Failed.
void init_main(void* task) noexcept;
void exec_main(void* task) noexcept;

}  // namespace runtime
