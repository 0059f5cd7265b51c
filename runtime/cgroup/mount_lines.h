// SPDX-License-Identifier: Apache-2.0
// The lines of /proc/PID/mountinfo and /proc/PID/cgroup.
#pragma once

#include <algorithm>
#include <string_view>

namespace runtime {

constexpr std::size_t kMaxMountinfo = std::size_t{16} << 20;

/// Field `count` of blank-separated ones; the first is 1.
inline std::string_view field(std::string_view line, int count) {
  std::string_view text;
  for (int i = 0; i < count; ++i) {
    const std::size_t end = std::min(line.find(' '), line.size());
    text = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return text;
}

template <typename Visit>
void each_part(std::string_view text, char separator, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <typename Visit>
void each_line(std::string_view text, Visit&& visit) {
  each_part(text, '\n', visit);
}

}  // namespace runtime
