// SPDX-License-Identifier: Apache-2.0
// What podman's and docker's command lines have in common.
#pragma once

#include <catch2/catch.hpp>

#include "tests/callers/docker.h"
#include "tests/callers/podman.h"

namespace callers {

/// `run --rm FLAGS IMAGE COMMAND`.
template <typename Engine>
support::Result run_command(Words flags, const Words& command,
                            const support::ProgramOptions& options = {}) {
  flags.insert(flags.begin(), {"run", "--rm"});
  flags.push_back(kImage);
  flags.insert(flags.end(), command.begin(), command.end());
  support::Result result = shared<Engine>().caller().call(flags, options);
  UNSCOPED_INFO("standard error: " << result.err);
  return result;
}

/// The same with a shell's line.
template <typename Engine>
support::Result run_line(const Words& flags, const std::string& line,
                         const support::ProgramOptions& options = {}) {
  return run_command<Engine>(flags, {"sh", "-c", line}, options);
}

/// The words of `run --detach FLAGS IMAGE sh -c LINE`.
inline Words detached(Words flags, const std::string& line) {
  flags.insert(flags.begin(), {"run", "--detach"});
  flags.insert(flags.end(), {kImage, "sh", "-c", line});
  return flags;
}

/// Ends at once on SIGTERM, with 5; on SIGUSR1 it says so.
constexpr const char* kTrapping =
    "trap 'exit 5' TERM; trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done";

/// Calls the engine with a container's logs until `text` is among them.
template <typename Engine>
bool logs_show(const Container<Engine>& container, const std::string& text) {
  return support::eventually([&] {
    const auto logs = shared<Engine>().caller().call({"logs", container.id()});
    return logs.all().find(text) != std::string::npos;
  });
}

}  // namespace callers

/// Ends the test here unless the engine is installed.
#define NEEDS_ENGINE(Engine)                        \
  do {                                              \
    if (support::is_missing(Engine::kNeed)) return; \
  } while (false)
