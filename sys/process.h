// SPDX-License-Identifier: Apache-2.0
// Processes: clones into namespaces, pidfds, helper programs, and what a process is allowed.
// No process that clones has threads; that alone makes allocation in a child sound.
// Source: clone3(2), pidfd_open(2), pidfd_send_signal(2), setns(2), prctl(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"
#include "sys/procfs.h"

namespace sys {

/// A child of ours, or somebody else's process that we look after.
struct Process {
  pid_t pid = -1;
  Fd pidfd;
};

/// A namespace to join: a descriptor of a namespace file and its CLONE_NEW* type, or a pidfd and
/// several types at once.
struct Join {
  int fd = -1;
  int types = 0;
  std::string name = {};  // what errors call it
};

struct CloneOptions {
  std::uint64_t namespaces = 0;  // CLONE_NEW* to make
  std::vector<Join> joins;       // joined in this order, before the new ones are made
  /// A directory of cgroup v2 to start in; -1: where we are. If that can't be, the child starts
  /// where we are and `missed_cgroup` is true, in its memory as in ours.
  int cgroup = -1;
  bool* missed_cgroup = nullptr;
};

/// What runs in the child; never returns, takes the argument of clone_child.
using ChildEntry = void (*)(void*) noexcept;

/// Makes a child as fork(2) does, in new namespaces. With
/// joins, a short-lived helper that shares our memory enters them and clones the child as our own
/// (CLONE_PARENT); we never enter them.
/// Errors: name the namespace call that failed, with hints for EPERM, ENOSPC and EUSERS.
Process clone_child(const CloneOptions& options, ChildEntry entry, void* argument);

/// socket(2) in network namespace `network`, which a short-lived helper enters; we do not.
Fd socket_in(int network, int family, int type, int protocol);

/// How a process ended, as a shell counts: 0..255, or 128 + signal.
struct ExitStatus {
  int code = 0;
  bool by_signal = false;
};
/// Waits for a child. Source: waitid(2), P_PIDFD.
ExitStatus wait_child(const Process& child);
/// The same without waiting; empty while it runs.
std::optional<ExitStatus> wait_child_if_ended(const Process& child);
/// Collects every ended child that nobody waits for.
void reap_any();

/// Opens a process; empty when there is none of that number.
std::optional<Fd> open_process(pid_t pid);
/// False: the process is gone already.
bool send_signal(int pidfd, int signal);
/// Waits at most `timeout_ms` (-1: for ever) until the process of `pidfd` has ended.
bool wait_until_ended(int pidfd, int timeout_ms);

/// Starts a program with its standard streams on /dev/null but for `stderr_fd` (-1: /dev/null).
Process spawn_program(const std::vector<std::string>& argv, int stderr_fd);

/// Every signal at its default and none blocked, whatever the caller left us with.
void reset_signals();
/// No signal blocked, whatever the caller left us with, also of those that the C library keeps.
void unblock_signals();
void set_dumpable(bool dumpable);
/// Our end if the parent dies first. Source: PR_SET_PDEATHSIG.
void die_with_parent();
void set_subreaper();
void set_no_new_privileges();
void set_umask(mode_t mask);
void start_session();
void start_process_group();
/// SIGKILL for all of it; its leader must not have been waited for. False: they are not ours to
/// kill.
bool kill_process_group(pid_t leader);
void set_hostname(const std::string& name);
void set_domainname(const std::string& name);
/// Sets a resource limit by its kernel number (RLIMIT_*), of a process or (0) our own.
/// Source: prlimit(2).
void set_rlimit(pid_t pid, int resource, std::uint64_t soft, std::uint64_t hard);
/// Raises our own hard limit to `hard`, if it is lower.
void raise_hard_rlimit(int resource, std::uint64_t hard);
void unshare(int types);
void join(int fd, int types);
/// Replaces the session keyring by a new, empty, nameless one. False: the user's key quota is used
/// up, or the kernel has no keyrings. Source: keyctl(2), KEYCTL_JOIN_SESSION_KEYRING.
bool join_new_session_keyring();

/// Runs `path` (or, with an empty path, the open file) in place of this process; returns its errno.
int execute(int dir, const char* path, char* const argv[], char* const envp[]) noexcept;
/// Ends without running anything of the parent's.
[[noreturn]] void exit_now(int code) noexcept;

uid_t effective_uid();
gid_t effective_gid();
pid_t own_pid();

}  // namespace sys
