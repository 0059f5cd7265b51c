// SPDX-License-Identifier: Apache-2.0
// Signals for all processes of a container at once, by pidfd.
#pragma once

#include <vector>

#include "config/state.h"
#include "runtime/cgroup/cgroup.h"
#include "sys/process.h"
#include "sys/procfs.h"

namespace runtime {

/// Sends `signal` to every process of the container; SIGKILL in passes, until one finds nobody new,
/// and to the init last. Returns those that it was sent to.
std::vector<sys::Process> signal_all(const config::Record& record, const sys::Procfs& proc,
                                     int signal);

/// The same for all that are in its cgroup.
void signal_processes(const Cgroup& cgroup, int signal);

/// Ends the container's processes with SIGKILL and waits for their end.
/// Errors: some still live after ten seconds.
void end_processes(const config::Record& record, const sys::Procfs& proc);

}  // namespace runtime
