// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "config/human.h"
#include "config/reference.h"
#include "config/template_rows.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "snapshotter/content/usage.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Json;
using snapshotter::Usage;

struct Options {
  bool is_verbose = false;
  std::string format;
};

Json text(std::string value) { return Json{.value = std::move(value)}; }

Json object(std::initializer_list<std::pair<const char*, std::string>> members) {
  Json::Object all;
  for (const auto& [key, value] : members) all.push_back({.key = key, .value = text(value)});
  return Json{.value = std::move(all)};
}

std::string reclaimable(std::uint64_t bytes, std::uint64_t total) {
  const std::string size = config::human_size(bytes);
  return total == 0 ? size : sys::format("{} ({}%)", size, bytes * 100 / total);
}

struct Row {
  const char* type;
  std::size_t total = 0, active = 0;
  std::uint64_t bytes = 0, reclaimable_bytes = 0;
};

Json to_json(const Row& row) {
  return object({{"Type", row.type},
                 {"TotalCount", std::to_string(row.total)},
                 {"Active", std::to_string(row.active)},
                 {"Size", config::human_size(row.bytes)},
                 {"Reclaimable", reclaimable(row.reclaimable_bytes, row.bytes)}});
}

std::vector<Json> summary(const Usage& usage) {
  const auto active = std::ranges::count_if(
      usage.images, [](const snapshotter::ImageUsage& image) { return image.containers > 0; });
  std::uint64_t container_bytes = 0;
  for (const snapshotter::ContainerUsage& each : usage.containers) container_bytes += each.size;
  const std::size_t left =
      usage.garbage.blobs.size() + usage.garbage.layers.size() + usage.garbage.partials.size();
  return {to_json({.type = "Images",
                   .total = usage.images.size(),
                   .active = static_cast<std::size_t>(active),
                   .bytes = usage.image_bytes,
                   .reclaimable_bytes = usage.reclaimable_image_bytes}),
          to_json({.type = "Containers",
                   .total = usage.containers.size(),
                   .active = 0,
                   .bytes = container_bytes,
                   .reclaimable_bytes = container_bytes}),
          to_json({.type = "Leftovers",
                   .total = left,
                   .active = 0,
                   .bytes = usage.garbage.bytes,
                   .reclaimable_bytes = usage.garbage.bytes})};
}

void print_details(const Usage& usage) {
  constexpr std::size_t kShortId = 12;
  std::string lines = "IMAGE\tDIGEST\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS\n";
  for (const snapshotter::ImageUsage& image : usage.images) {
    std::string names;
    for (const std::string& name : image.names) {
      names += (names.empty() ? "" : ", ") + config::parse_reference(name).familiar();
    }
    lines += sys::format("{}\t{}\t{}\t{}\t{}\t{}\n", names.empty() ? "<none>" : names,
                         image.digest.hex.substr(0, kShortId), config::human_size(image.size),
                         config::human_size(image.shared), config::human_size(image.unique),
                         image.containers);
  }
  print("Images space usage:\n\n" + config::align_columns(lines));
  lines = "CONTAINER ID\tSIZE\n";
  for (const snapshotter::ContainerUsage& container : usage.containers) {
    lines += sys::format("{}\t{}\n", container.id.substr(0, kShortId),
                         config::human_size(container.size));
  }
  print("\nContainers space usage:\n\n" + config::align_columns(lines));
}

int run(Context& context, const Options& options) {
  snapshotter::Store* store = context.store_if_exists();
  const Usage usage = store == nullptr
                          ? Usage()
                          : context.explaining([] { return "system df"; },
                                               [&] { return snapshotter::usage_of(*store); });
  if (options.is_verbose) {
    print_details(usage);
    return 0;
  }
  print(config::format_rows(
      {.format = options.format,
       .otherwise = "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
       .titles = object({{"Type", "TYPE"},
                         {"TotalCount", "TOTAL"},
                         {"Active", "ACTIVE"},
                         {"Size", "SIZE"},
                         {"Reclaimable", "RECLAIMABLE"}})},
      summary(usage)));
  return 0;
}

}  // namespace

Command system_df_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Show what takes how much of the disk",
      .usage = "[OPTIONS]",
      .flags = {{"--format", &options->format, "\"table\", \"json\" or a Go template"},
                {"-v,--verbose", &options->is_verbose, "Each image and container"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
