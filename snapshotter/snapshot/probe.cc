// SPDX-License-Identifier: Apache-2.0
// Which driver works where the store is: each is tried on two small layers, with all that a
// container will want of it.
#include <fcntl.h>

#include <algorithm>
#include <array>

#include "snapshotter/layer/merged.h"
#include "snapshotter/snapshot/drivers.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"

namespace snapshotter {
namespace {

struct OddFileSystem {
  long magic;
  std::string_view name, trouble;
};
// Source: statfs(2), linux/magic.h, and each one's own documentation.
constexpr std::array<OddFileSystem, 14> kOddFileSystems = {{
    {0x6969, "NFS",
     "it keeps no user.* attributes of others and maps our subordinate ids to nobody"},
    {0xFF534D42, "SMB", "it keeps neither owners nor device marks"},
    {0xFE534D42, "SMB", "it keeps neither owners nor device marks"},
    {0x517B, "SMB", "it keeps neither owners nor device marks"},
    {0x01021997, "9p", "it is a host's directory, whose owners are the host's to decide"},
    {0x0BD00BD0, "Lustre", "its server knows nothing of our subordinate ids"},
    {0x47504653, "GPFS", "its server knows nothing of our subordinate ids"},
    {0x19830326, "BeeGFS", "its server knows nothing of our subordinate ids"},
    {0x00C36400, "Ceph", "its server knows nothing of our subordinate ids"},
    {0x4D44, "FAT", "it keeps neither owners nor links"},
    {0x2011BAB0, "exFAT", "it keeps neither owners nor links"},
    {0xF15F, "eCryptfs", "overlay can't write to it"},
    {0x794C7630, "overlay", "overlay on overlay can't be written to: a container's own root?"},
    {0x01021994, "tmpfs",
     "before Linux 6.6 it takes no user.* attributes; and it is gone at the next boot"},
}};

// What goes wrong there is of the file system: which one, and what to do.
std::string describe_file_system(int directory) {
  const long magic = sys::filesystem_type(directory);
  for (const OddFileSystem& odd : kOddFileSystems) {
    if (odd.magic != magic) continue;
    return sys::format(
        "; the store is on {}: {}. A directory on a local disk (ext4, xfs, btrfs) is better: "
        "--root "
        "DIR, or TILLA_ROOT",
        odd.name, odd.trouble);
  }
  return {};
}

void need(bool is_true, std::string_view what) {
  if (!is_true) throw sys::Error(std::string(what));
}

// A directory that goes with the object.
class Bench {
 public:
  explicit Bench(int parent) : parent_(parent), name_(sys::format(".probe-{}", sys::own_pid())) {
    sys::remove_tree_at(parent_, name_);  // of one who died and had our number
    need(sys::make_directory_at(parent_, name_, 0700), "make a directory to try in");
    directory_ = sys::open_at(parent_, name_, O_RDONLY | O_DIRECTORY);
    for (const char* layer : {"low", "high", "snapshot"}) {
      need(sys::make_directory_at(fd(), layer, 0755), "make a directory to try in");
    }
    low_ = sys::open_at(fd(), "low", O_RDONLY | O_DIRECTORY);
    high_ = sys::open_at(fd(), "high", O_RDONLY | O_DIRECTORY);
    snapshot_ = sys::open_at(fd(), "snapshot", O_RDONLY | O_DIRECTORY);
    sys::make_directory_at(low_.get(), "directory", 0755);
    sys::create_file_at(low_.get(), "file", "low", 0644);
    sys::create_file_at(high_.get(), "other", "high", 0644);
  }
  ~Bench() {
    try {
      sys::remove_tree_at(parent_, name_);
    } catch (const sys::Error&) {  // a destructor; the next one with our number does it
    }
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  int fd() const { return directory_.get(); }
  int snapshot() const { return snapshot_.get(); }
  LayerStack layers() const { return {high_.get(), low_.get()}; }

 private:
  int parent_;
  std::string name_;
  sys::Fd directory_, low_, high_, snapshot_;
};

// What containers do all the time, and what fails where a driver only seems to work.
void try_driver(Driver& driver, const Mapping& mapping, int directory) {
  const Bench bench(directory);
  driver.prepare(bench.snapshot(), bench.layers());
  {
    const sys::Fd root = driver.root(bench.snapshot(), bench.layers(), false);
    need(sys::read_file_at(root.get(), "file", 16) == "low", "a layer's file isn't there");
    need(sys::read_file_at(root.get(), "other", 16) == "high", "a layer's file isn't there");
    need(sys::unlink_at_if_exists(root.get(), "file"), "a layer's file can't be removed");
    sys::remove_tree_at(root.get(), "directory");
    need(sys::make_directory_at(root.get(), "directory", 0755), "a directory can't be replaced");
    sys::create_file_at(root.get(), "new", "new", 0600);
    if (mapping.ownership == Ownership::kMapped) {
      const sys::Fd file = sys::open_at(root.get(), "new", O_RDONLY);
      need(sys::change_owner(file.get(), 1, 1), "files can't be given to other ids");
    }
  }
  const std::vector<Change> changes = driver.changes(bench.snapshot(), bench.layers());
  const auto has = [&](std::string_view path, ChangeKind kind) {
    return std::ranges::any_of(
        changes, [&](const Change& change) { return change.path == path && change.kind == kind; });
  };
  need(has("file", ChangeKind::kDeleted) && has("new", ChangeKind::kAdded),
       "what was changed can't be told afterwards");
}

}  // namespace

std::string_view name_of(DriverKind kind) {
  switch (kind) {
    case DriverKind::kOverlay:
      return "overlay";
    case DriverKind::kFuseOverlayfs:
      return "fuse-overlayfs";
    case DriverKind::kCopy:
      break;
  }
  return "copy";
}

std::optional<DriverKind> parse_driver_kind(std::string_view name) {
  for (const DriverKind kind :
       {DriverKind::kOverlay, DriverKind::kFuseOverlayfs, DriverKind::kCopy}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

DriverProbe probe_driver(DriverKind kind, int directory, const Mapping& mapping) {
  DriverProbe probe = {.kind = kind, .works = false, .reason = {}};
  // That one doesn't work is what we ask for.
  try {
    try_driver(*make_driver(kind, mapping), mapping, directory);
    probe.works = true;
  } catch (const sys::Error& error) {
    probe.reason = error.what();
    if (!error.hint().empty()) probe.reason += " (" + error.hint() + ")";
    probe.reason += describe_file_system(directory);
  }
  return probe;
}

std::vector<DriverProbe> probe_drivers(int directory, const Mapping& mapping) {
  std::vector<DriverProbe> probes;
  for (const DriverKind kind :
       {DriverKind::kOverlay, DriverKind::kFuseOverlayfs, DriverKind::kCopy}) {
    probes.push_back(probe_driver(kind, directory, mapping));
  }
  return probes;
}

std::unique_ptr<Driver> make_driver(DriverKind kind, const Mapping& mapping) {
  switch (kind) {
    case DriverKind::kOverlay:
      return make_overlay_driver(mapping);
    case DriverKind::kFuseOverlayfs:
      return make_fuse_driver(mapping);
    case DriverKind::kCopy:
      break;
  }
  return make_copy_driver(mapping);
}

}  // namespace snapshotter
