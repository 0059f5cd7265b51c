// SPDX-License-Identifier: Apache-2.0
// The option words of mounts[]: what each asks of the kernel's mount interface. It knows no file
// system: a word that isn't in the table is data for the file system, as the specification has it.
// Source: runtime-spec config.md "Linux mount options", mount_setattr(2), fsconfig(2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

/// The kernel's MOUNT_ATTR_*, under names that don't clash with <linux/mount.h> and <sys/mount.h>.
constexpr uint64_t kMountAttrRdonly = 0x00000001;
constexpr uint64_t kMountAttrNosuid = 0x00000002;
constexpr uint64_t kMountAttrNodev = 0x00000004;
constexpr uint64_t kMountAttrNoexec = 0x00000008;
constexpr uint64_t kMountAttrAtimeField = 0x00000070;  // MOUNT_ATTR__ATIME: a field, not a bit
constexpr uint64_t kMountAttrRelatime = 0x00000000;    // the field's default
constexpr uint64_t kMountAttrNoatime = 0x00000010;
constexpr uint64_t kMountAttrStrictatime = 0x00000020;
constexpr uint64_t kMountAttrNodiratime = 0x00000080;
constexpr uint64_t kMountAttrNosymfollow = 0x00200000;

struct PropagationChange {
  uint64_t type = 0;  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE
  bool recursive = false;
  bool operator==(const PropagationChange&) const = default;
};

/// What a list of options comes to; of options that contradict each other the later one counts.
struct MountOptions {
  /// MOUNT_ATTR_* for this mount alone, ready for mount_setattr: an atime mode in `attr_set` always
  /// has the whole atime field in `attr_clear`. What neither mentions stays as the kernel has it.
  uint64_t attr_set = 0, attr_clear = 0;
  /// The same for this mount and all below it (the r... options), to be applied after the above.
  uint64_t rec_attr_set = 0, rec_attr_clear = 0;
  /// In the order written, which matters: "slave,shared" is both.
  std::vector<PropagationChange> propagation = {};
  bool bind = false;            // "bind" or "rbind"
  bool recursive_bind = false;  // "rbind"
  bool remount = false;
  bool tmpcopyup = false;
  bool idmap = false, ridmap = false;
  std::string idmap_ranges = {};  // crun's "idmap=uids=..;gids=..": what follows the first "="
  bool copy_symlink = false, dest_nofollow = false, src_nofollow = false;
  /// Flags of the superblock, by their fsconfig names: "sync", "async", "dirsync", "lazytime",
  /// "nolazytime", "mand", "nomand". Read-only is in `attr_set`.
  std::vector<std::string> superblock_flags = {};
  /// For the file system: "key=value" or "flag", in the order written.
  std::vector<std::string> data = {};
  bool operator==(const MountOptions&) const = default;
};

MountOptions parse_mount_options(const std::vector<std::string>& options);

/// An extent of crun's "idmap=".
struct IdmapRange {
  IdMapping mapping;  // container_id: in the source; host_id: in the mount
  /// "@": host_id counts in the container's user namespace rather than on the host.
  bool is_relative = false;
  bool operator==(const IdmapRange&) const = default;
};
struct IdmapRanges {
  std::vector<IdmapRange> uids, gids;
  bool operator==(const IdmapRanges&) const = default;
};
/// Reads "uids=0-1000-10#10-2000-1;gids=@0-0-10". Empty: it is no such text.
/// Source: crun(1), "idmap mount options".
std::optional<IdmapRanges> parse_idmap_ranges(std::string_view text);

/// Every word of the table, sorted.
std::vector<std::string> known_mount_options();

}  // namespace config
