// SPDX-License-Identifier: Apache-2.0
// `rmi` and `image prune`.
#include <memory>

#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/image_filter.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/remove_images.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

std::string describe(const Removed& removed, std::string_view untagged, std::string_view deleted) {
  std::string text;
  for (const std::string& name : removed.untagged) text += sys::format("{}: {}\n", untagged, name);
  for (const std::string& id : removed.deleted) text += sys::format("{}: {}\n", deleted, id);
  return text;
}

struct RemoveImageOptions {
  bool is_forced = false, keeps_parents = false;
  std::vector<std::string> names;
};

// Under the index's lock, so that two who take away the last two names of an image don't both think
// that one remains.
Removed remove_one(snapshotter::Store& store, const std::string& name, bool is_forced) {
  Removed removed;
  store.update_index([&](config::Index& index) {
    const std::vector<ImageRecord> images = list_images(store, config::native_platform());
    Removal removal =
        plan_removal(images, list_users(store), resolve_image(images, name), {is_forced});
    erase_entries(index, removal.entries);
    removed = std::move(removal.removed);
  });
  return removed;
}

// The names go one after the other, what nothing needs then at once.
int remove_images(Context& context, const RemoveImageOptions& options) {
  // Unpacked files may belong to ids of the user namespace alone.
  (void)context.identity();
  snapshotter::Store& store = context.store();
  std::optional<sys::Error> problem;
  bool has_deleted = false;
  for (const std::string& name : options.names) {
    try {
      const Removed removed = remove_one(store, name, options.is_forced);
      print_text(describe(removed, "Untagged", "Deleted"));
      has_deleted = has_deleted || !removed.deleted.empty();
    } catch (const sys::Error& error) {  // the others go all the same, as with docker
      const bool is_fine = options.is_forced && error.code() == ENOENT;
      if (problem || is_fine) context.log().error(error.what());
      if (!problem && !is_fine) problem = error;
    }
  }
  if (has_deleted) (void)store.collect(true);
  if (problem) throw sys::Error(std::move(*problem));
  return 0;
}

struct PruneOptions {
  bool is_all = false, is_forced = false;
  std::vector<std::string> filters;
};

int prune_images(Context& context, const PruneOptions& options) {
  const Filters filters = parse_filters(options.filters, {"dangling", "label", "label!", "until"});
  const bool is_all =
      options.is_all || (filters.contains("dangling") && filters.at("dangling").back() == "false");
  Filters other = filters;
  other.erase("dangling");
  if (!options.is_forced &&
      !is_confirmed(is_all ? "This will remove all images without at least one container "
                             "associated to them."
                           : "This will remove all dangling images.")) {
    return 0;
  }
  (void)context.identity();
  snapshotter::Store& store = context.store();
  std::string text;
  store.update_index([&](config::Index& index) {
    const std::vector<ImageUser> users = list_users(store);
    std::vector<ImageRecord> images = list_images(store, config::native_platform());
    for (std::size_t i = 0; i < images.size();) {
      const ImageRecord& image = images[i];
      const bool stays = (!is_all && !image.names.empty()) || is_used(users, image) ||
                         !passes(other, image, images);
      if (stays) {
        ++i;
        continue;
      }
      const Removal removal = plan_removal(images, users, {&image, 0, false}, {true});
      erase_entries(index, removal.entries);
      text += describe(removal.removed, "untagged", "deleted");
      images.erase(images.begin() + static_cast<std::ptrdiff_t>(i));
    }
  });
  const snapshotter::Store::Garbage garbage = store.collect(true);
  if (!text.empty()) print_text("Deleted Images:\n" + text + "\n");
  print(sys::format("Total reclaimed space: {}\n", config::human_size(garbage.bytes, 4)));
  return 0;
}

}  // namespace

Command rmi_command() {
  const auto options = std::make_shared<RemoveImageOptions>();
  return {
      .summary = "Remove images",
      .usage = "[OPTIONS] IMAGE...",
      .text =
          "Takes a name away. With the last one goes the image, and the layers that no other has.",
      .flags = {{"-f,--force", &options->is_forced, "Also when a container needs it"},
                {"--no-prune", &options->keeps_parents, "Accepted as docker has it"}},
      .positionals = {{"IMAGE", &options->names}},
      .run = [options](Context& context) { return remove_images(context, *options); },
  };
}

Command image_prune_command() {
  const auto options = std::make_shared<PruneOptions>();
  return {
      .summary = "Remove images that have no name",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->is_all, "All that no container needs"},
                {"--filter", &options->filters, "label=..., label!=..., until=AGE", "filter"},
                {"-f,--force", &options->is_forced, "Don't ask"}},
      .run = [options](Context& context) { return prune_images(context, *options); },
  };
}

}  // namespace engine
