// SPDX-License-Identifier: Apache-2.0
// The last steps of every process that tilla starts in a container, init or exec: from "inside the
// root" to the exec. Runs in the child.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/seccomp_filter.h"
#include "runtime/apply/agent.h"
#include "runtime/plan/plan.h"
#include "sys/capability.h"
#include "sys/procfs.h"

namespace runtime {

/// How the program is executed, prepared before the clone.
struct ExecPlan {
  config::CompiledFilter filter;  // which the process loads itself; empty program: none
  int stub = -1;                  // the sealed stub's descriptor; -1: exec directly (INV-3)
  int stub_filter = -1;           // a sealed filter, where the stub is to load it
  std::uint32_t stub_flags = 0;   // of that
};

/// What a program is started with.
struct Program {
  const ProcessPlan& plan;
  const ExecPlan& exec;
  const sys::Procfs& proc;
  bool may_set_groups = true;
  std::function<void(const std::string&)> warn;
};

/// As execve(2) wants its words; they must outlive the pointers.
std::vector<char*> pointers_to(const std::vector<std::string>& strings);

/// Starts a session. terminal: a pty's slave, which becomes the controlling terminal and the
/// standard streams; -1 for none.
void take_streams(int terminal);

/// What of it may be done as root of the namespace, before the root is built: keyring and bounding
/// set. Returns the capabilities that the program is to have.
sys::CapabilitySets bound_program(const Program& program);

/// What is executed, and the words that it gets.
struct Invocation {
  std::string path;
  std::vector<std::string> argv, env;
};

/// Everything else between the root and the exec but for what the profile must not see: working
/// directory, limits, identity, capabilities. Afterwards the process is the program's user.
/// sets: of bound_program. cwd: the open working directory. Errors: in the words that callers look
/// for when the program is missing or can't be executed.
Invocation become_program(const Program& program, const sys::CapabilitySets& sets, int cwd);

/// Errors: `path` is no program of the root, or not for who we are now, in the same words. INV-3.
void check_program(const std::string& path);

/// seccomp, then the exec. A failure after the stub has taken over, or after a filter that notifies
/// is loaded, goes to descriptor `status`. agent: of such a filter; without one, what it notifies
/// fails with ENOSYS.
[[noreturn]] void execute_program(const Program& program, Invocation invocation, int status,
                                  const Agent* agent = nullptr);

}  // namespace runtime
