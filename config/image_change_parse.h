// SPDX-License-Identifier: Apache-2.0
// One instruction of a Dockerfile taken apart, for image_change.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/image_spec.h"
#include "config/shell_words.h"

namespace config {

/// One logical line: "ENV a=b". The views are parts of the line, so that errors point into it.
struct Instruction {
  std::string_view line;
  std::string keyword;    // in upper case
  std::string_view rest;  // without blanks around it

  /// Throws `ENV: problem` with a caret below `part`, which is a part of the line.
  [[noreturn]] void fail(std::string_view problem, std::string_view part) const;
};

/// Errors: no keyword.
Instruction parse_instruction(std::string_view line);
/// Lines with those that continue them, without comments and empty ones.
std::vector<std::string> split_lines(std::string_view text);

/// name=value..., or the old "name value".
std::vector<std::pair<std::string, std::string>> parse_pairs(const Instruction& instruction,
                                                             const Variables& variables);
/// The one word that there may be, expanded.
std::string parse_one(const Instruction& instruction, const Variables& variables);
/// "80", "80/udp", "8000-8010/tcp" as "80/tcp" each.
std::vector<std::string> parse_ports(const Instruction& instruction, const Variables& variables);
Healthcheck parse_healthcheck(const Instruction& instruction);
/// "SIGTERM", "TERM", "9", "SIGRTMIN+3".
bool is_signal(std::string_view text);

}  // namespace config
