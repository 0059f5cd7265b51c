// SPDX-License-Identifier: Apache-2.0
// What a file is in truth where the file system can't say it: "uid:gid:0mode", with ":char-1-3" or
// the like behind it for what is no file or directory. The form is that of fuse-overlayfs and
// containers/storage; docs/layers.md has it, and the sidecar.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter {

/// Of a recorded mode these bits are on disk: setuid and setgid would be our own user's there.
constexpr mode_t kModesOnDisk = 01777;
/// Of the regular file that stands for a device.
constexpr mode_t kPlaceholderMode = 0600;

struct OwnerRecord {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0;  // 07777
  mode_t type = 0;  // S_IFCHR, S_IFBLK; 0: as the file is
  std::uint32_t major = 0, minor = 0;
  bool operator==(const OwnerRecord&) const = default;
};

std::string to_text(const OwnerRecord& record);
/// Empty: it is none, as a container may have written.
std::optional<OwnerRecord> parse_owner_record(std::string_view text);

/// The sidecar: of path to record, for what takes no attributes.
using OwnerRecords = std::map<std::string, OwnerRecord>;
std::string to_text(const OwnerRecords& records);
/// Errors: anything that to_text doesn't write.
OwnerRecords parse_owner_records(std::string_view text);

}  // namespace snapshotter
