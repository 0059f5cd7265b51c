// SPDX-License-Identifier: Apache-2.0
#include "engine/container/volumes.h"

#include <fcntl.h>

#include "config/container_options.h"
#include "config/json_object.h"
#include "engine/image/workshop.h"
#include "snapshotter/snapshot/drivers.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace engine {
namespace {

constexpr const char* kVolumes = "volumes";     // stored
constexpr const char* kRecord = "volume.json";  // stored
constexpr const char* kFiles = "_data";         // stored; docker's name
constexpr std::uint64_t kVersion = 1;           // stored
constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

std::optional<sys::Fd> open_folder(const snapshotter::Store& store) {
  return sys::open_at_if_exists(store.directory(), kVolumes, O_RDONLY | O_DIRECTORY);
}

std::string write_record(const Volume& volume) {
  return config::write_json(config::JsonObject()
                                .add("version", kVersion)
                                .add("name", volume.name)
                                .add("created", volume.created)
                                .add("anonymous", volume.is_anonymous)
                                .add("labels", volume.labels)
                                .take(),
                            "  ") +
         "\n";
}

Volume parse_record(const std::string& text, const std::string& name) {
  const std::string document = sys::format("record of volume {}", name);
  const config::Json json = config::parse_json(text, document);
  const config::Reader reader(json, document);
  std::uint64_t version = 0;
  reader.get_required("version", version);
  if (version > kVersion) {
    throw sys::Error(
        sys::format("{}: version {}, and this tilla knows {}", document, version, kVersion));
  }
  Volume volume = {.name = name};
  reader.get("created", volume.created);
  reader.get("anonymous", volume.is_anonymous);
  reader.get("labels", volume.labels);
  return volume;
}

}  // namespace

bool make_volume(const snapshotter::Store& store, const Volume& volume) {
  (void)sys::make_directory_at(store.directory(), kVolumes, 0700);
  const sys::Fd folder = *open_folder(store);
  if (sys::open_at_if_exists(folder.get(), volume.name, O_PATH | O_DIRECTORY)) return false;
  const std::string name = "." + sys::random_name();  // until it is whole
  sys::make_directory_at(folder.get(), name, 0700);
  const sys::Fd directory = sys::open_at(folder.get(), name, O_RDONLY | O_DIRECTORY);
  sys::make_directory_at(directory.get(), kFiles, 0755);
  Volume made = volume;
  if (made.created.empty()) made.created = creation_time();
  sys::create_file_at(directory.get(), kRecord, write_record(made), 0600);
  if (sys::move_at_if_free(folder.get(), name, folder.get(), volume.name)) return true;
  (void)sys::remove_what_we_may(folder.get(), name);
  return false;
}

std::optional<Volume> find_volume(const snapshotter::Store& store, const std::string& name) {
  const auto folder = open_folder(store);
  if (!folder || !config::is_volume_name(name)) return std::nullopt;
  const auto directory = sys::open_at_if_exists(folder->get(), name, O_PATH | O_DIRECTORY);
  if (!directory) return std::nullopt;
  return parse_record(sys::read_file_at(directory->get(), kRecord, kMaxRecord), name);
}

std::vector<Volume> list_volumes(const snapshotter::Store& store) {
  std::vector<Volume> volumes;
  const auto folder = open_folder(store);
  if (!folder) return volumes;
  for (const std::string& name : sys::list_directory(folder->get())) {
    if (auto volume = find_volume(store, name)) volumes.push_back(std::move(*volume));
  }
  return volumes;
}

bool remove_volume(const snapshotter::Store& store, const std::string& name) {
  const auto folder = open_folder(store);
  if (!folder || !config::is_volume_name(name)) return false;
  const std::string gone = "." + sys::random_name();
  if (!sys::move_if_we_may(folder->get(), name, folder->get(), gone)) return false;
  (void)sys::remove_what_we_may(folder->get(), gone);
  return true;
}

std::string volume_path(const snapshotter::Store& store, const std::string& name) {
  return sys::format("{}/{}/{}/{}", store.path(), kVolumes, name, kFiles);
}

void fill_volume(const snapshotter::Store& store, const std::string& name,
                 const snapshotter::Mapping& mapping, int root, const std::string& target) {
  const sys::Fd files = sys::open_path(volume_path(store, name), O_RDONLY | O_DIRECTORY);
  if (!sys::list_directory(files.get()).empty()) return;
  // INV-1: the image says what is at `target`, and may have a symlink there.
  const auto from = sys::open_in_root_if_exists(root, sys::RelPath::parse(target),
                                                O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!from || !sys::is_directory(from->get())) return;
  const snapshotter::LayerStack stack = {from->get()};
  snapshotter::copy_tree(stack, mapping, files.get());
  snapshotter::dress_root(files.get(), stack);
}

}  // namespace engine
