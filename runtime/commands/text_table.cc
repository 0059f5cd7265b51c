// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/text_table.h"

#include <algorithm>

namespace runtime {
namespace {

constexpr size_t kLeastWidth = 12;
constexpr size_t kPadding = 3;

/// Characters of UTF-8 text: bytes that don't continue another.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string to_text(const TextTable& table) {
  std::vector<size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()), kLeastWidth);
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]) + kPadding);
    }
  }
  std::string text;
  for (const auto& row : table) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - width_of(row[i]), ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace runtime
