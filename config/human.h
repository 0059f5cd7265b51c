// SPDX-License-Identifier: Apache-2.0
// Sizes, spans and times as docker shows them to people. Source: github.com/docker/go-units;
// RFC 3339.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace config {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// "137MB", "1.23kB", "0B": powers of 1000, `precision` digits that count.
std::string human_size(std::uint64_t bytes, int precision = 3);
/// "2 weeks", "About an hour", "Less than a second".
std::string human_duration(std::chrono::nanoseconds span);
/// "2 weeks ago", "N/A" for what is no time.
std::string human_age(std::string_view created, Time now);

/// "2026-11-27T21:36:54.123456789+01:00". None when it is not one (or before 1678, or after 2261).
std::optional<Time> parse_time(std::string_view text);
/// "2026-11-27 21:36:54 +0000 UTC" as docker's CreatedAt; the text itself for what is no time.
std::string created_at(std::string_view created);

}  // namespace config
