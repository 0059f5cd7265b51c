// SPDX-License-Identifier: Apache-2.0
// Runs hooks: programs of the bundle's around a container's life. Which run when is for the child
// and the commands to say. Source: runtime-spec, config.md, "POSIX-platform Hooks".
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/apply/program.h"
#include "runtime/plan/plan.h"
#include "sys/log.h"

namespace runtime {

/// The hooks of one kind, and how they are run.
struct HookRun {
  const char* kind;  // "createRuntime"
  const std::vector<config::Hook>& hooks;
  std::string state;  // what each gets on standard input
  /// Replaces the hook's process by its program, or throws; `status` is for who runs the stub.
  /// Empty: the path is executed as it is.
  std::function<void(const config::Hook&, int status)> execute = {};
  std::vector<int> kept_fds = {};  // that `execute` needs
};

/// Runs them one after the other and waits for each: with its environment and no other, "/" as the
/// working directory, no descriptor but the state, and a pipe for what it says; in a process group
/// of its own, which is killed when its time is up.
/// Errors: the first that fails, with what it said.
void run_hooks(const HookRun& run);

/// Runs all of them; a failure is a warning.
void run_all_hooks(const HookRun& run, const sys::Log& log);

/// startContainer: programs of the image, so with every restriction of its process (INV-7), and
/// never our own binary (INV-3). For the init, when it has become its program's user.
void run_hooks_as(const Program& program, const HookRun& run);

/// poststart, whose failure is an error, or a warning if the plan says so. init: its pid.
void run_poststart_hooks(const HooksPlan& hooks, pid_t init, const sys::Log& log);
/// poststop, of a container that is gone.
void run_poststop_hooks(const HooksPlan& hooks, const sys::Log& log);

/// The state for a hook; status: "creating", "created", "running", "stopped". pid: of the init as
/// the hook's pid namespace numbers it, 0 when there is none.
std::string hook_state(const HooksPlan& hooks, const char* status, pid_t pid);

}  // namespace runtime
