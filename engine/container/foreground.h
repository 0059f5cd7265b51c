// SPDX-License-Identifier: Apache-2.0
// A container that runs while we wait, on our own streams: `tilla-runtime run`, and what its end
// means for people.
#pragma once

#include <string>
#include <string_view>

#include "engine/container/bundle.h"

namespace engine {

/// TILLA_RUNTIME, else tilla-runtime beside this program, else where it is installed.
/// Errors: it is nowhere.
std::string find_runtime_program();

/// docker's exit codes of what never ran.
constexpr int kEngineExit = 125, kNotExecutableExit = 126, kNotFoundExit = 127;
/// Which of them the runtime's complaint comes to.
int exit_code_of(std::string_view complaint);

struct ForegroundRun {
  std::string runtime;  // find_runtime_program's
  std::string id;
  const Bundle& bundle;
  bool has_terminal = false;
};
/// Runs it to its end, passing signals on. Gives the program's exit code, or 125, 126, 127 when it
/// never ran; the runtime has said why by then.
int run_in_foreground(const ForegroundRun& run);

}  // namespace engine
