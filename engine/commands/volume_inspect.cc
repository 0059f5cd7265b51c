// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/json_object.h"
#include "config/template.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/volumes.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

struct Options {
  std::string format;
  std::vector<std::string> names;
};

config::Json describe(const snapshotter::Store& store, const Volume& volume) {
  return config::JsonObject()
      .add("CreatedAt", volume.created)
      .add("Driver", std::string("local"))
      .add("Labels", volume.labels)
      .add("Mountpoint", volume_path(store, volume.name))
      .add("Name", volume.name)
      .add("Scope", std::string("local"))
      .take();
}

int run(Context& context, const Options& options) {
  const snapshotter::Store* store = context.store_if_exists();
  config::Json::Array found;
  for (const std::string& name : options.names) {
    const auto volume = store == nullptr ? std::nullopt : find_volume(*store, name);
    if (!volume) throw sys::Error(sys::format("no such volume: {}", sys::terminal_safe(name)));
    found.push_back(describe(*store, *volume));
  }
  if (options.format.empty() || options.format == "json") {
    print_text(config::write_json({std::move(found)}, options.format.empty() ? "    " : "") + "\n");
    return 0;
  }
  const config::Template pattern = config::Template::parse(options.format);
  for (const config::Json& each : found) print_text(pattern.execute(each) + "\n");
  return 0;
}

}  // namespace

Command volume_inspect_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Show all that is known of volumes",
      .usage = "[OPTIONS] VOLUME...",
      .flags = {{"-f,--format", &options->format, "json, or a Go template"}},
      .positionals = {{"VOLUME", &options->names}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
