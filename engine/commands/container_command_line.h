// SPDX-License-Identifier: Apache-2.0
// The flags that `create` and `run` share: from words to config::ContainerFlags, with all that only
// the caller's surroundings say.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/detach_keys.h"
#include "engine/commands/cli.h"
#include "engine/container/containers.h"

namespace engine {

struct ContainerCommandLine {
  CreateOptions create;
  std::vector<std::string> words;  // IMAGE COMMAND..., or COMMAND... with --rootfs
  std::string cid_file, pull, platform;
  bool is_detached = false;  // of run alone
  std::string detach_keys = std::string(config::kDefaultDetachKeys);
  // Flags of docker's that are refused, and whether they were given.
  std::vector<std::unique_ptr<bool>> refused_switches;
  std::vector<std::unique_ptr<std::vector<std::string>>> refused_values;

  /// All flags, bound to this object, which must not move any more.
  std::vector<Flag> flags();
  std::vector<Positional> positionals();
  /// Once, before the caller's identity is left: reads files, resolves variables and paths, splits
  /// the words. Errors: UsageError, or a file that can't be read.
  void resolve();
};

/// Writes the id where --cidfile says. Errors: the file is there already.
void write_cid_file(const std::string& path, const std::string& id);

}  // namespace engine
