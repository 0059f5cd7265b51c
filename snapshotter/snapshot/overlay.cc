// SPDX-License-Identifier: Apache-2.0
// The kernel's overlay. A snapshot is "upper" and "work" in its directory.
#include <fcntl.h>
#include <sys/mount.h>

#include "snapshotter/snapshot/drivers.h"
#include "sys/error.h"
#include "sys/mount.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

class OverlayDriver : public Driver {
 public:
  OverlayDriver(Mapping mapping, sys::OverlayInterface interface)
      : mapping_(std::move(mapping)), interface_(interface) {}

  std::string_view name() const override { return "overlay"; }

  void prepare(int directory, const LayerStack& layers) override {
    prepare_upper(directory, layers);
  }

  sys::Fd root(int directory, const LayerStack& layers, bool read_only) override {
    check_layer_count(layers);
    if (read_only) return read_only_root(directory, layers);
    const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    if (layers.empty()) return clone_directory(upper.get(), false);  // overlay wants a layer
    const sys::Fd work = sys::open_at(directory, "work", O_RDONLY | O_DIRECTORY);
    return sys::make_overlay(
        {.lowers = layers, .upper = upper.get(), .work = work.get(), .options = options()},
        interface_);
  }

  std::vector<Change> changes(int directory, const LayerStack& layers) override {
    const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    return overlay_changes(upper.get(), layers, mapping_);
  }

  std::vector<Change> entries(int directory, const LayerStack& layers) override {
    const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    return overlay_entries(upper.get(), layers, mapping_);
  }

  std::vector<sys::Fd> sources(int directory, const LayerStack& layers) override {
    return upper_sources(directory, layers);
  }

 private:
  // What a kernel's configuration may have as the default is said all the same: an index and
  // metacopies make an upper directory depend on more than itself, and redirects in it could lead
  // anywhere in the layers ("nofollow": neither made nor followed; "off" may follow).
  std::vector<std::string> options() const {
    std::vector<std::string> all = {"index=off", "metacopy=off", "redirect_dir=nofollow"};
    if (mapping_.overlay_prefix == "user.overlay.") all.emplace_back("userxattr");
    return all;
  }

  sys::Fd read_only_root(int directory, const LayerStack& layers) const {
    if (directory < 0 && layers.empty()) {
      throw sys::Error("an image without layers has nothing to show");
    }
    sys::Fd upper;
    LayerStack lowers = layers;
    if (directory >= 0) {
      upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
      if (layers.empty()) return clone_directory(upper.get(), true);
      lowers.insert(lowers.begin(), upper.get());
    }
    if (lowers.size() > 1) return read_only_overlay(lowers);
    // A clone of the layer's mount could be made writable again by root of this user namespace.
    const sys::EmptyLayer empty(lowers.front());
    lowers.insert(lowers.begin(), empty.fd());
    return read_only_overlay(std::move(lowers));
  }

  sys::Fd read_only_overlay(LayerStack lowers) const {
    sys::Fd mount =
        sys::make_overlay({.lowers = std::move(lowers), .options = options()}, interface_);
    sys::set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY, 0, false);
    return mount;
  }

  Mapping mapping_;
  sys::OverlayInterface interface_;
};

}  // namespace

std::unique_ptr<Driver> make_overlay_driver(const Mapping& mapping,
                                            sys::OverlayInterface interface) {
  return std::make_unique<OverlayDriver>(mapping, interface);
}

}  // namespace snapshotter
