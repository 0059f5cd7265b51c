// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/json_object.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/monitored.h"
#include "engine/network/published_ports.h"

namespace engine {
namespace {

struct Options {
  bool is_all = false, is_quiet = false, is_whole = false;
  std::string format;
};

constexpr std::size_t kShortId = 12, kShortCommand = 20;

std::string show_command(const std::vector<std::string>& command, bool is_whole) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  if (!is_whole && text.size() > kShortCommand) text = text.substr(0, kShortCommand - 1) + "…";
  return "\"" + text + "\"";
}

using Status = std::optional<shim::RunStatus>;

config::Json make_row(const ContainerRecord& record, const Status& status, const std::string& ports,
                      const Options& options) {
  return config::JsonObject()
      .add("Command",
           show_command(record.program.empty() ? record.command : record.program, options.is_whole))
      .add("CreatedAt", config::created_at(record.created))
      .add("ID", options.is_whole ? record.id : record.id.substr(0, kShortId))
      .add("Image", record.image)
      .add("Names", record.name)
      .add("RunningFor", config::human_age(record.created, now()))
      .add("Ports", ports)
      .add("State", state_word(status))
      .add("Status", describe_status(status, now()))
      .take();
}

int run(Context& context, const Options& options) {
  config::RowFormat format;
  format.format = options.format;
  format.otherwise =
      options.is_quiet ? "{{.ID}}"
                       : "table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}"
                         "\\t{{.Ports}}\\t{{.Names}}";
  format.titles = config::JsonObject()
                      .add("Command", std::string("COMMAND"))
                      .add("CreatedAt", std::string("CREATED AT"))
                      .add("ID", std::string("CONTAINER ID"))
                      .add("Image", std::string("IMAGE"))
                      .add("Names", std::string("NAMES"))
                      .add("Ports", std::string("PORTS"))
                      .add("RunningFor", std::string("CREATED"))
                      .add("State", std::string("STATE"))
                      .add("Status", std::string("STATUS"))
                      .take();
  std::vector<config::Json> rows;
  if (const snapshotter::Store* store = context.store_if_exists()) {
    for (const ContainerRecord& record : list_containers(*store)) {
      const Status status = status_of(*store, record);
      if (!options.is_all && !is_running(status)) continue;
      rows.push_back(
          make_row(record, status, describe_ports(published_ports(*store, record)), options));
    }
  }
  print_rows(format, rows);
  return 0;
}

}  // namespace

Command ps_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "List containers",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->is_all, "Also those that don't run"},
                {"--format", &options->format, "table, json, or a Go template"},
                {"--no-trunc", &options->is_whole, "Don't cut ids and commands"},
                {"-q,--quiet", &options->is_quiet, "Only ids"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
