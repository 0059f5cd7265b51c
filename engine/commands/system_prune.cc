// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/human.h"
#include "config/reference.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/image/lookup.h"
#include "snapshotter/content/usage.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  bool all = false, is_forced = false;
};

bool is_confirmed(bool all) {
  print(
      sys::format("WARNING! This will remove:\n"
                  "  - {}\n"
                  "  - transfers that came to no end, and all else that no image needs\n\n"
                  "Are you sure you want to continue? [y/N] ",
                  all ? "all images without at least one container associated to them"
                      : "all dangling images"));
  const std::string answer = sys::read_some(0, 16);
  return answer.starts_with("y") || answer.starts_with("Y");
}

std::string describe(const std::vector<config::Descriptor>& images,
                     const snapshotter::Store::Garbage& garbage) {
  std::string text;
  for (const config::Descriptor& image : images) {
    const std::string name = stored_name(image);
    if (name.empty()) continue;
    text += sys::format("untagged: {}\n", config::parse_reference(name).familiar());
  }
  for (const config::Digest& blob : garbage.blobs) text += "deleted: " + blob.text() + "\n";
  return text.empty() ? text : "Deleted Images:\n" + text + "\n";
}

int run(Context& context, const Options& options) {
  if (!options.is_forced && !is_confirmed(options.all)) return 0;
  (void)context.identity();  // layers have files of ids that are not the caller's
  snapshotter::Store& store = context.store();
  std::vector<config::Descriptor> images;
  const snapshotter::Store::Garbage garbage =
      context.explaining([] { return "system prune"; },
                         [&] {
                           images = snapshotter::unused_images(store, options.all);
                           snapshotter::forget_images(store, images);
                           return store.collect(true);
                         });
  print(describe(images, garbage));
  print(sys::format("Total reclaimed space: {}\n", config::human_size(garbage.bytes, 4)));
  return 0;
}

}  // namespace

Command system_prune_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Remove what no image and no container needs",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->all,
                 "Remove all images without a container, not only "
                 "those without a name"},
                {"-f,--force", &options->is_forced, "Don't ask"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
