// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/hash.h"
#include "sys/capability.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/userns.h"

namespace contract {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 24;

void describe(int dir, const std::string& path, std::string& text) {
  for (const sys::Entry& entry : sys::list_entries(dir, 100000)) {
    const struct stat status = *sys::entry_status(dir, entry.name);
    text += sys::format("{}/{} {:o} {}:{} {} links {} size {} time {}.{} change {}.{}", path,
                        entry.name, status.st_mode, status.st_uid, status.st_gid, status.st_rdev,
                        status.st_nlink, S_ISDIR(status.st_mode) ? 0 : status.st_size,
                        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                        status.st_ctim.tv_nsec);
    for (const auto& [name, value] : sys::entry_attributes(dir, entry.name, kMaxFile)) {
      text += sys::format(" {}={}", name, config::digest_of(value).hex);
    }
    if (S_ISLNK(status.st_mode)) text += " to " + sys::read_link_at(dir, entry.name);
    if (S_ISREG(status.st_mode)) {
      text += " " + config::digest_of(sys::read_file_at(dir, entry.name, kMaxFile)).hex;
    }
    text += '\n';
    if (S_ISDIR(status.st_mode)) {
      describe(sys::open_directory(dir, entry.name)->get(), path + "/" + entry.name, text);
    }
  }
}

// A directory in which a root is attached while the object lives.
class Attached {
 public:
  Attached(const sys::Fd& root, const std::string& path) : path_(path) {
    const sys::Fd target = sys::open_path(path, O_PATH | O_DIRECTORY);
    sys::attach_mount(root.get(), target.get());
  }
  ~Attached() { (void)::umount2(path_.c_str(), MNT_DETACH); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<snapshotter::Driver> Overlay::make(const snapshotter::Mapping& mapping) {
  return snapshotter::make_driver(snapshotter::DriverKind::kOverlay, mapping);
}
std::unique_ptr<snapshotter::Driver> OverlayOnePage::make(const snapshotter::Mapping& mapping) {
  return snapshotter::make_overlay_driver(mapping, sys::OverlayInterface::kPage);
}
std::unique_ptr<snapshotter::Driver> Fuse::make(const snapshotter::Mapping& mapping) {
  return snapshotter::make_driver(snapshotter::DriverKind::kFuseOverlayfs, mapping);
}
std::unique_ptr<snapshotter::Driver> Copy::make(const snapshotter::Mapping& mapping) {
  return snapshotter::make_driver(snapshotter::DriverKind::kCopy, mapping);
}

Scene::Scene(const std::string& directory, const snapshotter::Mapping& mapping, MakeDriver make)
    : directory_(directory), mapping_(mapping), driver_(make(mapping)) {
  support::make_directory(path("layers"));
  support::make_directory(path("snapshot"));
  support::make_directory(path("root"));
  snapshot_ = sys::open_path(path("snapshot"), O_RDONLY | O_DIRECTORY);
}

void Scene::add_layer(const std::string& line) {
  const std::string layer = path("layers/") + std::to_string(layers_.size());
  support::make_directory(layer);
  const std::string setup =
      "WHITEOUT() { mknod \"$1\" c 0 0; }\n"
      "OPAQUE() { setfattr -n " +
      mapping_.overlay_prefix + "opaque -v y \"$1\"; }\nset -e\n";
  const support::Result result = support::run({"sh", "-c", setup + line}, {.cwd = layer});
  support::expect(result.exit_code == 0, "layer: " + result.all());
  layers_.push_back(sys::open_path(layer, O_RDONLY | O_DIRECTORY));
}

snapshotter::LayerStack Scene::layers() const {
  snapshotter::LayerStack stack;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
    stack.push_back(layer->get());
  return stack;
}

void Scene::prepare() { driver_->prepare(snapshot(), layers()); }

support::Result Scene::try_in_root(const std::string& line, bool read_only) {
  const sys::Fd mount = root(read_only);
  const Attached attached(mount, path("root"));
  return support::run({"sh", "-c", "set -e\n" + line}, {.cwd = path("root")});
}

std::string Scene::in_root(const std::string& line, bool read_only) {
  const support::Result result = try_in_root(line, read_only);
  support::expect(result.exit_code == 0, "in the root: " + result.all());
  return result.out;
}

void Scene::add_busybox_layer() {
  add_layer(
      "mkdir -p bin proc dev etc; cp /bin/busybox bin/busybox;"
      "for name in $(bin/busybox --list); do [ -e bin/$name ] || ln -s busybox bin/$name; done");
}

support::Result Scene::attack(const std::string& line, bool read_only, bool is_image) {
  const sys::Fd mount = driver_->root(is_image ? -1 : snapshot(), layers(), read_only);
  const Attached attached(mount, path("root"));
  // pivot_root in a namespace of its own: the old root goes, and every descriptor is closed on
  // exec.
  const std::string enter =
      "mount --make-rprivate / && cd \"$1\" && pivot_root . . && umount -l . && exec /bin/sh -s";
  return support::run({"unshare", "-mpf", "sh", "-c", enter, "sh", path("root")},
                      {.input = line, .timeout = std::chrono::seconds(60)});
}

std::string Scene::changes() {
  std::string text;
  for (const snapshotter::Change& change : driver_->changes(snapshot(), layers())) {
    text += "CAD"[static_cast<int>(change.kind)];
    text += " " + change.path + "\n";
  }
  return text;
}

void Scene::expect_changes(const std::string& expected) {
  const std::string found = changes();
  support::expect(found == expected, "changes:\n" + found + "instead of:\n" + expected);
}

std::string Scene::layers_in_full() const {
  std::string text;
  const sys::Fd layers = sys::open_path(path("layers"), O_RDONLY | O_DIRECTORY);
  describe(layers.get(), "", text);
  return text;
}

std::vector<std::string> identities() {
  if (support::needs::root.is_met()) return {"root", "range"};
  std::vector<std::string> names;
  if (!support::is_missing(support::needs::range)) names.emplace_back("range");
  if (!support::is_missing(support::needs::single)) names.emplace_back("single");
  return names;
}

snapshotter::Mapping enter(const std::string& identity) {
  const sys::Procfs proc = sys::Procfs::open();
  snapshotter::Mapping mapping = {.uids = sys::own_uid_map(proc), .gids = sys::own_gid_map(proc)};
  if (identity == "root") {
    mapping.overlay_prefix = "trusted.overlay.";
  } else {
    mapping.uids = {{.inside = 0, .outside = sys::effective_uid(), .count = 1}};
    mapping.gids = {{.inside = 0, .outside = sys::effective_gid(), .count = 1}};
  }
  if (identity == "range") {
    mapping.uids.push_back(support::subordinate_uids());
    mapping.gids.push_back(support::subordinate_gids());
    const sys::Fd space = sys::make_user_namespace(proc, mapping.uids, mapping.gids);
    sys::join(space.get(), CLONE_NEWUSER);
    sys::become({.uid = 0, .gid = 0, .groups = {}}, true, true);
  } else if (identity == "single") {
    mapping.ownership = snapshotter::Ownership::kRecorded;
    sys::unshare(CLONE_NEWUSER);
    sys::write_id_maps(proc, "self", mapping.uids, mapping.gids, true);
  }
  sys::unshare(CLONE_NEWNS);
  sys::set_root_propagation(MS_PRIVATE, true);
  return mapping;
}

std::string run_as_each(Scene::MakeDriver make, const Part& part) {
  for (const std::string& identity : identities()) {
    const support::TempDirectory directory;
    ::chmod(directory.path().c_str(), 0755);
    const std::string error = support::in_child([&] {
      const snapshotter::Mapping mapping = enter(identity);
      Scene scene(directory.path(), mapping, make);
      part(scene);
    });
    if (!error.empty()) return identity + ": " + error;
  }
  return {};
}

}  // namespace contract
