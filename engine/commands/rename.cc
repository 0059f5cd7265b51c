// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "sys/format.h"

namespace engine {

Command rename_command() {
  struct Options {
    std::string from, to;
  };
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Give a container another name",
      .usage = "CONTAINER NAME",
      .positionals = {{"CONTAINER", &options->from}, {"NAME", &options->to}},
      .run =
          [options](Context& context) {
            context.explaining(
                [&] { return sys::format("rename \"{}\"", options->from); },
                [&] { rename_container(context.store(), options->from, options->to); });
            return 0;
          },
  };
}

}  // namespace engine
