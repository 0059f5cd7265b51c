// SPDX-License-Identifier: Apache-2.0
// `image prune` and `system prune`.
#include <memory>

#include "config/human.h"
#include "engine/commands/context.h"
#include "engine/commands/image_filter.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/prune_images.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  bool is_all = false, is_forced = false;
  std::vector<std::string> filters;
};

std::string describe(const std::vector<Removed>& images) {
  std::string text;
  for (const Removed& image : images) {
    for (const std::string& name : image.untagged) text += sys::format("untagged: {}\n", name);
    for (const std::string& id : image.deleted) text += sys::format("deleted: {}\n", id);
  }
  return text.empty() ? text : "Deleted Images:\n" + text + "\n";
}

void prune(Context& context, std::string_view verb, const PruneOptions& options) {
  (void)context.identity();  // layers have files of ids that are not the caller's
  snapshotter::Store& store = context.store();
  std::vector<Removed> images;
  const snapshotter::Store::Garbage garbage = context.explaining([&] { return std::string(verb); },
                                                                 [&] {
                                                                   images =
                                                                       prune_images(store, options);
                                                                   return store.collect(true);
                                                                 });
  print_text(describe(images));
  print(sys::format("Total reclaimed space: {}\n", config::human_size(garbage.bytes, 4)));
}

int prune_images_only(Context& context, const Options& options) {
  Filters filters = parse_filters(options.filters, {"dangling", "label", "label!", "until"});
  const auto dangling = filters.find("dangling");
  const bool is_all =
      options.is_all || (dangling != filters.end() && dangling->second.back() == "false");
  filters.erase("dangling");
  if (!options.is_forced &&
      !is_confirmed(is_all ? "This will remove all images without at least one container "
                             "associated to them."
                           : "This will remove all dangling images.")) {
    return 0;
  }
  prune(context, "image prune",
        {.is_all = is_all, .passes = [&](const auto& image, const auto& all) {
           return passes(filters, image, all);
         }});
  return 0;
}

int prune_system(Context& context, const Options& options) {
  const std::string warning = sys::format(
      "This will remove:\n"
      "  - {}\n"
      "  - transfers that came to no end, and all else that no image needs\n",
      options.is_all ? "all images without at least one container associated to them"
                     : "all dangling images");
  if (!options.is_forced && !is_confirmed(warning)) return 0;
  prune(context, "system prune", {.is_all = options.is_all});
  return 0;
}

}  // namespace

Command image_prune_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Remove images that have no name",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->is_all, "All that no container needs"},
                {"--filter", &options->filters, "label=..., label!=..., until=AGE", "filter"},
                {"-f,--force", &options->is_forced, "Don't ask"}},
      .run = [options](Context& context) { return prune_images_only(context, *options); },
  };
}

Command system_prune_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Remove what no image and no container needs",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->is_all,
                 "Remove all images without a container, not only those without a name"},
                {"-f,--force", &options->is_forced, "Don't ask"}},
      .run = [options](Context& context) { return prune_system(context, *options); },
  };
}

}  // namespace engine
