// SPDX-License-Identifier: Apache-2.0
// What a container is doing, as the kernel tells it: nothing here trusts a word that a process
// wrote before it was killed.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <vector>

#include "config/state.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/commands/state_store.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/procfs.h"

namespace runtime {

enum class Status { kCreating, kCreated, kRunning, kPaused, kStopped };
/// "creating", "created", "running", "paused", "stopped".
const char* name_of(Status status);

/// creating: no record (or one without a pid) while somebody holds the lock. created: the init
/// lives and holds `waiting`. running: it lives and doesn't. paused: it lives, and its cgroup is
/// frozen. stopped: everything else, zombies and half-made containers included.
/// A record with a pid is written only when the init already waits.
Status status_of(const ContainerDirectory& directory, const std::optional<config::Record>& record,
                 const sys::Procfs& proc);

/// The container's cgroup, wherever it was made. Empty: it has none, or it is gone.
std::unique_ptr<Cgroup> cgroup_of(const ContainerDirectory& directory);

/// A pidfd of the container's init; never of a process that merely got its number.
/// Empty: it has ended (a zombie has).
std::optional<sys::Fd> open_init(const config::Record& record, const sys::Procfs& proc);

/// The live processes of a container without a cgroup, init first, as this /proc numbers them. With
/// a pid namespace of its own: all in it and below it; otherwise the init and its descendants.
/// Empty when the init has ended.
std::vector<pid_t> processes_of(const config::Record& record, const sys::Procfs& proc);

/// The same as pidfds, each checked after it was opened: none is of a process that merely got the
/// number of one of ours.
std::vector<sys::Process> open_processes(const config::Record& record, const sys::Procfs& proc);

config::ContainerState recorded_state(const config::Record& record, Status status);
/// The record and status of a container as `state` and `list` print them.
config::ContainerState describe(const ContainerDirectory& directory, const sys::Procfs& proc);

}  // namespace runtime
