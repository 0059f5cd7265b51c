// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "sys/format.h"

namespace engine {

Command create_command() {
  struct Options {
    CreateOptions create;
    std::vector<std::string> command;
  };
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Make a container, and don't start it",
      .usage = "[OPTIONS] IMAGE [COMMAND...]",
      .text = "The image \"scratch\" is an empty root.",
      .flags = {{"--name", &options->create.name, "What to call it; made up by default"},
                {"--read-only", &options->create.is_read_only,
                 "Nothing in its root can be written"}},
      .positionals = {{"IMAGE", &options->create.image}, {"COMMAND", &options->command, true}},
      .flags_end_at_positional = true,
      .run =
          [options](Context& context) {
            Progress progress(false);
            (void)context.identity_with_mounts();  // before the store is opened: see driver.h
            const Workshop workshop = context.workshop(progress);
            options->create.command = options->command;
            const char* driver = ::getenv("TILLA_DRIVER");
            options->create.driver = driver == nullptr ? "" : driver;
            const ContainerRecord record = context.explaining(
                [&] { return sys::format("create \"{}\"", options->create.image); },
                [&] { return create_container(workshop, options->create); });
            print(record.id + "\n");
            return 0;
          },
  };
}

}  // namespace engine
