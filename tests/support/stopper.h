// SPDX-License-Identifier: Apache-2.0
// Runs a program, and all that it starts, and holds it before each system call that changes files:
// for tests that kill it there, or look at the disk as a power cut at that moment would leave it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace support {

class Stopper {
 public:
  /// Where they are held: before calls that change files, or before each call of any kind.
  enum class At { kChanges, kAllCalls };

  /// Runs `part` in a child of fork(2). What it throws is printed, and its exit code is 1.
  explicit Stopper(const std::function<void()>& part);
  /// Runs a program, found in PATH, with its output into file `output`.
  Stopper(const std::vector<std::string>& argv, const std::string& output, At at = At::kChanges);
  ~Stopper();  // kills all of them
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

  /// Goes on to the next such call, of any of them; that one is held before it. False: the first
  /// process has ended.
  bool next();
  /// The call: "rename", "sync", "write", "make", "remove", "change" or "link"; else "other".
  const std::string& call() const { return call_; }
  /// Of a sync that is held: a link in /proc to the file, or "" when it is of the file system.
  const std::optional<std::string>& synced() const { return synced_; }
  /// Kills all of them, as kill -9 does, and waits until they are gone.
  void kill();
  /// Of the first process, once next() was false; 128 + signal when it was killed.
  int exit_code() const { return exit_code_; }

 private:
  void start(const std::function<void()>& part);
  bool handle_stop(pid_t pid, int status);

  pid_t first_ = -1, held_ = -1;
  std::set<pid_t> all_, started_;
  At at_ = At::kChanges;
  std::string call_;
  std::optional<std::string> synced_;
  int exit_code_ = -1;
};

}  // namespace support
