// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/detach_keys.h"
#include "engine/commands/attached.h"
#include "engine/commands/context.h"
#include "engine/commands/each.h"
#include "engine/commands/verbs.h"
#include "engine/container/monitored.h"

namespace engine {
namespace {

struct Options {
  bool attaches = false, is_interactive = false;
  std::string detach_keys = std::string(config::kDefaultDetachKeys);
  std::vector<std::string> names;
};

int start(Context& context, const Options& options) {
  (void)context.identity_with_mounts();  // before the store is opened: see driver.h
  const bool attaches = options.attaches || options.is_interactive;
  if (attaches && options.names.size() > 1) {
    throw UsageError("you cannot start and attach multiple containers at once", 0,
                     "See 'tilla start --help'.");
  }
  if (attaches) {
    const ContainerRecord record = find_container(context.store(), options.names.front());
    return run_attached(context, record, image_config(context.store(), record),
                        {.is_detached = false,
                         .has_input = options.is_interactive,
                         .detach_keys = options.detach_keys});
  }
  return for_each_container(context, "start", options.names, [&](const ContainerRecord& record) {
    if (is_running(status_of(context.store(), record))) return;  // fine with docker, too
    (void)run_attached(context, record, image_config(context.store(), record),
                       {.is_detached = true});
  });
}

}  // namespace

Command start_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Start containers that don't run",
      .usage = "[OPTIONS] CONTAINER...",
      .flags = {{"-a,--attach", &options->attaches, "Stay and show its output"},
                {"--detach-keys", &options->detach_keys, "What leaves it (default ctrl-p,ctrl-q)"},
                {"-i,--interactive", &options->is_interactive, "The same, and pass input on"}},
      .positionals = {{"CONTAINER", &options->names}},
      .run = [options](Context& context) { return start(context, *options); },
  };
}

}  // namespace engine
