// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/json_object.h"
#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/image_filter.h"
#include "engine/commands/image_tree.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"

namespace engine {
namespace {

using config::Json;
using config::JsonObject;

struct Options {
  bool is_all = false, is_quiet = false, is_whole = false, has_digests = false, is_tree = false;
  std::vector<std::string> filters;
  std::string format, name;
};

constexpr std::string_view kNone = "<none>";

Json make_row(const ImageRecord& image, const config::Reference* name, const std::string& digest,
              const Options& options, config::Time now) {
  const std::string& created = image.documents.config.created;
  const std::string size = config::human_size(image.size);
  const std::string tag = name == nullptr || name->tag.empty() ? std::string(kNone) : name->tag;
  return JsonObject()
      .add("Containers", std::string("N/A"))
      .add("CreatedAt", config::created_at(created))
      .add("CreatedSince", config::human_age(created, now))
      .add("Digest", digest)
      .add("ID", options.is_whole ? image.id.text() : short_id(image.id))
      .add("Repository", name == nullptr ? std::string(kNone) : name->familiar_repository())
      .add("SharedSize", std::string("N/A"))
      .add("Size", size)
      .add("Tag", tag)
      .add("UniqueSize", std::string("N/A"))
      .add("VirtualSize", size)
      .take();
}

config::RowFormat make_format(const Options& options) {
  config::RowFormat format;
  format.format = options.format;
  format.otherwise =
      options.is_quiet ? "{{.ID}}"
      : options.has_digests
          ? "table "
            "{{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}"
          : "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}";
  if (options.is_quiet && format.format == "table") format.format.clear();
  JsonObject titles;
  for (const auto& [field, title] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Containers", "CONTAINERS"},
                                                                  {"CreatedAt", "CREATED AT"},
                                                                  {"CreatedSince", "CREATED"},
                                                                  {"Digest", "DIGEST"},
                                                                  {"ID", "IMAGE ID"},
                                                                  {"Repository", "REPOSITORY"},
                                                                  {"SharedSize", "SHARED SIZE"},
                                                                  {"Size", "SIZE"},
                                                                  {"Tag", "TAG"},
                                                                  {"UniqueSize", "UNIQUE SIZE"},
                                                                  {"VirtualSize", "SIZE"}}) {
    titles.add(field, std::string(title));
  }
  format.titles = titles.take();
  return format;
}

int run(Context& context, const Options& options) {
  std::vector<std::string> filter_texts = options.filters;
  if (!options.name.empty()) filter_texts.push_back("reference=" + options.name);
  const Filters filters = parse_filters(
      filter_texts, {"before", "dangling", "label", "label!", "reference", "since", "until"});
  std::vector<ImageRecord> images;
  if (const snapshotter::Store* store = context.store_if_exists()) {
    images = list_images(*store, config::native_platform());
  }
  std::vector<Json> rows;
  std::vector<const ImageRecord*> shown;
  const config::Time time = now();
  for (const ImageRecord& image : images) {
    if (!image.problem.empty())
      context.log().warning("image " + call_image(image) + ": " + image.problem);
    if (!passes(filters, image, images)) continue;
    shown.push_back(&image);
    if (image.names.empty()) {
      rows.push_back(make_row(image, nullptr, image.entries.front().digest.text(), options, time));
    }
    for (std::size_t i = 0; i < image.names.size(); ++i) {
      if (!passes_reference(filters, image.names[i])) continue;
      rows.push_back(
          make_row(image, &image.names[i], image.entries[i].digest.text(), options, time));
      if (options.is_quiet && options.format.empty()) break;
    }
  }
  if (options.is_tree) {
    print_text(draw_tree(shown, !options.is_whole));
  } else {
    print_rows(make_format(options), rows);
  }
  return 0;
}

}  // namespace

Command images_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "List images",
      .usage = "[OPTIONS] [REPOSITORY[:TAG]]",
      .text =
          "Filters: dangling=true|false, label=KEY[=VALUE], reference=PATTERN, before=IMAGE,\n"
          "since=IMAGE, until=AGE. Sizes are those of the unpacked files, as far as known.",
      .flags = {{"-a,--all", &options->is_all, "Accepted as docker has it: all are shown"},
                {"--digests", &options->has_digests, "Show digests"},
                {"-f,--filter", &options->filters, "Only those that pass: KEY=VALUE", "filter"},
                {"--format", &options->format, "table, json, or a Go template of each image"},
                {"--no-trunc", &options->is_whole, "Show ids to their end"},
                {"-q,--quiet", &options->is_quiet, "Only ids"},
                {"--tree", &options->is_tree, "Show the layers that images share, with sizes"}},
      .positionals = {{"REPOSITORY", &options->name, true}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
