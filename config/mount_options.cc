// SPDX-License-Identifier: Apache-2.0
#include "config/mount_options.h"

#include <linux/mount.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace config {
namespace {

enum class Kind {
  kNone,  // known, and without effect on the kernel's mount interface
  kSet,   // value: MOUNT_ATTR_*
  kClear,
  kAtime,        // value: the mode of the atime field
  kNoAtimeMode,  // value: the mode that is denied
  kRecSet,       // the same four, recursive
  kRecClear,
  kRecAtime,
  kRecNoAtimeMode,
  kPropagation,  // value: MS_*
  kRecPropagation,
  kSuperblock,  // opposite: the flag that it replaces
  kSwitch,      // field: a member of MountOptions
};

struct Row {
  std::string_view name;
  Kind kind = Kind::kNone;
  uint64_t value = 0;
  std::string_view opposite = {};
  bool MountOptions::*field = nullptr;
};

/// Sorted by name: the order is that of `features`, and the search is binary.
///
/// Without effect: "defaults" is what a new mount has anyway; "silent" and "loud" only steer the
/// kernel's log; "acl", "iversion" and their opposites are decided by the file system and have no
/// fsconfig flag; "norelatime" denies what the kernel then does all the same, as with mount(2).
constexpr Row kRows[] = {
    {.name = "acl"},
    {.name = "async", .kind = Kind::kSuperblock, .opposite = "sync"},
    {.name = "atime", .kind = Kind::kNoAtimeMode, .value = kMountAttrNoatime},
    {.name = "bind", .kind = Kind::kSwitch, .field = &MountOptions::bind},
    {.name = "copy-symlink", .kind = Kind::kSwitch, .field = &MountOptions::copy_symlink},
    {.name = "defaults"},
    {.name = "dest-nofollow", .kind = Kind::kSwitch, .field = &MountOptions::dest_nofollow},
    {.name = "dev", .kind = Kind::kClear, .value = kMountAttrNodev},
    {.name = "diratime", .kind = Kind::kClear, .value = kMountAttrNodiratime},
    {.name = "dirsync", .kind = Kind::kSuperblock},
    {.name = "exec", .kind = Kind::kClear, .value = kMountAttrNoexec},
    {.name = "idmap", .kind = Kind::kSwitch, .field = &MountOptions::idmap},
    {.name = "iversion"},
    {.name = "lazytime", .kind = Kind::kSuperblock, .opposite = "nolazytime"},
    {.name = "loud"},
    {.name = "mand", .kind = Kind::kSuperblock, .opposite = "nomand"},
    {.name = "noacl"},
    {.name = "noatime", .kind = Kind::kAtime, .value = kMountAttrNoatime},
    {.name = "nodev", .kind = Kind::kSet, .value = kMountAttrNodev},
    {.name = "nodiratime", .kind = Kind::kSet, .value = kMountAttrNodiratime},
    {.name = "noexec", .kind = Kind::kSet, .value = kMountAttrNoexec},
    {.name = "noiversion"},
    {.name = "nolazytime", .kind = Kind::kSuperblock, .opposite = "lazytime"},
    {.name = "nomand", .kind = Kind::kSuperblock, .opposite = "mand"},
    {.name = "norelatime"},
    {.name = "nostrictatime", .kind = Kind::kNoAtimeMode, .value = kMountAttrStrictatime},
    {.name = "nosuid", .kind = Kind::kSet, .value = kMountAttrNosuid},
    {.name = "nosymfollow", .kind = Kind::kSet, .value = kMountAttrNosymfollow},
    {.name = "private", .kind = Kind::kPropagation, .value = MS_PRIVATE},
    {.name = "ratime", .kind = Kind::kRecNoAtimeMode, .value = kMountAttrNoatime},
    {.name = "rbind", .kind = Kind::kSwitch, .field = &MountOptions::recursive_bind},
    {.name = "rdev", .kind = Kind::kRecClear, .value = kMountAttrNodev},
    {.name = "rdiratime", .kind = Kind::kRecClear, .value = kMountAttrNodiratime},
    {.name = "relatime", .kind = Kind::kAtime, .value = kMountAttrRelatime},
    {.name = "remount", .kind = Kind::kSwitch, .field = &MountOptions::remount},
    {.name = "rexec", .kind = Kind::kRecClear, .value = kMountAttrNoexec},
    {.name = "ridmap", .kind = Kind::kSwitch, .field = &MountOptions::ridmap},
    {.name = "rnoatime", .kind = Kind::kRecAtime, .value = kMountAttrNoatime},
    {.name = "rnodev", .kind = Kind::kRecSet, .value = kMountAttrNodev},
    {.name = "rnodiratime", .kind = Kind::kRecSet, .value = kMountAttrNodiratime},
    {.name = "rnoexec", .kind = Kind::kRecSet, .value = kMountAttrNoexec},
    {.name = "rnorelatime"},
    {.name = "rnostrictatime", .kind = Kind::kRecNoAtimeMode, .value = kMountAttrStrictatime},
    {.name = "rnosuid", .kind = Kind::kRecSet, .value = kMountAttrNosuid},
    {.name = "rnosymfollow", .kind = Kind::kRecSet, .value = kMountAttrNosymfollow},
    {.name = "ro", .kind = Kind::kSet, .value = kMountAttrRdonly},
    {.name = "rprivate", .kind = Kind::kRecPropagation, .value = MS_PRIVATE},
    {.name = "rrelatime", .kind = Kind::kRecAtime, .value = kMountAttrRelatime},
    {.name = "rro", .kind = Kind::kRecSet, .value = kMountAttrRdonly},
    {.name = "rrw", .kind = Kind::kRecClear, .value = kMountAttrRdonly},
    {.name = "rshared", .kind = Kind::kRecPropagation, .value = MS_SHARED},
    {.name = "rslave", .kind = Kind::kRecPropagation, .value = MS_SLAVE},
    {.name = "rstrictatime", .kind = Kind::kRecAtime, .value = kMountAttrStrictatime},
    {.name = "rsuid", .kind = Kind::kRecClear, .value = kMountAttrNosuid},
    {.name = "rsymfollow", .kind = Kind::kRecClear, .value = kMountAttrNosymfollow},
    {.name = "runbindable", .kind = Kind::kRecPropagation, .value = MS_UNBINDABLE},
    {.name = "rw", .kind = Kind::kClear, .value = kMountAttrRdonly},
    {.name = "shared", .kind = Kind::kPropagation, .value = MS_SHARED},
    {.name = "silent"},
    {.name = "slave", .kind = Kind::kPropagation, .value = MS_SLAVE},
    {.name = "src-nofollow", .kind = Kind::kSwitch, .field = &MountOptions::src_nofollow},
    {.name = "strictatime", .kind = Kind::kAtime, .value = kMountAttrStrictatime},
    {.name = "suid", .kind = Kind::kClear, .value = kMountAttrNosuid},
    {.name = "symfollow", .kind = Kind::kClear, .value = kMountAttrNosymfollow},
    {.name = "sync", .kind = Kind::kSuperblock, .opposite = "async"},
    {.name = "tmpcopyup", .kind = Kind::kSwitch, .field = &MountOptions::tmpcopyup},
    {.name = "unbindable", .kind = Kind::kPropagation, .value = MS_UNBINDABLE},
};
static_assert(std::ranges::is_sorted(kRows, {}, &Row::name));

const Row* find_row(std::string_view name) {
  const Row* found = std::ranges::lower_bound(kRows, name, {}, &Row::name);
  return found != std::end(kRows) && found->name == name ? found : nullptr;
}

/// The pair of masks that a row changes: of this mount, or of it and all below.
struct Attributes {
  uint64_t& set;
  uint64_t& clear;
};

void set_attribute(Attributes attributes, uint64_t bit) {
  attributes.set |= bit;
  attributes.clear &= ~bit;
}

void clear_attribute(Attributes attributes, uint64_t bit) {
  attributes.set &= ~bit;
  attributes.clear |= bit;
}

/// The kernel wants the whole field cleared by whoever sets a mode in it.
void set_atime_mode(Attributes attributes, uint64_t mode) {
  attributes.set = (attributes.set & ~kMountAttrAtimeField) | mode;
  attributes.clear |= kMountAttrAtimeField;
}

/// Denying one mode leaves another one that was asked for before alone.
void deny_atime_mode(Attributes attributes, uint64_t mode) {
  const uint64_t current = attributes.set & kMountAttrAtimeField;
  if (current == 0 || current == mode) set_atime_mode(attributes, kMountAttrRelatime);
}

void replace_flag(std::vector<std::string>& flags, const Row& row) {
  std::erase(flags, row.name);
  if (!row.opposite.empty()) std::erase(flags, row.opposite);
  flags.emplace_back(row.name);
}

void apply_row(MountOptions& options, const Row& row) {
  const Attributes own{options.attr_set, options.attr_clear};
  const Attributes recursive{options.rec_attr_set, options.rec_attr_clear};
  switch (row.kind) {
    case Kind::kNone:
      return;
    case Kind::kSet:
      return set_attribute(own, row.value);
    case Kind::kClear:
      return clear_attribute(own, row.value);
    case Kind::kAtime:
      return set_atime_mode(own, row.value);
    case Kind::kNoAtimeMode:
      return deny_atime_mode(own, row.value);
    case Kind::kRecSet:
      return set_attribute(recursive, row.value);
    case Kind::kRecClear:
      return clear_attribute(recursive, row.value);
    case Kind::kRecAtime:
      return set_atime_mode(recursive, row.value);
    case Kind::kRecNoAtimeMode:
      return deny_atime_mode(recursive, row.value);
    case Kind::kPropagation:
    case Kind::kRecPropagation:
      options.propagation.push_back({row.value, row.kind == Kind::kRecPropagation});
      return;
    case Kind::kSuperblock:
      return replace_flag(options.superblock_flags, row);
    case Kind::kSwitch:
      options.*row.field = true;
      return;
  }
}

/// Takes the part before `separator` off the front, or all of it.
std::string_view take_part(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool read_number(std::string_view text, uint32_t& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

/// "[@]FROM-TO-LENGTH"
std::optional<IdmapRange> parse_range(std::string_view text) {
  IdmapRange range;
  if (text.starts_with('@')) {
    range.is_relative = true;
    text.remove_prefix(1);
  }
  const std::string_view from = take_part(text, '-');
  const std::string_view to = take_part(text, '-');
  const bool is_whole = read_number(from, range.mapping.container_id) &&
                        read_number(to, range.mapping.host_id) &&
                        read_number(text, range.mapping.size);
  return is_whole ? std::optional(range) : std::nullopt;
}

bool parse_ranges(std::string_view text, std::vector<IdmapRange>& ranges) {
  if (!ranges.empty()) return false;  // said already
  do {
    const std::optional<IdmapRange> range = parse_range(take_part(text, '#'));
    if (!range) return false;
    ranges.push_back(*range);
  } while (!text.empty());
  return true;
}

}  // namespace

std::optional<IdmapRanges> parse_idmap_ranges(std::string_view text) {
  IdmapRanges ranges;
  while (!text.empty()) {
    std::string_view values = take_part(text, ';');
    const std::string_view key = take_part(values, '=');
    const bool is_read = key == "uids"   ? parse_ranges(values, ranges.uids)
                         : key == "gids" ? parse_ranges(values, ranges.gids)
                                         : false;
    if (!is_read) return std::nullopt;
  }
  if (ranges.uids.empty() || ranges.gids.empty()) return std::nullopt;
  return ranges;
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  constexpr std::string_view kIdmapWith = "idmap=", kRidmapWith = "ridmap=";
  MountOptions result;
  for (const std::string& option : options) {
    if (const Row* row = find_row(option)) {
      apply_row(result, *row);
    } else if (option.starts_with(kIdmapWith)) {
      result.idmap = true;
      result.idmap_ranges = option.substr(kIdmapWith.size());
    } else if (option.starts_with(kRidmapWith)) {
      result.ridmap = true;
      result.idmap_ranges = option.substr(kRidmapWith.size());
    } else if (!option.empty()) {
      result.data.push_back(option);
    }
  }
  if (result.recursive_bind) result.bind = true;
  return result;
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

}  // namespace config
