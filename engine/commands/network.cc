// SPDX-License-Identifier: Apache-2.0
// What the hooks of our own bundles call; not for people.
#include "engine/network/pasta.h"

#include <unistd.h>

#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/identity.h"
#include "sys/fd.h"

namespace engine {
namespace {

constexpr std::size_t kMaxState = std::size_t{1} << 20;

struct Words {
  std::string file;
  std::vector<std::string> pasta;
};

}  // namespace

Command network_up_command() {
  const auto words = std::make_shared<Words>();
  return {
      .summary = "Hook: bring the network of a container up",
      .usage = "FILE PASTA...",
      .positionals = {{"FILE", &words->file}, {"PASTA", &words->pasta}},
      .flags_end_at_positional = true,
      .run =
          [words](Context&) {
            enter_mount_namespace();
            bring_network_up(sys::read_all(STDIN_FILENO, kMaxState), words->file, words->pasta);
            return 0;
          },
  };
}

Command network_down_command() {
  const auto file = std::make_shared<std::string>();
  return {
      .summary = "Hook: take the network of a container down",
      .usage = "FILE",
      .positionals = {{"FILE", file.get()}},
      .run =
          [file](Context&) {
            take_network_down(*file);
            return 0;
          },
  };
}

}  // namespace engine
