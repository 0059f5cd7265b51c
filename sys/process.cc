// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/retry.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

extern char** environ;

namespace sys {
namespace {

ExitStatus decode(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.code = 128 + info.si_status, .by_signal = true};
}

std::optional<ExitStatus> wait_pidfd(const Process& child, int options) {
  siginfo_t info = {};
  const auto id = static_cast<id_t>(child.pidfd.get());
  const int flags = WEXITED | __WALL | options;
  if (retry([&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), id, &info, flags); }) < 0) {
    throw errno_error(format("wait for process {}", child.pid));
  }
  if (info.si_pid == 0) return std::nullopt;
  return decode(info);
}

}  // namespace

ExitStatus wait_child(const Process& child) { return *wait_pidfd(child, 0); }

std::optional<ExitStatus> wait_child_if_ended(const Process& child) {
  return wait_pidfd(child, WNOHANG);
}

void reap_any() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

std::optional<Fd> open_process(pid_t pid) {
  const long fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd >= 0) return Fd(static_cast<int>(fd));
  if (errno == ESRCH || errno == EINVAL) return std::nullopt;
  throw errno_error(format("open process {}", pid));
}

bool send_signal(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw errno_error(format("send signal {}", signal));
}

bool wait_until_ended(int pidfd, int timeout_ms) {
  pollfd entry = {.fd = pidfd, .events = POLLIN, .revents = 0};
  const int count = retry([&] { return ::poll(&entry, 1, timeout_ms); });
  if (count < 0) throw errno_error("poll");
  return count > 0;
}

Process spawn_program(const std::vector<std::string>& argv, int stderr_fd) {
  std::vector<char*> pointers;
  for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (stderr_fd >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, stderr_fd, 2);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  }
  // A caller that ignores it would have the program write to nobody for ever.
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int code =
      ::posix_spawnp(&pid, pointers[0], &actions, &attributes, pointers.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0) throw errno_error(format("start \"{}\"", argv[0]), code);
  std::optional<Fd> pidfd = open_process(pid);
  return {.pid = pid, .pidfd = std::move(*pidfd)};  // an unreaped child always has one
}

void reset_signals() {
  // The system call itself: the library's keeps the two signals that it uses from us.
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
  } action = {};
  for (int signal = 1; signal < 65; ++signal) {
    (void)::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof(action.mask));
  }
  unblock_signals();
}

void unblock_signals() {
  std::uint64_t none = 0;
  (void)::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof(none));
}

void set_dumpable(bool dumpable) {
  if (::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0) < 0) throw errno_error("PR_SET_DUMPABLE");
}

void die_with_parent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) throw errno_error("PR_SET_PDEATHSIG");
}

void set_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) throw errno_error("PR_SET_CHILD_SUBREAPER");
}

void set_no_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) throw errno_error("PR_SET_NO_NEW_PRIVS");
}

void set_umask(mode_t mask) { (void)::umask(mask); }

void start_session() {
  if (::setsid() < 0) throw errno_error("setsid");
}

void start_process_group() {
  if (::setpgid(0, 0) < 0) throw errno_error("setpgid");
}

bool kill_process_group(pid_t leader) {
  const bool group = ::kill(-leader, SIGKILL) == 0;
  return ::kill(leader, SIGKILL) == 0 || group;  // it may not have got to making the group
}

void set_hostname(const std::string& name) {
  if (::sethostname(name.data(), name.size()) < 0) {
    throw errno_error(format("set the host name \"{}\"", name));
  }
}

void set_domainname(const std::string& name) {
  if (::setdomainname(name.data(), name.size()) < 0) {
    throw errno_error(format("set the domain name \"{}\"", name));
  }
}

void set_rlimit(pid_t pid, int resource, std::uint64_t soft, std::uint64_t hard) {
  const rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
  if (::prlimit64(pid, static_cast<__rlimit_resource>(resource), &limit, nullptr) < 0) {
    throw errno_error("setrlimit");
  }
}

void raise_hard_rlimit(int resource, std::uint64_t hard) {
  rlimit64 limit = {};
  const auto which = static_cast<__rlimit_resource>(resource);
  if (::prlimit64(0, which, nullptr, &limit) < 0) throw errno_error("getrlimit");
  if (limit.rlim_max >= hard) return;
  limit.rlim_max = hard;
  if (::prlimit64(0, which, &limit, nullptr) < 0) throw errno_error("raise a hard limit");
}

void unshare(int types) {
  if (::unshare(types) < 0) throw errno_error("unshare");
}

void join(int fd, int types) {
  if (::setns(fd, types) < 0) throw errno_error("setns");
}

bool join_new_session_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr, 0, 0, 0) >= 0) return true;
  if (errno == EDQUOT || errno == ENOSYS || errno == EPERM || errno == EACCES) return false;
  throw errno_error("make a session keyring");
}

int execute(int dir, const char* path, char* const argv[], char* const envp[]) noexcept {
  if (path[0] != '\0' && dir == AT_FDCWD) {  // a profile may permit this and not execveat
    (void)::execve(path, argv, envp);
  } else {
    (void)::syscall(SYS_execveat, dir, path, argv, envp, path[0] == '\0' ? AT_EMPTY_PATH : 0);
  }
  return errno;
}

void exit_now(int code) noexcept {
  for (;;) ::_exit(code);
}

uid_t effective_uid() { return ::geteuid(); }
gid_t effective_gid() { return ::getegid(); }
pid_t own_pid() { return ::getpid(); }

}  // namespace sys
