// SPDX-License-Identifier: Apache-2.0
// Starting commands and timing them. Everything that the bench asks of the kernel is in here; it
// does not use sys/, so that a slow or wrong wrapper there cannot touch the ruler.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

using Duration = std::chrono::nanoseconds;
using Argv = std::vector<std::string>;

/// Catches SIGINT and SIGTERM (see `interrupted`) and adopts orphans, so that the init of a created
/// container becomes our child when the runtime has ended.
void prepare_process();

/// Whether somebody asked us to stop.
bool interrupted();

/// How a command is started. Its standard input and output are /dev/null.
struct Command {
  Argv argv;             // argv[0] is a path
  std::string fd3 = {};  // a file that it gets as descriptor 3; empty: none
};

/// Runs `command` and returns the time from just before its start until it was waited for.
/// Errors: when it does not exit with 0; the message holds its last line on standard error.
Duration time_command(const Command& command);

/// Runs `command` and returns what it wrote on descriptor `fd`. Errors: as `time_command`.
std::string capture(const Command& command, int fd = 1);

/// Waits, without polling, until our child or orphan `pid` has ended, and reaps it.
void wait_for_exit(pid_t pid);

/// Reaps every orphan that has ended by now. Returns at once.
void reap_orphans();

/// Kills `pid`, a child or orphan of ours, and reaps it. Does nothing when it is gone.
void kill_and_wait(pid_t pid) noexcept;

/// Moves us into the cgroup whose cgroup.procs `fd` is, for good. Whoever opened it must have had
/// the right to: the kernel asks for that one's, not for ours.
void enter_cgroup(int fd);

/// Runs `work` as root of a new user namespace in which the user has its own id and its subordinate
/// range, as podman does it, and returns the text that `work` returned.
/// Errors: no subordinate ids, no newuidmap; whatever `work` throws.
std::string in_range_namespace(const std::function<std::string()>& work);

}  // namespace bench
