// SPDX-License-Identifier: Apache-2.0
// What a container's monitor has written about it: `status.json` in the container's directory, and
// the lock that says whether the monitor lives. The format is docs/monitor.md. Whoever reads needs
// no monitor.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shim {

enum class RunState {
  kStarting,    // the monitor lives, the container was not yet created
  kCreated,     // waits for start
  kRunning,     // (or paused: the runtime knows)
  kRestarting,  // ended, and will be started again
  kExited,      // ended for good
  kFailed,      // could not be created or started; `error` says why
  kLost,        // never written: the record says that it lives, but the monitor does not
};
/// "starting", "created", "running", "restarting", "exited", "failed", "lost".
std::string_view name_of(RunState state);

struct HealthResult {
  std::string start = {}, end = {};  // RFC 3339, UTC
  int exit_code = 0;                 // -1: it took too long, or could not be run
  std::string output = {};           // its beginning, 4096 bytes at most
  bool operator==(const HealthResult&) const = default;
};

struct Health {
  std::string status;  // docker's words: "starting", "healthy", "unhealthy"
  std::uint32_t failing_streak = 0;
  std::vector<HealthResult> log = {};  // the last five, the newest last
  bool operator==(const Health&) const = default;
};

struct RunStatus {
  RunState state = RunState::kStarting;
  pid_t monitor = 0;  // as the monitor's pid namespace counts; 0: none any more
  pid_t pid = 0;      // of the container's init; 0: there is none
  std::string started = {}, finished = {};  // RFC 3339, UTC, of the last run; empty: not (yet)
  int exit_code = 0;                        // of the last run: 0..255, 128 + signal
  int signal = 0;                           // that ended it; 0: none
  bool was_oom_killed = false;              // the kernel killed for want of memory in its cgroup
  std::uint32_t restarts = 0;
  bool was_stopped_by_hand = false;
  std::string error = {};             // the runtime's words, of kFailed
  std::optional<Health> health = {};  // with health checks only
  bool operator==(const RunStatus&) const = default;
};

constexpr std::size_t kMaxStatusBytes = std::size_t{1} << 20;  // INV-12

/// Errors: what is wrong, with its place; another version.
RunStatus parse_status(const std::string& text, const std::string& name);
std::string write_status(const RunStatus& status);

/// Whether a monitor holds the container of this directory.
bool is_monitor_alive(int directory);
/// What became of the container of this directory; empty: it was never started. kLost when the
/// monitor is gone and the record does not say that all is over; `pid` may live on then.
std::optional<RunStatus> read_status(int directory);

}  // namespace shim
