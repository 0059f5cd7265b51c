// SPDX-License-Identifier: Apache-2.0
#include "config/go_duration.h"

#include <cstdint>
#include <limits>

namespace config {
namespace {

using Int = std::uint64_t;
constexpr Int kMost = static_cast<Int>(std::numeric_limits<std::int64_t>::max());

struct Unit {
  std::string_view name;
  Int nanoseconds;
};
// Longer names first where one begins with another.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One number with its unit, taken off `text`; none when there is none.
std::optional<Int> take_part(std::string_view& text) {
  Int whole = 0;
  bool has_digits = false;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), has_digits = true) {
    const auto digit = static_cast<Int>(text.front() - '0');
    if (whole > (kMost - digit) / 10) return std::nullopt;
    whole = whole * 10 + digit;
  }
  Int fraction = 0;
  double scale = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), has_digits = true) {
      if (fraction > kMost / 100) continue;  // finer than anything counts
      fraction = fraction * 10 + static_cast<Int>(text.front() - '0');
      scale *= 10;
    }
  }
  if (!has_digits) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    if (whole > kMost / unit.nanoseconds) return std::nullopt;
    const auto part = static_cast<Int>(static_cast<double>(fraction) *
                                       (static_cast<double>(unit.nanoseconds) / scale));
    const Int sum = whole * unit.nanoseconds + part;
    return sum > kMost ? std::nullopt : std::optional(sum);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  Int sum = 0;
  while (!text.empty()) {
    const std::optional<Int> part = take_part(text);
    if (!part || sum > kMost - *part) return std::nullopt;
    sum += *part;
  }
  const auto count = static_cast<std::int64_t>(sum);
  return std::chrono::nanoseconds(is_negative ? -count : count);
}

}  // namespace config
