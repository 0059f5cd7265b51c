// SPDX-License-Identifier: Apache-2.0
// Whether and when a container that has ended is started again. Pure. Source: docker-run(1),
// --restart; moby, restartmanager.go.
#pragma once

#include <chrono>
#include <cstdint>

#include "shim/monitor/monitor_config.h"

namespace shim {

using std::chrono::milliseconds;

/// restarts: how often it was done already.
bool is_to_be_restarted(const RestartConfig& config, int exit_code, std::uint32_t restarts);

/// How long to wait before each restart.
class Backoff {
 public:
  /// ran_for: the run that has just ended.
  milliseconds next(nanoseconds ran_for);

 private:
  milliseconds delay_{0};
};

}  // namespace shim
