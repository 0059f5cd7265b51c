// SPDX-License-Identifier: Apache-2.0
#include "config/caret.h"

#include <algorithm>

namespace config {

std::string point_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kShown = 90;
  at = std::min(at, text.size());
  const std::size_t start = at > kBefore ? at - kBefore : 0;
  std::string line;
  for (const char c : text.substr(start, kShown)) line += c >= ' ' && c <= '~' ? c : '?';
  const std::string_view cut = start > 0 ? "..." : "";
  std::string shown = "\n  ";
  shown.append(cut).append(line).append(start + kShown < text.size() ? "..." : "");
  shown.append("\n  ").append(cut.size() + at - start, ' ').append("^");
  return shown;
}

}  // namespace config
