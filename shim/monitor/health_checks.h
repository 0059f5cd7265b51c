// SPDX-License-Identifier: Apache-2.0
// Runs a container's health checks, one at a time. Source: Dockerfile reference, HEALTHCHECK.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "shim/monitor/monitor_config.h"
#include "shim/monitor/status.h"
#include "sys/event.h"
#include "sys/process.h"

namespace shim {

using Moment = std::chrono::steady_clock::time_point;

/// What a check's end makes of the health. is_early: within the start period.
void add_result(Health& health, HealthResult result, const HealthConfig& config, bool is_early);

class HealthChecks {
 public:
  /// sockets: config.sockets, open.
  HealthChecks(const MonitorConfig& config, int sockets) : config_(config), sockets_(sockets) {}

  /// The container runs since `now`.
  void begin(Moment now);
  /// It does not any more.
  void end();

  /// None: there are no checks.
  const std::optional<Health>& health() const { return health_; }
  /// The process that makes a check; 0: none.
  pid_t pid() const { return process_.pidfd ? process_.pid : 0; }

  static constexpr std::size_t kEntries = 2;
  void wait_on(std::vector<sys::Waiting>& entries) const;
  std::optional<Moment> deadline() const { return deadline_; }
  /// Starts a check or looks after one. True: the health has a new result.
  bool handle(const sys::Waiting* entries, Moment now);

 private:
  void start_check(Moment now);
  void finish_check(int exit_code, Moment now);
  void read_output();
  void kill_check();

  const MonitorConfig& config_;
  int sockets_;
  std::optional<Health> health_;
  Moment started_ = {};
  std::optional<Moment> deadline_;  // of the check that runs, or of the next one's beginning
  sys::Process process_;
  sys::Fd output_;
  HealthResult result_;
};

}  // namespace shim
