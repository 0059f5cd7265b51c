// SPDX-License-Identifier: Apache-2.0
// clone_child: the one place that makes processes in namespaces.
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/sharing_process.h"

namespace sys {
namespace {

Error clone_error(int code, std::uint64_t namespaces) {
  Error error = errno_error("clone into new namespaces", code);
  if (code == ENOSPC || code == EUSERS) {
    error.set_hint(
        "too many namespaces: see /proc/sys/user/max_*_namespaces, or namespaces are nested over "
        "32 deep");
  } else if (code == EPERM && (namespaces & CLONE_NEWUSER) != 0) {
    error.set_hint(
        "user namespaces are refused here: a chroot, a seccomp filter around us, "
        "/proc/sys/user/max_user_namespaces, kernel.unprivileged_userns_clone or an AppArmor "
        "restriction (kernel.apparmor_restrict_unprivileged_userns)");
  } else if (code == EPERM) {
    error.set_hint(
        "without a user namespace this needs CAP_SYS_ADMIN: add \"user\" to "
        "linux.namespaces, or run as root");
  }
  return error;
}

// Why a cgroup can't be cloned into is told by many errnos, and not all are the cgroup's: whatever
// it is, the second attempt has its own.
long raw_clone(clone_args& arguments, int cgroup, bool* missed_cgroup) {
  if (cgroup >= 0) {
    clone_args into = arguments;
    into.flags |= CLONE_INTO_CGROUP;
    into.cgroup = static_cast<std::uint64_t>(cgroup);
    const long pid = ::syscall(SYS_clone3, &into, sizeof(into));
    if (pid >= 0) return pid;
    *missed_cgroup = true;
  }
  return ::syscall(SYS_clone3, &arguments, sizeof(arguments));
}

Process clone_directly(const CloneOptions& options, ChildEntry entry, void* argument) {
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = options.namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const long pid = raw_clone(arguments, options.cgroup, options.missed_cgroup);
  if (pid < 0) throw clone_error(errno, options.namespaces);
  if (pid == 0) {
    entry(argument);
    exit_now(1);
  }
  return {.pid = static_cast<pid_t>(pid), .pidfd = Fd(pidfd)};
}

// What the helper is told and what it answers. It shares our memory: no allocation, no exceptions.
struct HelperTask {
  const Join* joins;
  std::size_t join_count;
  std::uint64_t namespaces;
  int cgroup;
  bool* missed_cgroup;
  ChildEntry entry;
  void* argument;
  sigset_t signals;
  std::size_t failed_join = 0;
  bool join_failed = false;
  int code = 0;
  long pid = -1;
  int pidfd = -1;
};

int helper_main(void* data) {
  HelperTask& task = *static_cast<HelperTask*>(data);
  for (std::size_t i = 0; i < task.join_count; ++i) {
    // The namespace's own setgroups file may forbid it later, and our groups must not get inside
    // (INV-6). Who lacks the right to it keeps them in any case. Not glibc's, which knows threads.
    if ((task.joins[i].types & CLONE_NEWUSER) != 0) (void)::syscall(SYS_setgroups, 0, nullptr);
    if (::setns(task.joins[i].fd, task.joins[i].types) < 0) {
      task.code = errno;
      task.failed_join = i;
      task.join_failed = true;
      ::_exit(1);
    }
  }
  clone_args arguments = {};
  // CLONE_PARENT: the child becomes our parent's; its exit signal is then the helper's own.
  arguments.flags = task.namespaces | CLONE_PIDFD | CLONE_PARENT;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&task.pidfd);
  const long pid = raw_clone(arguments, task.cgroup, task.missed_cgroup);
  if (pid == 0) {  // in a copy of the memory: ordinary code from here on
    ::sigprocmask(SIG_SETMASK, &task.signals, nullptr);
    task.entry(task.argument);
    ::_exit(1);
  }
  task.pid = pid;
  task.code = errno;
  ::_exit(pid < 0 ? 1 : 0);
}

Process clone_joined(const CloneOptions& options, ChildEntry entry, void* argument) {
  HelperTask task = {.joins = options.joins.data(),
                     .join_count = options.joins.size(),
                     .namespaces = options.namespaces,
                     .cgroup = options.cgroup,
                     .missed_cgroup = options.missed_cgroup,
                     .entry = entry,
                     .argument = argument,
                     .signals = {}};
  // Vfork-style: it has ended when we go on.
  (void)SharingProcess(helper_main, &task, CLONE_VFORK, &task.signals);
  if (task.join_failed) {
    const std::string& name = options.joins[task.failed_join].name;
    Error error = errno_error(format("join {}", name.empty() ? "a namespace" : name), task.code);
    if (task.code == EPERM) {
      error.set_hint(
          "joining takes CAP_SYS_ADMIN in the user namespace that owns it: join that one as well");
    }
    throw error;
  }
  if (task.pid < 0) throw clone_error(task.code, options.namespaces);
  return {.pid = static_cast<pid_t>(task.pid), .pidfd = Fd(task.pidfd)};
}

struct SocketTask {
  int network, family, type, protocol;
  int socket = -1;
  int code = 0;
};

// Shares our memory: no allocation, no exceptions.
int socket_main(void* data) {
  SocketTask& task = *static_cast<SocketTask*>(data);
  if (::setns(task.network, CLONE_NEWNET) == 0) {
    task.socket = ::socket(task.family, task.type | SOCK_CLOEXEC, task.protocol);
  }
  task.code = errno;
  ::_exit(0);
}

}  // namespace

Process clone_child(const CloneOptions& options, ChildEntry entry, void* argument) {
  if (options.joins.empty()) return clone_directly(options, entry, argument);
  return clone_joined(options, entry, argument);
}

Fd socket_in(int network, int family, int type, int protocol) {
  SocketTask task = {.network = network, .family = family, .type = type, .protocol = protocol};
  (void)SharingProcess(socket_main, &task, CLONE_VFORK);
  if (task.socket < 0) {
    Error error = errno_error("socket in another network namespace", task.code);
    if (task.code == EPERM) {
      error.set_hint("entering it takes CAP_SYS_ADMIN, which a rootless caller has not");
    }
    throw error;
  }
  return Fd(task.socket);
}

}  // namespace sys
