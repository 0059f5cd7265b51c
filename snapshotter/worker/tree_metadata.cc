// SPDX-License-Identifier: Apache-2.0
// Owners, modes and attributes of what Tree places.
#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "snapshotter/worker/tree.h"
#include "sys/attribute.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/place.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxWarnings = 50;
constexpr std::string_view kCapability = "security.capability";

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// What would be the drivers' to read, or ours, or this machine's (labels, signatures).
bool is_smuggled(const std::string& name) {
  return starts_with(name, "trusted.overlay.") || starts_with(name, "user.overlay.") ||
         starts_with(name, "user.fuseoverlayfs.") || name == kOwnerAttribute ||
         (starts_with(name, "security.") && name != kCapability);
}

// Version 3 says for which user namespace a capability is; a layer's are for the one that it is
// used in. Source: capabilities(7), "File capability extended attribute versioning".
std::string portable_capability(const std::string& value) {
  constexpr std::size_t kVersion2 = 20, kVersion3 = 24;
  if (value.size() != kVersion3 || value[3] != '\3') return value;
  std::string older = value.substr(0, kVersion2);
  older[3] = '\2';
  return older;
}

// ext4 says that the disk is full when its one block for attributes is.
int set_attribute(int file, const std::string& name, const std::string& value) {
  constexpr std::size_t kSmall = 1000;
  try {
    return sys::set_attribute(file, name, value);
  } catch (sys::Error& error) {  // for the hint
    if (error.code() == ENOSPC && value.size() > kSmall) {
      error.set_hint(
          "ext4 has no room for attributes that large; a store on xfs or btrfs has: --root, "
          "TILLA_ROOT");
    }
    throw;
  }
}

sys::Error with_range_hint(sys::Error error, uid_t uid, gid_t gid) {
  if (error.code() == EINVAL) {
    error.set_hint(sys::format(
        "{}:{} is more than the user namespace has: a larger range in /etc/subuid and /etc/subgid",
        uid, gid));
  }
  return error;
}

}  // namespace

void Tree::warn(std::string text) {
  if (warnings_.size() < kMaxWarnings) warnings_.push_back(std::move(text));
}

// With a single id everything is ours, so that a setuid bit would make it our user's for everybody
// on the host. It is in the record.
mode_t Tree::mode_on_disk(mode_t mode) const { return is_recorded() ? mode & kModesOnDisk : mode; }

void Tree::record(int file, const OwnerRecord& record) {
  const int code = sys::set_attribute(file, kOwnerAttribute, to_text(record));
  if (code == 0) return;
  sys::Error error = sys::errno_error(sys::format("attribute \"{}\"", kOwnerAttribute), code);
  error.set_hint(
      "with a single id, owners are kept in extended attributes: the store must be on a "
      "file system that has them");
  throw error;
}

void Tree::set_owner_of(int file, const std::string& path, const Entry& entry) {
  owners_.erase(path);
  if (is_recorded()) {
    const OwnerRecord owner = {.uid = entry.uid, .gid = entry.gid, .mode = entry.mode};
    if (owner == OwnerRecord{.mode = mode_on_disk(entry.mode)}) return;
    // fuse-overlayfs takes the attribute at a layer's root for the promise that all files have it.
    if (path.empty()) {
      owners_[path] = owner;
    } else {
      record(file, owner);
    }
    return;
  }
  if (entry.uid == 0 && entry.gid == 0) return;  // as whatever we make
  try {
    sys::set_owner(file, entry.uid, entry.gid);
  } catch (const sys::Error& error) {  // the kernel's "invalid argument" wants words
    throw with_range_hint(error, entry.uid, entry.gid);
  }
}

void Tree::set_attributes(int file, const std::string& path,
                          const std::vector<std::pair<std::string, std::string>>& attributes) {
  for (const auto& [name, value] : attributes) {
    if (is_smuggled(name)) continue;
    const int code = name == kCapability ? set_attribute(file, name, portable_capability(value))
                                         : set_attribute(file, name, value);
    if (code != 0) {
      warn(sys::format("\"{}\": attribute \"{}\" can't be kept here", path, name));
    }
  }
}

void Tree::place_special(const std::string& path, const Entry& entry) {
  const Place place = place_of(path);
  const bool is_device = entry.type == S_IFCHR || entry.type == S_IFBLK;
  // One that overlay would take for a removed name is never made.
  const bool is_neutral = !is_device || entry.major != 0 || entry.minor != 0;
  const dev_t device = makedev(entry.major, entry.minor);
  const mode_t mode = entry.type | (mode_on_disk(entry.mode) & 0777U);
  if (sys::status_at(place.dir, place.name)) make_room(place, path);
  bool is_made = false;
  try {
    is_made = is_neutral && !(is_device && is_recorded()) &&
              sys::make_special_at(place.dir, place.name, mode, device);
  } catch (const sys::Error& error) {  // a user namespace has no devices; its record does
    if (error.code() != EPERM || !is_device) throw;
  }
  if (!is_made) {
    const std::optional<sys::Fd> file = sys::create_file(place.dir, place.name, kPlaceholderMode);
    if (!file) throw sys::errno_error("make a device's place", EEXIST);
    if (!is_recorded()) set_owner_of(file->get(), path, entry);
    record(file->get(), {.uid = entry.uid,
                         .gid = entry.gid,
                         .mode = entry.mode,
                         .type = entry.type,
                         .major = entry.major,
                         .minor = entry.minor});
    return sys::set_time(file->get(), entry.time);
  }
  if (is_recorded()) {
    const OwnerRecord owner = {.uid = entry.uid, .gid = entry.gid, .mode = entry.mode};
    if (owner != OwnerRecord{.mode = mode_on_disk(entry.mode)}) owners_[path] = owner;
  } else if (entry.uid != 0 || entry.gid != 0) {
    sys::set_owner_at(place.dir, place.name, entry.uid, entry.gid);
  }
  if (!is_recorded() && (entry.mode & 07000U) != 0) {
    sys::set_mode_at(place.dir, place.name, entry.mode);
  }
  sys::set_time_at(place.dir, place.name, entry.time);
}

void Tree::finish_directory(const std::string& path, const Directory& directory) {
  const std::optional<sys::Fd> found =
      sys::open_directory_beneath(root_, path.empty() ? "." : path);
  if (!found) throw sys::errno_error("open it", ENOENT);
  const sys::Fd file = sys::open_at(found->get(), ".", O_RDONLY | O_DIRECTORY);
  const Entry like = {.path = {},
                      .mode = directory.mode,
                      .uid = directory.uid,
                      .gid = directory.gid,
                      .time = {},
                      .target = {},
                      .attributes = {}};
  set_owner_of(file.get(), path, like);
  sys::set_mode(file.get(), mode_on_disk(directory.mode));
  set_attributes(file.get(), path, directory.attributes);
  if (directory.is_opaque) {
    const std::string name = mapping_.overlay_prefix + "opaque";
    const int code = sys::set_attribute(file.get(), name, "y");
    if (code == EPERM) {
      unmarked_.push_back(path);
    } else if (code != 0) {
      throw sys::errno_error(sys::format("attribute \"{}\"", name), code);
    }
  }
  if (directory.is_described) sys::set_time(file.get(), directory.time);
}

}  // namespace snapshotter
