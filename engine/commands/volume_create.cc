// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/container_options.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/volumes.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/storage.h"

namespace engine {
namespace {

struct Options {
  std::string name, driver;
  std::vector<std::string> labels, driver_options;
};

int run(Context& context, Options& options) {
  if (!options.driver.empty() && options.driver != "local") {
    throw sys::Error("volume create: there is one driver, local");
  }
  if (!options.driver_options.empty()) {
    throw sys::Error("volume create: --opt: the driver local has no options here");
  }
  Volume volume = {.name = options.name, .is_anonymous = options.name.empty()};
  if (volume.name.empty()) {
    for (int i = 0; i < 4; ++i) volume.name += sys::random_name();
  }
  if (!config::is_volume_name(volume.name)) {
    throw sys::Error(sys::format(
        "volume create: \"{}\" can't be a volume's name: two or more letters, digits, \"_\", \".\" "
        "or \"-\", the first a letter or digit",
        sys::terminal_safe(volume.name)));
  }
  for (const std::string& label : options.labels) {
    const std::size_t equals = std::min(label.find('='), label.size());
    volume.labels[label.substr(0, equals)] =
        equals < label.size() ? label.substr(equals + 1) : std::string();
  }
  (void)context.identity();  // its files belong to the ids of containers
  context.explaining([&] { return sys::format("volume create \"{}\"", volume.name); },
                     [&] { (void)make_volume(context.store(), volume); });
  print(volume.name + "\n");
  return 0;
}

}  // namespace

Command volume_create_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Make a volume; one that is there stays as it is",
      .usage = "[OPTIONS] [VOLUME]",
      .flags = {{"-d,--driver", &options->driver, "local, the only one"},
                {"--label", &options->labels, "A label: KEY=VALUE", "list"},
                {"-o,--opt", &options->driver_options, "There are none: an error", "map"}},
      .positionals = {{"VOLUME", &options->name, true}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
