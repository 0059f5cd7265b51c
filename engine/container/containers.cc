// SPDX-License-Identifier: Apache-2.0
#include "engine/container/containers.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "config/container_options.h"
#include "config/mount_options.h"
#include "config/platform.h"
#include "config/process_merge.h"
#include "engine/image/ensure_layers.h"
#include "engine/image/lookup.h"
#include "snapshotter/content/layout.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace engine {
namespace {

using snapshotter::DriverKind;

constexpr const char* kDirectory = "container";  // in staging
constexpr const char* kSnapshot = "snapshot";    // stored
constexpr const char* kRecord = "record.json";   // stored
constexpr const char* kBundle = "bundle";        // stored
constexpr const char* kRootfs = "rootfs";
constexpr const char* kNamesLock = "container-names";
constexpr std::size_t kShortId = 12;
constexpr int kNameAttempts = 100;

std::string random_id() {
  std::string id;
  for (int i = 0; i < 4; ++i) id += sys::random_name();
  return id;
}

std::optional<ContainerRecord> read_record(int folder, const std::string& id) {
  const auto directory = sys::open_at_if_exists(folder, id, O_PATH | O_DIRECTORY);
  if (!directory) return std::nullopt;
  const auto text = sys::read_file_at_if_exists(directory->get(), kRecord, kMaxRecordBytes);
  if (!text) return std::nullopt;
  ContainerRecord record = parse_record(*text, sys::format("record of container {}", id));
  if (record.id != id) {
    throw sys::Error(sys::format("record of container {} is that of {}", id, record.id));
  }
  return record;
}

// What the image has to say for the record, and its layers, which are there afterwards.
config::ContainerConfig use_image(const Workshop& workshop, const std::string& text,
                                  snapshotter::Lease& lease, ContainerRecord& record) {
  const FoundImage found = find_stored(workshop.store, text);
  lease.keep(found.descriptor.digest);
  const config::Platform platform = config::native_platform();
  const auto image = find_image(found.descriptor, platform, documents_of(workshop.store));
  if (!image) {
    throw sys::Error(sys::format("\"{}\" has no image for {}", sys::terminal_safe(text),
                                 config::to_text(platform)));
  }
  record.image_id = image->id();
  record.manifest = image->descriptor.digest;
  record.chain_ids = chain_ids(image->config.diff_ids);
  ensure_layers(workshop, image->manifest, image->config, lease);
  return image->config.config;
}

// Where an image or a flag wants a volume that nobody has named. INV-9: an image gets none that
// would cover what the runtime mounts.
void add_volumes(const config::ContainerOptions& options, const config::ContainerConfig& image,
                 ContainerRecord& record) {
  std::vector<std::string> taken;
  const auto add = [&](const std::string& target) {
    record.volumes.push_back({.target = target, .name = random_id()});
  };
  for (const config::VolumeRequest& volume : options.volumes) {
    taken.push_back(sys::RelPath::parse(volume.target).str());
    if (volume.kind == config::VolumeKind::kVolume && volume.source.empty()) add(volume.target);
  }
  for (const std::string& wanted : image.volumes) {
    const std::string path = sys::RelPath::parse(wanted).str();
    if (std::ranges::find(taken, path) != taken.end()) continue;
    const std::string first = path.substr(0, path.find('/'));
    if (path.empty() || first == "proc" || first == "sys" || first == "dev") {
      throw sys::Error(sys::format("the image wants a volume on \"{}\", which is not for images",
                                   sys::terminal_safe(wanted)));
    }
    taken.push_back(path);
    add("/" + path);
  }
}

std::string choose_name(const std::vector<ContainerRecord>& others, const std::string& wanted) {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::find(others, name, &ContainerRecord::name) != others.end();
  };
  if (!wanted.empty()) {
    const auto other = std::ranges::find(others, wanted, &ContainerRecord::name);
    if (other == others.end()) return wanted;
    sys::Error error(sys::format("the name \"{}\" is taken by container {}", wanted,
                                 other->id.substr(0, kShortId)),
                     EEXIST);
    error.set_hint("`tilla rm` removes that one; without --name one is made up");
    throw error;
  }
  for (int attempt = 0;; ++attempt) {
    std::uint64_t seed = 0;
    const std::string random = sys::random_name();
    (void)std::from_chars(random.data(), random.data() + random.size(), seed, 16);
    std::string name = random_container_name(seed);
    if (attempt >= kNameAttempts) name += "_" + random.substr(0, 4);
    if (!is_taken(name)) return name;
  }
}

void check_name(const std::string& name) {
  if (is_container_name(name)) return;
  throw sys::Error(sys::format(
      "\"{}\" can't be a container's name: two or more letters, digits, \"_\", \".\" or \"-\", the "
      "first a letter or digit",
      sys::terminal_safe(name)));
}

struct Rootfs {
  std::string path;
  bool is_overlay = false;
};
// A directory of the host's as the root.
std::optional<Rootfs> rootfs_of(const ContainerRecord& record) {
  const config::ContainerOptions options = config::read_options({.rootfs = record.flags.rootfs});
  if (options.rootfs.empty()) return std::nullopt;
  return Rootfs{.path = options.rootfs, .is_overlay = options.is_rootfs_overlay};
}

std::vector<sys::Fd> open_layers(const snapshotter::Store& store,
                                 const snapshotter::Mapping& mapping,
                                 const ContainerRecord& record) {
  std::vector<sys::Fd> layers;
  if (const auto rootfs = rootfs_of(record); rootfs && rootfs->is_overlay) {
    layers.push_back(sys::open_path(rootfs->path, O_RDONLY | O_DIRECTORY));
  }
  for (auto id = record.chain_ids.rbegin(); id != record.chain_ids.rend(); ++id) {
    layers.push_back(store.open_layer(mapping, *id));
  }
  return layers;
}

snapshotter::LayerStack stack_of(const std::vector<sys::Fd>& layers) {
  snapshotter::LayerStack stack;
  for (const sys::Fd& layer : layers) stack.push_back(layer.get());
  return stack;
}

}  // namespace

DriverKind choose_driver(snapshotter::Store& store, const snapshotter::Mapping& mapping,
                         const std::string& forced) {
  const snapshotter::Staging staging = store.stage();  // where nobody sweeps
  std::string reasons;
  for (const DriverKind kind :
       {DriverKind::kOverlay, DriverKind::kFuseOverlayfs, DriverKind::kCopy}) {
    if (!forced.empty() && name_of(kind) != forced) continue;
    const snapshotter::DriverProbe probe = snapshotter::probe_driver(kind, staging.fd(), mapping);
    if (probe.works) return kind;
    reasons += sys::format("; {}: {}", name_of(kind), probe.reason);
  }
  if (reasons.empty()) {
    throw sys::Error(sys::format("there is no driver \"{}\"", sys::terminal_safe(forced)));
  }
  throw sys::Error("no driver for snapshots works here" + reasons);
}

namespace {

// In a user namespace the kernel lays nothing over a directory with mounts below it, for it would
// uncover what they hide (EINVAL); fuse-overlayfs shows them as they are.
DriverKind choose_for(snapshotter::Store& store, const snapshotter::Mapping& mapping,
                      const std::string& forced, const config::ContainerOptions& options) {
  const bool is_host_root = mapping.overlay_prefix != "user.overlay.";
  if (!forced.empty() || is_host_root || !options.is_rootfs_overlay) {
    return choose_driver(store, mapping, forced);
  }
  const sys::Fd root = sys::open_path(options.rootfs, O_PATH | O_DIRECTORY);
  return choose_driver(store, mapping,
                       sys::is_mount_root(root.get()) ? "fuse-overlayfs" : std::string());
}

}  // namespace

CreatedContainer create_container(const Workshop& workshop, const CreateOptions& options) {
  if (!options.name.empty()) check_name(options.name);
  const config::ContainerOptions meant = config::read_options(options.flags);
  snapshotter::Store& store = workshop.store;
  snapshotter::Lease lease = store.lease();
  CreatedContainer created = {
      .record = {.id = random_id(),
                 .name = options.name,
                 .image = options.image,
                 .image_id = {},
                 .manifest = {},
                 .chain_ids = {},
                 .driver = choose_for(store, workshop.mapping, options.driver, meant),
                 .mapping = workshop.mapping.key(),
                 .created = creation_time(),
                 .command = options.command,
                 .is_read_only = meant.is_read_only,
                 .program = {},
                 .flags = options.flags,
                 .volumes = {}},
      .image = {}};
  ContainerRecord& record = created.record;
  if (meant.rootfs.empty() && options.image != "scratch") {
    created.image = use_image(workshop, options.image, lease, record);
  }
  if (!(created.image.entrypoint.empty() && created.image.cmd.empty() && options.command.empty() &&
        meant.entrypoint.value_or("").empty())) {
    record.program = config::merge_program({.image_entrypoint = created.image.entrypoint,
                                            .image_cmd = created.image.cmd,
                                            .entrypoint = meant.entrypoint,
                                            .arguments = options.command});
  }
  add_volumes(meant, created.image, record);
  snapshotter::Staging staging = store.stage();
  sys::make_directory_at(staging.fd(), kDirectory, 0700);
  const sys::Fd directory = sys::open_at(staging.fd(), kDirectory, O_RDONLY | O_DIRECTORY);
  make_bundle_directories(directory.get());
  sys::make_directory_at(directory.get(), kSnapshot, 0700);
  const sys::Fd snapshot = sys::open_at(directory.get(), kSnapshot, O_RDONLY | O_DIRECTORY);
  const std::vector<sys::Fd> layers = open_layers(store, workshop.mapping, record);
  snapshotter::make_driver(record.driver, workshop.mapping)
      ->prepare(snapshot.get(), stack_of(layers));
  const sys::Fd locks =
      snapshotter::layout::open_directory(store.directory(), snapshotter::layout::kLocks);
  // Until it is there for all to see, or two would get one name.
  const sys::Fd lock = sys::lock_name(locks.get(), kNamesLock);
  record.name = choose_name(list_containers(store), options.name);
  sys::create_file_at(directory.get(), kRecord, write_record(record), 0600);
  if (!store.add_container(staging, kDirectory, record.id, !meant.is_removed)) {
    throw sys::Error("two containers got one random id");
  }
  return created;
}

void rename_container(snapshotter::Store& store, const std::string& container,
                      const std::string& name) {
  check_name(name);
  const sys::Fd locks =
      snapshotter::layout::open_directory(store.directory(), snapshotter::layout::kLocks);
  const sys::Fd lock = sys::lock_name(locks.get(), kNamesLock);
  ContainerRecord record = find_container(store, container);
  record.name = choose_name(list_containers(store), name);
  store.write_record(record.id, write_record(record));
}

config::ContainerConfig image_config(const snapshotter::Store& store,
                                     const ContainerRecord& record) {
  if (record.image_id.empty()) return {};
  return config::read_image_config(store.read_blob(record.image_id, kMaxDocumentBytes),
                                   sys::format("configuration of image {}", record.image_id.text()))
      .config;
}

std::vector<ContainerRecord> list_containers(const snapshotter::Store& store) {
  std::vector<ContainerRecord> records;
  const sys::Fd folder = store.containers();
  for (const std::string& id : sys::list_directory(folder.get())) {
    if (auto record = read_record(folder.get(), id)) records.push_back(std::move(*record));
  }
  std::ranges::stable_sort(records, std::ranges::greater(), &ContainerRecord::created);
  return records;
}

std::optional<ContainerRecord> find_container_if_exists(const snapshotter::Store& store,
                                                        const std::string& text) {
  std::vector<ContainerRecord> records = list_containers(store);
  std::vector<const ContainerRecord*> found;
  for (const ContainerRecord& record : records) {
    if (record.name == text || record.id == text) return record;
    if (!text.empty() && record.id.starts_with(text)) found.push_back(&record);
  }
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    throw sys::Error(sys::format("{} containers have ids that begin with \"{}\"", found.size(),
                                 sys::terminal_safe(text)));
  }
  return *found.front();
}

ContainerRecord find_container(const snapshotter::Store& store, const std::string& text) {
  std::optional<ContainerRecord> record = find_container_if_exists(store, text);
  if (!record) {
    throw sys::Error(sys::format("no such container: {}", sys::terminal_safe(text)), ENOENT);
  }
  return std::move(*record);
}

sys::Fd make_bundle_directories(int container) {
  sys::make_directory_at(container, kBundle, 0700);
  sys::Fd bundle = sys::open_at(container, kBundle, O_RDONLY | O_DIRECTORY);
  sys::make_directory_at(bundle.get(), kRootfs, 0755);
  return bundle;
}

sys::Fd OpenContainer::root(bool is_read_only) const {
  const auto rootfs = rootfs_of(record);
  if (!rootfs || rootfs->is_overlay) return driver->root(snapshot.get(), stack(), is_read_only);
  // As it is, and what is mounted below it.
  sys::Fd mount = sys::clone_mount(AT_FDCWD, rootfs->path, true);
  if (is_read_only) sys::set_mount_attributes(mount.get(), config::kMountAttrRdonly, 0, true);
  return mount;
}

snapshotter::LayerStack OpenContainer::stack() const { return stack_of(layers); }

std::vector<int> OpenContainer::source_owners() const {
  std::vector<int> numbers = {-1};  // of what the container itself has made
  for (const auto& sidecar : owners) numbers.push_back(sidecar ? sidecar->get() : -1);
  return numbers;
}

OpenContainer open_container(const snapshotter::Store& store, const snapshotter::Mapping& mapping,
                             const ContainerRecord& record) {
  if (record.mapping != mapping.key()) {
    sys::Error error(
        sys::format("container \"{}\" was made with the ids \"{}\", and ours are \"{}\"",
                    record.name, record.mapping, mapping.key()));
    error.set_hint("TILLA_IDENTITY chooses: root, nested, range or single");
    throw error;
  }
  const sys::Fd directory = sys::open_at(store.containers().get(), record.id, O_PATH | O_DIRECTORY);
  OpenContainer container = {
      .record = record,
      .driver = snapshotter::make_driver(record.driver, mapping),
      .snapshot = sys::open_at(directory.get(), kSnapshot, O_RDONLY | O_DIRECTORY),
      .layers = open_layers(store, mapping, record),
      .owners = {}};
  for (auto id = record.chain_ids.rbegin(); id != record.chain_ids.rend(); ++id) {
    container.owners.push_back(store.open_owners(mapping, *id));
  }
  return container;
}

}  // namespace engine
