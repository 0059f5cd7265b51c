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
  /// Which of the sources the entry is read from (0: the upper directory, then the layers); unused
  /// for kDeleted.
  std::uint32_t source = 0;
  /// Where in that source, when not at `path`: what came along with a directory that was renamed.
  std::string source_path = {};
  /// A regular file whose bytes are elsewhere, as only its metadata was copied up; "": they aren't.
  std::uint32_t data_source = 0;
  std::string data_path = {};
  /// Ownership::kRecorded: the layer whose sidecar has the owner of a symlink or FIFO that lies in
  /// the upper directory, as it was copied up: it takes no attribute along. 0: none has.
  std::uint32_t owner_source = 0;
  /// A directory's time is that which it has in this layer: fuse-overlayfs gave it a new one when
  /// something in it was copied up. 0: its own counts.
  std::uint32_t time_source = 0;
  bool operator==(const Change&) const = default;
};

/// What an upper directory may hold besides what the kernel's overlay leaves there.
enum class UpperFormat {
  kOverlay,
  kFuseOverlayfs,  // ".wh.NAME" and ".wh..wh..opq" where no device could be made
};

/// The changes of overlay's upper directory `upper` against `lowers` (open directories, the
/// topmost first), in the order of a walk: a directory before what is in it; in a directory the
/// deleted names first, as the specification wants whiteouts, then its entries; names byte by byte.
/// An opaque directory becomes explicit deletions. What was copied up and left as it was is no
/// change. Directories on the way to a change are listed as modified. Metacopies and redirects of
/// directories are followed, with the attributes' prefix that the mapping's overlay has.
/// Left out, for no layer can hold them: names that start with ".wh.", and devices 0:0.
/// Errors: a redirect that leads out of the layers, or into nothing; a tree that is too deep or too
/// large.
std::vector<Change> overlay_changes(int upper, const std::vector<int>& lowers,
                                    const Mapping& mapping,
                                    UpperFormat format = UpperFormat::kOverlay);

/// All that a root has, in the form of changes, to be packed as a whole (`export`): what the
/// container's view of its root hides, as the true owners, is at hand there.
std::vector<Change> overlay_entries(int upper, const std::vector<int>& lowers,
                                    const Mapping& mapping,
                                    UpperFormat format = UpperFormat::kOverlay);
std::vector<Change> copy_entries(int root, const std::vector<int>& lowers, const Mapping& mapping);

/// The same as overlay_changes for a full copy `root` of `lowers`. `copied_at`: what has been
/// changed (ctime) before this time, in nanoseconds since the epoch, needs no comparison of its
/// content.
std::vector<Change> copy_changes(int root, const std::vector<int>& lowers, const Mapping& mapping,
                                 std::int64_t copied_at);

}  // namespace snapshotter
