// SPDX-License-Identifier: Apache-2.0
// What the files of both versions of cgroups have in common, and runc's "stats" event of both.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "config/json.h"

namespace runtime {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// Those of all machines; there are files for what this one has.
constexpr std::array<const char*, 7> kHugePageSizes = {"64KB",  "1MB", "2MB", "32MB",
                                                       "512MB", "1GB", "16GB"};

/// Takes what is before `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator);
/// "max" is kUnlimited, what is no number is 0.
std::uint64_t number(std::string_view text);
/// Empty: there is no such file.
std::optional<std::uint64_t> read_number(int dir, const std::string& file);

/// The number behind `key` in a text of "key number" lines; 0 without it.
std::uint64_t value_of(std::string_view text, std::string_view key);
/// All of them, as an object.
config::Json all_values(std::string_view text);

config::Json memory_entry(std::uint64_t limit, std::uint64_t usage, std::uint64_t most,
                          std::uint64_t failures);
/// Of the pids controller, which is the same in both.
config::Json pids_entry(int dir);
config::Json device_entry(std::uint64_t major, std::uint64_t minor, const char* operation,
                          std::uint64_t value);

}  // namespace runtime
