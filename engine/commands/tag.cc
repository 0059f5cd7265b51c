// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/platform.h"
#include "config/reference.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/image/lookup.h"
#include "sys/error.h"

namespace engine {
namespace {

struct Options {
  std::string source, target;
};

std::string parse_target(const std::string& text) {
  const config::Reference name = config::parse_reference(text);
  if (name.digest) throw sys::Error("refusing to create a tag with a digest reference", EINVAL);
  if (config::is_scratch(name)) throw sys::Error("'scratch' is a reserved name", EINVAL);
  return name.text();
}

int run(Context& context, const Options& options) {
  const std::string target = parse_target(options.target);
  snapshotter::Store& store = context.store();
  const std::vector<ImageRecord> images = list_images(store, config::native_platform());
  const ImageMatch match = resolve_image(images, options.source);
  const config::Descriptor& entry = match.image->entries[match.entry];
  // Nothing may prune it until it has its name.
  snapshotter::Lease lease = store.lease();
  lease.keep(entry.digest);
  if (!store.has_blob(entry.digest)) {
    throw sys::Error("no such image: " + options.source, ENOENT);
  }
  store.update_index([&](config::Index& index) { put_image(index, entry, target); });
  return 0;
}

}  // namespace

Command tag_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Give an image another name",
      .usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
      .positionals = {{"SOURCE", &options->source}, {"TARGET", &options->target}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
