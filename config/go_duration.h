// SPDX-License-Identifier: Apache-2.0
// Durations as Go's users write them: "1h30m", "1.5s", "300ms". Source: go.dev, time.ParseDuration.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace config {

/// None when it is not one, or beyond 292 years.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace config
