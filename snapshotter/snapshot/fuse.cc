// SPDX-License-Identifier: Apache-2.0
// fuse-overlayfs, for where the kernel refuses overlay. We make the mount ourselves, detached, and
// hand the program the open device: it serves, from a mount namespace of its own, until the last
// mount of it is gone, and ends by itself. A snapshot is "upper" and "work" in its directory.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "snapshotter/snapshot/drivers.h"
#include "sys/detached.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

constexpr const char* kProgram = "fuse-overlayfs";
constexpr std::size_t kMaxWords = 4096;

// As paths of the descriptors that the program gets: short, and with nothing to escape.
struct Directories {
  std::string options;
  std::vector<int> fds;

  void add(std::string_view key, const std::vector<int>& directories) {
    if (directories.empty()) return;
    if (!options.empty()) options += ',';
    options += key;
    char separator = '=';
    for (const int directory : directories) {
      options += separator + sys::fd_path(directory);
      fds.push_back(directory);
      separator = ':';
    }
  }
};

sys::Fd mount_fuse(Directories directories) {
  const std::optional<std::string> program = sys::find_program(kProgram);
  if (!program) {
    sys::Error error("there is no fuse-overlayfs in PATH", ENOENT);
    error.set_hint("install Debian's package \"fuse-overlayfs\"");
    throw error;
  }
  sys::Fd device = sys::open_path("/dev/fuse", O_RDWR);
  sys::Fd mount = sys::make_fuse(device.get(), kProgram);
  sys::Pipe words = sys::make_pipe();
  directories.fds.push_back(device.get());
  sys::start_detached(
      {.argv = {*program, "-f", "-o", directories.options, sys::format("/dev/fd/{}", device.get())},
       .fds = directories.fds,
       .error_output = words.write_end.get(),
       // Where the mount will be attached, the program would hold it for ever.
       .namespaces = CLONE_NEWNS});
  device.reset();  // the program's alone: without it the mount answers ENOTCONN, and never hangs
  words.write_end.reset();
  try {
    (void)sys::status_of(mount.get());  // answered when it serves
  } catch (const sys::Error&) {         // its own words say more
    const std::string said = sys::read_some(words.read_end.get(), kMaxWords);
    throw sys::Error(sys::format("{} doesn't serve: {}", *program, said.empty() ? "ended" : said));
  }
  return mount;
}

class FuseDriver : public Driver {
 public:
  explicit FuseDriver(Mapping mapping) : mapping_(std::move(mapping)) {}

  std::string_view name() const override { return kProgram; }

  void prepare(int directory, const LayerStack& layers) override {
    prepare_upper(directory, layers);
  }

  sys::Fd root(int directory, const LayerStack& layers, bool read_only) override {
    check_layer_count(layers);
    Directories directories;
    sys::Fd upper, work;
    if (directory >= 0) upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    if (layers.empty()) {
      if (!upper) throw sys::Error("an image without layers has nothing to show");
      return clone_directory(upper.get(), read_only);
    }
    std::vector<int> lowers = layers;
    if (read_only) {
      if (upper) lowers.insert(lowers.begin(), upper.get());
    } else {
      work = sys::open_at(directory, "work", O_RDONLY | O_DIRECTORY);
      directories.add("upperdir", {upper.get()});
      directories.add("workdir", {work.get()});
    }
    directories.add("lowerdir", lowers);
    sys::Fd mount = mount_fuse(std::move(directories));
    if (read_only) sys::set_mount_attributes(mount.get(), MOUNT_ATTR_RDONLY, 0, false);
    return mount;
  }

  std::vector<Change> changes(int directory, const LayerStack& layers) override {
    const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    return overlay_changes(upper.get(), layers, mapping_, UpperFormat::kFuseOverlayfs);
  }

  std::vector<Change> entries(int directory, const LayerStack& layers) override {
    const sys::Fd upper = sys::open_at(directory, "upper", O_RDONLY | O_DIRECTORY);
    return overlay_entries(upper.get(), layers, mapping_, UpperFormat::kFuseOverlayfs);
  }

  std::vector<sys::Fd> sources(int directory, const LayerStack& layers) override {
    return upper_sources(directory, layers);
  }

 private:
  Mapping mapping_;
};

}  // namespace

std::unique_ptr<Driver> make_fuse_driver(const Mapping& mapping) {
  return std::make_unique<FuseDriver>(mapping);
}

}  // namespace snapshotter
