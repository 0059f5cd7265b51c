// SPDX-License-Identifier: Apache-2.0
// `mount` and `umount`.
#include <memory>

#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/mounts.h"
#include "engine/image/ensure_layers.h"
#include "engine/image/lookup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

constexpr std::size_t kShortId = 12;

void check_place(std::string_view verb) {
  if (may_mount_here()) return;
  sys::Error error(sys::format("{}: there is no place where you could see it", verb), EPERM);
  error.set_hint(
      "`tilla unshare` gives a shell in which it works, or: tilla unshare tilla mount ...");
  throw error;
}

struct Target {
  std::string id;
  std::optional<ContainerRecord> container;
  std::optional<ImageDocuments> image;
};

// A container by that name, else an image.
Target find_target(const snapshotter::Store& store, const std::string& name) {
  Target target;
  target.container = find_container_if_exists(store, name);
  if (target.container) {
    target.id = target.container->id;
    return target;
  }
  target.image = find_image(find_stored(store, name).descriptor, config::native_platform(),
                            documents_of(store));
  if (!target.image)
    throw sys::Error(
        sys::format("there is no image for {}", config::to_text(config::native_platform())));
  target.id = target.image->id().hex;
  return target;
}

sys::Fd mount_image(const Workshop& workshop, const ImageDocuments& image) {
  snapshotter::Lease lease = workshop.store.lease();
  lease.keep(image.descriptor.digest);
  ensure_layers(workshop, image.manifest, image.config, lease);
  std::vector<sys::Fd> layers;
  snapshotter::LayerStack stack;
  const std::vector<config::Digest> ids = chain_ids(image.config.diff_ids);
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    layers.push_back(workshop.store.open_layer(workshop.mapping, *id));
    stack.push_back(layers.back().get());
  }
  const snapshotter::DriverKind kind = choose_driver(workshop.store, workshop.mapping, "");
  return snapshotter::make_driver(kind, workshop.mapping)->root(-1, stack, true);
}

std::string mount_one(const Workshop& workshop, const std::string& name) {
  const Target target = find_target(workshop.store, name);
  if (const auto path = find_mounted(runtime_directory(), target.id)) return *path;
  const sys::Fd mount = target.container
                            ? open_container(workshop.store, workshop.mapping, *target.container)
                                  .root(target.container->is_read_only)
                            : mount_image(workshop, *target.image);
  return attach_mounted(runtime_directory(), target.id, mount);
}

int mount_all(Context& context, const std::vector<std::string>& names) {
  check_place("mount");
  if (names.empty()) {
    for (const std::string& id : list_mounted(runtime_directory())) {
      print(sys::format("{} {}\n", id.substr(0, kShortId), *find_mounted(runtime_directory(), id)));
    }
    return 0;
  }
  Progress progress(false);
  const Workshop workshop = context.workshop(progress);
  for (const std::string& name : names) {
    const std::string path = context.explaining([&] { return sys::format("mount \"{}\"", name); },
                                                [&] { return mount_one(workshop, name); });
    print(path + "\n");
  }
  return 0;
}

struct UnmountOptions {
  bool is_all = false;
  std::vector<std::string> names;
};

int unmount_all(Context& context, const UnmountOptions& options) {
  check_place("umount");
  (void)context.identity();
  std::vector<std::pair<std::string, std::string>> targets;  // id, and what to call it
  if (options.is_all) {
    for (const std::string& id : list_mounted(runtime_directory())) {
      targets.emplace_back(id, id.substr(0, kShortId));
    }
  }
  for (const std::string& name : options.names) {
    targets.emplace_back(find_target(context.store(), name).id, name);
  }
  if (targets.empty() && !options.is_all) {
    throw UsageError("umount: which one?", 0, "See 'tilla umount --help'.");
  }
  for (const auto& [id, name] : targets) {
    context.explaining([&] { return sys::format("umount \"{}\"", name); },
                       [&] {
                         if (!detach_mounted(runtime_directory(), id))
                           throw sys::Error("it isn't mounted here");
                       });
    print(name + "\n");
  }
  return 0;
}

}  // namespace

Command mount_command() {
  const auto names = std::make_shared<std::vector<std::string>>();
  return {
      .summary = "Mount the root of containers or images, and say where",
      .usage = "[NAME...]",
      .text =
          "In a shell of `tilla unshare`, or as root. Without a name: what is mounted here. An "
          "image's\nroot is read-only.",
      .positionals = {{"NAME", names.get(), true}},
      .run = [names](Context& context) { return mount_all(context, *names); },
  };
}

Command umount_command() {
  const auto options = std::make_shared<UnmountOptions>();
  return {
      .summary = "Take off what `tilla mount` has mounted",
      .usage = "[OPTIONS] NAME...",
      .flags = {{"-a,--all", &options->is_all, "All that are mounted here"}},
      .positionals = {{"NAME", &options->names, true}},
      .run = [options](Context& context) { return unmount_all(context, *options); },
  };
}

}  // namespace engine
