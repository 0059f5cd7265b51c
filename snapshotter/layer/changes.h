// SPDX-License-Identifier: Apache-2.0
// What differs between a stack of layers and a root made from it, as a sorted list: the one source
// of `diff`, and of the layer that `commit` makes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "snapshotter/layer/mapping.h"

namespace snapshotter {

enum class ChangeKind : std::uint8_t { kModified, kAdded, kDeleted };  // docker's C, A, D

struct Change {
  std::string path;  // relative, without a leading '/'
  ChangeKind kind = ChangeKind::kModified;
  /// Which of the sources the entry is read from (0: the upper directory); unused for kDeleted.
  std::uint32_t source = 0;
  bool operator==(const Change&) const = default;
};

/// The changes of overlay's upper directory `upper` against `lowers` (open directories, the
/// topmost first), sorted by path, byte by byte; a deleted name stands before its siblings' entries
/// as the specification wants whiteouts. An opaque directory becomes explicit deletions. What was
/// copied up and left as it was is no change. Directories on the way to a change are listed as
/// modified. Handles metacopy and redirects of directories, with either prefix of attributes.
/// Errors: a redirect that leads out or in circles.
std::vector<Change> overlay_changes(int upper, const std::vector<int>& lowers,
                                    const Mapping& mapping);

/// The same for a full copy `root` of `lowers`. `copied_at`: nothing that was changed (ctime)
/// before this time, in nanoseconds since the epoch, needs its content compared.
std::vector<Change> copy_changes(int root, const std::vector<int>& lowers, const Mapping& mapping,
                                 std::int64_t copied_at);

}  // namespace snapshotter
