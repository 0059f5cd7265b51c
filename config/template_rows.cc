// SPDX-License-Identifier: Apache-2.0
#include "config/template_rows.h"

#include <algorithm>

#include "config/template.h"

namespace config {
namespace {

constexpr std::size_t kLeastWidth = 10;
constexpr std::size_t kGap = 3;

// In a format, as a shell passes it, \t and \n are two characters each.
std::string unescape(std::string_view pattern) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    const bool is_escape = pattern[at] == '\\' && (next == 't' || next == 'n');
    if (is_escape) ++at;
    text += is_escape ? (next == 't' ? '\t' : '\n') : pattern[at];
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string align_columns(std::string_view lines) {
  if (lines.ends_with('\n')) lines.remove_suffix(1);
  std::vector<std::vector<std::string_view>> table;
  std::vector<std::size_t> widths;
  for (const std::string_view line : split(lines, '\n')) {
    table.push_back(split(line, '\t'));
    const std::vector<std::string_view>& cells = table.back();
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
      if (widths.size() <= i) widths.push_back(kLeastWidth);
      widths[i] = std::max(widths[i], width_of(cells[i]) + kGap);
    }
  }
  std::string text;
  for (const std::vector<std::string_view>& cells : table) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += cells[i];
      if (i + 1 < cells.size()) text.append(widths[i] - width_of(cells[i]), ' ');
    }
    text += '\n';
  }
  return text;
}

std::string format_rows(const RowFormat& format, const std::vector<Json>& rows) {
  std::string text;
  if (format.format == "json") {
    for (const Json& row : rows) {
      text += write_json(row, "");
      text += '\n';
    }
    return text;
  }
  std::string_view pattern = format.format;
  if (pattern.empty() || pattern == "table") pattern = format.otherwise;
  const bool is_table = pattern.starts_with("table ");
  if (is_table) pattern.remove_prefix(std::min(pattern.find_first_not_of(' ', 5), pattern.size()));
  const Template row_template = Template::parse(unescape(pattern));
  if (is_table && format.has_titles) {
    text += row_template.execute_titles(format.titles);
    text += '\n';
  }
  for (const Json& row : rows) {
    text += row_template.execute(row);
    text += '\n';
  }
  return is_table && !text.empty() ? align_columns(text) : text;
}

}  // namespace config
