// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "bench/subids.h"
#include "sys/error.h"
#include "sys/format.h"

extern char** environ;

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

volatile sig_atomic_t stop_requested = 0;  // a signal handler has nowhere else to write

void request_stop(int) { stop_requested = 1; }

int check(int result, std::string_view what) {
  if (result < 0) throw sys::errno_error(what);
  return result;
}

struct Pipe {
  Pipe() { check(pipe2(ends.data(), O_CLOEXEC), "pipe"); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  std::array<int, 2> ends = {-1, -1};
};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (check(static_cast<int>(got), "read") == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    text.remove_prefix(static_cast<size_t>(check(static_cast<int>(put), "write")));
  }
}

/// Where commands write their errors: one memory file, read only when a command has failed.
int error_file() {
  static const int fd = check(memfd_create("bench-errors", MFD_CLOEXEC), "memfd_create");
  return fd;
}

std::string last_error_line() {
  std::string text(4096, '\0');
  const off_t end = lseek(error_file(), 0, SEEK_END);
  const off_t begin = end > 4096 ? end - 4096 : 0;
  const ssize_t got = pread(error_file(), text.data(), text.size(), begin);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

void forget_errors() {
  check(ftruncate(error_file(), 0), "ftruncate");
  check(static_cast<int>(lseek(error_file(), 0, SEEK_SET)), "lseek");
}

pid_t start(const Command& command, int report_from, int report_to) {
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, error_file(), 2);
  if (!command.fd3.empty()) {
    posix_spawn_file_actions_addopen(&actions, 3, command.fd3.c_str(), O_RDONLY, 0);
  }
  if (report_from >= 0) posix_spawn_file_actions_adddup2(&actions, report_from, report_to);
  pid_t pid = -1;
  const int code = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) throw sys::errno_error(command.argv[0], code);
  return pid;
}

int wait_status(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw sys::errno_error("waitpid");
  }
  return status;
}

void expect_success(const Argv& argv, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string how = WIFEXITED(status) ? sys::format("exit {}", WEXITSTATUS(status))
                                            : sys::format("signal {}", WTERMSIG(status));
  throw sys::Error(sys::format("{}: {} ({})", argv[0], last_error_line(), how));
}

/// The child's side of in_range_namespace. Leaves by _exit only.
[[noreturn]] void run_in_namespace(Pipe& ready, Pipe& mapped, Pipe& result,
                                   const std::function<std::string()>& work) {
  std::string text;
  int code = 0;
  try {
    ready.close_end(0);
    mapped.close_end(1);
    result.close_end(0);
    check(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
    ready.close_end(1);
    if (!read_all(mapped.ends[0]).empty()) {
      check(setresgid(0, 0, 0), "setresgid");
      check(setresuid(0, 0, 0), "setresuid");
      check(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
      text = work();
    }
  } catch (const std::exception& error) {  // a child entry; the parent rethrows the text
    text = error.what();
    code = 1;
  }
  try {
    write_all(result.ends[1], text);
  } catch (const std::exception&) {  // the parent is gone, nobody is left to tell
    code = 1;
  }
  _exit(code);
}

}  // namespace

void prepare_process() {
  struct sigaction action = {};
  action.sa_handler = request_stop;
  check(sigaction(SIGINT, &action, nullptr), "sigaction");
  check(sigaction(SIGTERM, &action, nullptr), "sigaction");
  check(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
}

bool interrupted() { return stop_requested != 0; }

Duration time_command(const Command& command) {
  forget_errors();
  const Clock::time_point begin = Clock::now();
  const int status = wait_status(start(command, -1, -1));
  const Duration spent = Clock::now() - begin;
  expect_success(command.argv, status);
  return spent;
}

std::string capture(const Command& command, int fd) {
  forget_errors();
  Pipe pipe;
  const pid_t pid = start(command, pipe.ends[1], fd);
  pipe.close_end(1);
  std::string text = read_all(pipe.ends[0]);
  expect_success(command.argv, wait_status(pid));
  return text;
}

void wait_for_exit(pid_t pid) {
  const int fd = check(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
  pollfd ended = {.fd = fd, .events = POLLIN, .revents = 0};
  int result = 0;
  do {
    result = poll(&ended, 1, -1);
  } while (result < 0 && errno == EINTR && !interrupted());
  close(fd);
  if (result < 0) throw sys::Error("interrupted");
  (void)waitpid(pid, nullptr, WNOHANG);  // ECHILD: somebody nearer has adopted and reaped it
}

void reap_orphans() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

void kill_and_wait(pid_t pid) noexcept {
  if (kill(pid, SIGKILL) == 0) (void)waitpid(pid, nullptr, 0);  // ECHILD: it is not ours to reap
}

void enter_cgroup(int fd) { write_all(fd, "0"); }

std::string in_range_namespace(const std::function<std::string()>& work) {
  const SubIds uids = read_subids("/etc/subuid", getuid());
  const SubIds gids = read_subids("/etc/subgid", getuid());
  Pipe ready;
  Pipe mapped;
  Pipe result;
  const pid_t child = check(fork(), "fork");
  if (child == 0) run_in_namespace(ready, mapped, result, work);
  ready.close_end(1);
  mapped.close_end(0);
  result.close_end(1);
  (void)read_all(ready.ends[0]);  // ends when the namespace exists
  const auto write_map = [&](const char* helper, id_t own, const SubIds& ids) {
    time_command({.argv = {helper, std::to_string(child), "0", std::to_string(own), "1", "1",
                           std::to_string(ids.first), std::to_string(ids.count)}});
  };
  try {
    write_map("/usr/bin/newuidmap", getuid(), uids);
    write_map("/usr/bin/newgidmap", getgid(), gids);
  } catch (...) {  // not to leave the child behind
    kill_and_wait(child);
    throw;
  }
  write_all(mapped.ends[1], "g");
  mapped.close_end(1);
  std::string text = read_all(result.ends[0]);
  const int status = wait_status(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw sys::Error(text);
  return text;
}

}  // namespace bench
