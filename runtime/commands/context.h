// SPDX-License-Identifier: Apache-2.0
// What main hands to every verb.
#pragma once

#include <span>
#include <string>

#include "runtime/commands/command_line.h"
#include "sys/log.h"
#include "sys/procfs.h"

namespace runtime {

struct Context {
  const GlobalOptions& options;
  const sys::Log& log;
  sys::Procfs proc;
  std::string state_root;        // absolute; see find_state_root
  std::span<char> command_line;  // the memory that /proc/self/cmdline shows
};

}  // namespace runtime
