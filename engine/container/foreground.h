// SPDX-License-Identifier: Apache-2.0
// A container that runs while we wait, on our own streams: `tilla-runtime run`, and what its end
// means for people.
#pragma once

#include <string>
#include <vector>

#include "engine/container/bundle.h"

namespace engine {

/// TILLA_RUNTIME, else tilla-runtime beside this program, else where it is installed.
/// Errors: it is nowhere.
std::string find_runtime_program();

/// docker's exit code of what the engine could not do.
constexpr int kEngineExit = 125;

struct ForegroundRun {
  std::string runtime;  // find_runtime_program's
  std::string id;
  const Bundle& bundle;
  bool has_terminal = false;
};
/// Runs it to its end, passing signals on. Gives the program's exit code, or 125, 126, 127 when it
/// never ran; the runtime has said why by then.
int run_in_foreground(const ForegroundRun& run);

struct ForegroundExec {
  std::string runtime;
  std::vector<std::string> words;  // "exec" and what follows
  std::string bundle;              // where a log can be
  bool has_input = false, has_terminal = false;
};
/// The same of an `exec`.
int exec_in_foreground(const ForegroundExec& exec);

}  // namespace engine
