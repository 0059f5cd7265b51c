// SPDX-License-Identifier: Apache-2.0
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/retry.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

extern char** environ;

namespace sys {
namespace {

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&raw_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&raw_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void set(int target, int fd) {
    if (fd >= 0) {
      ::posix_spawn_file_actions_adddup2(&raw_, fd, target);
    } else {
      ::posix_spawn_file_actions_addopen(&raw_, target, "/dev/null", O_RDWR, 0);
    }
  }
  const posix_spawn_file_actions_t* get() const { return &raw_; }

 private:
  posix_spawn_file_actions_t raw_;
};

class SpawnAttributes {
 public:
  explicit SpawnAttributes(bool new_group) {
    ::posix_spawnattr_init(&raw_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&raw_, &none);
    ::posix_spawnattr_setsigdefault(&raw_, &all);
    const int group = new_group ? POSIX_SPAWN_SETPGROUP : 0;
    ::posix_spawnattr_setflags(
        &raw_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&raw_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &raw_; }

 private:
  posix_spawnattr_t raw_;
};

}  // namespace

Process spawn_with_streams(const std::vector<std::string>& argv, const Streams& streams,
                           bool new_group) {
  std::vector<char*> pointers;
  for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  SpawnActions actions;
  actions.set(0, streams.input);
  actions.set(1, streams.output);
  actions.set(2, streams.error);
  const SpawnAttributes attributes(new_group);
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, pointers[0], actions.get(), attributes.get(), pointers.data(), environ);
  if (code != 0) throw errno_error(format("start \"{}\"", argv[0]), code);
  std::optional<Fd> pidfd = open_process(pid);
  return {.pid = pid, .pidfd = std::move(*pidfd)};  // an unreaped child always has one
}

void reap_all_but(const std::vector<pid_t>& kept) {
  for (;;) {
    siginfo_t info = {};
    const int options = WEXITED | WNOHANG | WNOWAIT | __WALL;
    if (retry([&] { return ::waitid(P_ALL, 0, &info, options); }) < 0 || info.si_pid == 0) return;
    // One that is waited for hides those behind it, until it has been collected.
    if (std::find(kept.begin(), kept.end(), info.si_pid) != kept.end()) return;
    (void)::waitpid(info.si_pid, nullptr, WNOHANG | __WALL);
  }
}

RawEnd wait_raw(int pidfd) {
  siginfo_t info = {};
  const auto id = static_cast<id_t>(pidfd);
  if (retry([&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), id, &info, WEXITED | __WALL); }) <
      0) {
    throw errno_error("wait for a process");
  }
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

}  // namespace sys
