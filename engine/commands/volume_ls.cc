// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/json_object.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/volume_users.h"
#include "engine/container/volumes.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

struct Options {
  bool is_quiet = false;
  std::string format;
  std::vector<std::string> filters;
};

bool passes(const snapshotter::Store& store, const Volume& volume, const std::string& filter) {
  const std::size_t equals = std::min(filter.find('='), filter.size());
  const std::string key = filter.substr(0, equals);
  const std::string value = equals < filter.size() ? filter.substr(equals + 1) : "";
  if (key == "name") return volume.name.find(value) != std::string::npos;
  if (key == "driver") return value == "local";
  if (key == "dangling" && (value == "true" || value == "false")) {
    return volume_users(store, volume.name).empty() == (value == "true");
  }
  if (key == "label") {
    const std::size_t end = std::min(value.find('='), value.size());
    const auto label = volume.labels.find(value.substr(0, end));
    return label != volume.labels.end() &&
           (end == value.size() || label->second == value.substr(end + 1));
  }
  throw sys::Error(sys::format("volume ls: invalid filter \"{}\"", sys::terminal_safe(filter)));
}

int run(Context& context, const Options& options) {
  config::RowFormat format;
  format.format = options.format;
  format.otherwise = options.is_quiet ? "{{.Name}}" : "table {{.Driver}}\\t{{.Name}}";
  format.titles = config::JsonObject()
                      .add("Driver", std::string("DRIVER"))
                      .add("Mountpoint", std::string("MOUNTPOINT"))
                      .add("Name", std::string("VOLUME NAME"))
                      .add("Scope", std::string("SCOPE"))
                      .take();
  std::vector<config::Json> rows;
  if (const snapshotter::Store* store = context.store_if_exists()) {
    for (const Volume& volume : list_volumes(*store)) {
      bool is_shown = true;
      for (const std::string& filter : options.filters) {
        is_shown = is_shown && passes(*store, volume, filter);
      }
      if (!is_shown) continue;
      rows.push_back(config::JsonObject()
                         .add("Driver", std::string("local"))
                         .add("Mountpoint", volume_path(*store, volume.name))
                         .add("Name", volume.name)
                         .add("Scope", std::string("local"))
                         .take());
    }
  }
  print_rows(format, rows);
  return 0;
}

}  // namespace

Command volume_ls_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "List volumes",
      .usage = "[OPTIONS]",
      .text = "Filters: name=PART, label=KEY[=VALUE], dangling=true|false, driver=local.",
      .flags = {{"-f,--filter", &options->filters, "Only those that pass: KEY=VALUE", "filter"},
                {"--format", &options->format, "table, json, or a Go template"},
                {"-q,--quiet", &options->is_quiet, "Only names"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
