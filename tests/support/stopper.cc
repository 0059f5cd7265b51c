// SPDX-License-Identifier: Apache-2.0
#include "tests/support/stopper.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

constexpr std::uint64_t kOpensForChange = O_CREAT | O_TRUNC;

// Of openat2(2): what is in its struct comes first.
std::uint64_t open_flags(pid_t pid, std::uint64_t how) {
  return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKDATA, pid, how, nullptr));
}

// "" for a call that changes no file.
std::string kind_of(pid_t pid, const __ptrace_syscall_info& info) {
  switch (info.entry.nr) {
    case SYS_openat:
      return (info.entry.args[2] & kOpensForChange) != 0 ? "make" : "";
    case SYS_openat2:
      return (open_flags(pid, info.entry.args[2]) & kOpensForChange) != 0 ? "make" : "";
#ifdef SYS_open
    case SYS_open:
      return (info.entry.args[1] & kOpensForChange) != 0 ? "make" : "";
#endif
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_sendfile:
    case SYS_copy_file_range:
    case SYS_splice:
    case SYS_truncate:
    case SYS_ftruncate:
    case SYS_fallocate:
      return "write";
    case SYS_renameat:
    case SYS_renameat2:
#ifdef SYS_rename
    case SYS_rename:
#endif
      return "rename";
    case SYS_linkat:
    case SYS_symlinkat:
#ifdef SYS_link
    case SYS_link:
    case SYS_symlink:
#endif
      return "link";
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_syncfs:
    case SYS_sync:
      return "sync";
    case SYS_unlinkat:
#ifdef SYS_unlink
    case SYS_unlink:
    case SYS_rmdir:
#endif
      return "remove";
    case SYS_mkdirat:
    case SYS_mknodat:
#ifdef SYS_mkdir
    case SYS_mkdir:
    case SYS_mknod:
    case SYS_creat:
#endif
      return "make";
    case SYS_ioctl:
      return info.entry.args[1] == FICLONE || info.entry.args[1] == FICLONERANGE ? "write" : "";
#ifdef SYS_chmod
    case SYS_chmod:
    case SYS_chown:
    case SYS_lchown:
#endif
    case SYS_fchmod:
    case SYS_fchmodat:
    case SYS_fchown:
    case SYS_fchownat:
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_fsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr:
    case SYS_fremovexattr:
    case SYS_utimensat:
      return "change";
    default:
      return "";
  }
}

std::optional<std::string> synced_of(pid_t pid, const __ptrace_syscall_info& info) {
  switch (info.entry.nr) {
    case SYS_fsync:
    case SYS_fdatasync:
      return "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(info.entry.args[0]);
    case SYS_syncfs:
    case SYS_sync:
      return "";
    default:
      return std::nullopt;
  }
}

void go_on(pid_t pid, int signal) {
  // ESRCH: somebody has killed it meanwhile; its end is reported by waitpid.
  (void)::ptrace(PTRACE_SYSCALL, pid, nullptr, static_cast<long>(signal));
}

}  // namespace

Stopper::Stopper(const std::function<void()>& part) { start(part); }

Stopper::Stopper(const std::vector<std::string>& argv, const std::string& output, At at) : at_(at) {
  start([&] {
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (::dup2(nothing, 0) < 0 || ::dup2(file, 1) < 0 || ::dup2(file, 2) < 0) return;
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    (void)::execvp(words[0], words.data());
    throw std::runtime_error("exec " + argv[0]);
  });
}

void Stopper::start(const std::function<void()>& part) {
  first_ = ::fork();
  if (first_ < 0) throw std::runtime_error("fork");
  if (first_ == 0) {
    int code = 1;
    try {
      (void)::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      (void)::raise(SIGSTOP);
      part();
      code = 0;
    } catch (const std::exception& error) {
      (void)std::fprintf(stderr, "%s\n", error.what());
    }
    (void)std::fflush(nullptr);
    ::_exit(code);
  }
  int status = 0;
  if (::waitpid(first_, &status, 0) != first_ || !WIFSTOPPED(status)) {
    throw std::runtime_error("the child did not stop");
  }
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  if (::ptrace(PTRACE_SETOPTIONS, first_, nullptr, options) < 0) throw std::runtime_error("ptrace");
  all_.insert(first_);
  started_.insert(first_);
  held_ = first_;
}

Stopper::~Stopper() { kill(); }

// Whether it is held now.
bool Stopper::handle_stop(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  all_.insert(pid);
  const bool is_new = started_.insert(pid).second;
  if (signal == (SIGTRAP | 0x80)) {
    __ptrace_syscall_info info = {};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      call_ = kind_of(pid, info);
      if (call_.empty() && at_ == At::kAllCalls) call_ = "other";
      if (!call_.empty()) {
        synced_ = synced_of(pid, info);
        held_ = pid;
        return true;
      }
    }
    go_on(pid, 0);
    return false;
  }
  const bool is_event = (status >> 16) != 0;  // ptrace(2): a fork, a clone, an exec
  unsigned long child = 0;
  const bool is_birth = is_event && (status >> 16) != PTRACE_EVENT_EXEC;
  if (is_birth && ::ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &child) == 0) {
    all_.insert(static_cast<pid_t>(child));  // it is to be killed even if it never came to stop
  }
  const bool is_first_stop = is_new && signal == SIGSTOP;
  go_on(pid, is_event || is_first_stop ? 0 : signal);
  return false;
}

bool Stopper::next() {
  synced_.reset();
  if (held_ >= 0) go_on(std::exchange(held_, -1), 0);
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) throw std::runtime_error("waitpid: nobody is left, the first process included");
    if (WIFSTOPPED(status)) {
      if (handle_stop(pid, status)) return true;
      continue;
    }
    all_.erase(pid);
    started_.erase(pid);
    if (pid != first_) continue;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    first_ = -1;
    return false;
  }
}

void Stopper::kill() {
  held_ = -1;
  for (const pid_t pid : all_) (void)::kill(pid, SIGKILL);
  while (!all_.empty()) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, __WALL);
    if (pid < 0 && errno != EINTR) break;
    if (pid < 0) continue;
    if (WIFSTOPPED(status)) {  // one that was being made while we killed the others
      all_.insert(pid);
      (void)::kill(pid, SIGKILL);
      go_on(pid, 0);
    } else {
      all_.erase(pid);
    }
  }
  first_ = -1;
}

}  // namespace support
