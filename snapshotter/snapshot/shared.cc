// SPDX-License-Identifier: Apache-2.0
// What more than one driver needs.
#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>

#include "snapshotter/snapshot/drivers.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxAttributeBytes = std::size_t{1} << 20;
constexpr std::array<std::string_view, 4> kInternal = {"user.overlay.", "trusted.overlay.",
                                                       "user.fuseoverlayfs.", "security.selinux"};

}  // namespace

void check_layer_count(const LayerStack& layers) {
  if (layers.size() <= kMaxLayers) return;
  sys::Error error(
      sys::format("{} layers, but a container can have {}", layers.size(), kMaxLayers));
  error.set_hint("an image of one layer with the same files: `tilla export` and `tilla import`");
  throw error;
}

void copy_attributes(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  for (const auto& attribute : sys::entry_attributes(from_dir, from, kMaxAttributeBytes)) {
    const auto& [name, value] = attribute;
    const bool is_internal = std::ranges::any_of(kInternal, [&](std::string_view prefix) {
      return attribute.first.starts_with(prefix);  // clang takes no binding in here
    });
    // What can't be set there was set by somebody with more powers than we have.
    if (!is_internal) (void)sys::set_entry_attribute(to_dir, to, name, value);
  }
}

void dress_root(int root, const LayerStack& layers) {
  if (layers.empty()) return;
  copy_attributes(layers.front(), "", root, "");
  sys::set_entry_status(root, "", sys::status_of(layers.front()));
}

void prepare_upper(int directory, const LayerStack& layers) {
  check_layer_count(layers);
  sys::make_directory_at(directory, "upper", 0755);
  sys::make_directory_at(directory, "work", 0700);
  const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
  dress_root(upper.get(), layers);
}

std::vector<sys::Fd> upper_sources(int directory, const LayerStack& layers) {
  std::vector<sys::Fd> sources;
  sources.push_back(sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY));
  for (const int layer : layers) sources.push_back(sys::duplicate(layer));
  return sources;
}

sys::Fd clone_directory(int directory, bool read_only) {
  sys::Fd mount = sys::clone_mount(directory, false);
  if (read_only) sys::set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY, 0, false);
  return mount;
}

}  // namespace snapshotter
