// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/output.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "engine/commands/cli.h"
#include "sys/log.h"
#include "sys/terminal.h"

namespace engine {

void print_text(std::string_view text) {
  if (!sys::is_terminal(1)) return print(text);
  std::string safe;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    for (;;) {
      const std::size_t tab = line.find('\t');
      safe += sys::terminal_safe(line.substr(0, tab));
      if (tab == line.npos) break;
      safe += '\t';
      line.remove_prefix(tab + 1);
    }
    if (end < text.size()) safe += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  print(safe);
}

void print_rows(const config::RowFormat& format, const std::vector<config::Json>& rows) {
  print_text(config::format_rows(format, rows));
}

config::Time now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

bool is_confirmed(std::string_view warning) {
  print(std::string("WARNING! ")
            .append(warning)
            .append("\nAre you sure you want to continue? [y/N] "));
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

}  // namespace engine
