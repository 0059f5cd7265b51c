// SPDX-License-Identifier: Apache-2.0
// Which program a container runs: the image's ENTRYPOINT and CMD, and what the command line says.
// Source: docs.docker.com, "Dockerfile reference", "Understand how CMD and ENTRYPOINT interact".
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace config {

/// The shell form is in the image already as {"/bin/sh", "-c", "words"}.
struct ProgramRequest {
  std::vector<std::string> image_entrypoint = {}, image_cmd = {};
  /// --entrypoint; "" clears the image's. Either way the image's CMD counts no more.
  std::optional<std::string> entrypoint = {};
  std::vector<std::string> arguments = {};  // after the image's name
};

/// The words of the program. Errors: there are none, with what would help.
std::vector<std::string> merge_program(const ProgramRequest& request);

}  // namespace config
