// SPDX-License-Identifier: Apache-2.0
// A program that we stay for: our child, with our standard streams. Source: posix_spawn(3).
#pragma once

#include <string>
#include <vector>

#include "sys/process.h"

namespace sys {

struct ChildProgram {
  std::vector<std::string> argv;  // the first is a path
  /// In a process group of its own the terminal's signals (Ctrl-C) don't reach it but by us.
  bool has_own_group = false;
};
/// Starts it with all signals at their defaults and none blocked, and with no descriptor of ours
/// but 0, 1 and 2. Errors: ENOENT, EACCES, ... when there is no such program.
Process start_child_program(const ChildProgram& program);

}  // namespace sys
