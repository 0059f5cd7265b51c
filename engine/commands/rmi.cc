// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/remove_images.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

std::string describe(const Removed& removed) {
  std::string text;
  for (const std::string& name : removed.untagged) text += sys::format("Untagged: {}\n", name);
  for (const std::string& id : removed.deleted) text += sys::format("Deleted: {}\n", id);
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
      print_text(describe(removed));
      has_deleted = has_deleted || !removed.deleted.empty();
    } catch (const sys::Error& error) {  // the others go all the same, as with docker
      const bool is_fine = options.is_forced && error.code() == ENOENT;
      if (is_fine) {
        context.log().error(error.what());
        continue;
      }
      if (problem) context.log().error(problem->what());
      problem = error;
    }
  }
  if (has_deleted) (void)store.collect(true);
  if (problem) throw sys::Error(std::move(*problem));
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

}  // namespace engine
