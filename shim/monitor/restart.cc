// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/restart.h"

#include <algorithm>

namespace shim {
namespace {

constexpr milliseconds kFirst{100};
constexpr milliseconds kMost = std::chrono::minutes(1);
constexpr nanoseconds kGoodRun = std::chrono::seconds(10);

}  // namespace

bool is_to_be_restarted(const RestartConfig& config, int exit_code, std::uint32_t restarts) {
  switch (config.policy) {
    case RestartPolicy::kNo:
      return false;
    case RestartPolicy::kOnFailure:
      return exit_code != 0 && (config.maximum == 0 || restarts < config.maximum);
    case RestartPolicy::kAlways:
    case RestartPolicy::kUnlessStopped:
      return true;
  }
  return false;
}

milliseconds Backoff::next(nanoseconds ran_for) {
  const bool starts_anew = delay_.count() == 0 || ran_for >= kGoodRun;
  delay_ = starts_anew ? kFirst : std::min(delay_ * 2, kMost);
  return delay_;
}

}  // namespace shim
