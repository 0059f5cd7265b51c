// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/container_command_line.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "sys/format.h"

namespace engine {

Command create_command() {
  const auto line = std::make_shared<ContainerCommandLine>();
  return {
      .summary = "Make a container, and don't start it",
      .usage = "[OPTIONS] IMAGE [COMMAND...]",
      .text = "The image \"scratch\" is an empty root.",
      .flags = line->flags(),
      .positionals = line->positionals(),
      .flags_end_at_positional = true,
      .run =
          [line](Context& context) {
            line->resolve();
            Progress progress(false);
            (void)context.identity_with_mounts();  // before the store is opened: see driver.h
            const Workshop workshop = context.workshop(progress);
            const ContainerRecord record =
                context
                    .explaining([&] { return sys::format("create \"{}\"", line->create.image); },
                                [&] { return create_container(workshop, line->create); })
                    .record;
            write_cid_file(line->cid_file, record.id);
            print(record.id + "\n");
            return 0;
          },
  };
}

}  // namespace engine
