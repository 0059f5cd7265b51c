// SPDX-License-Identifier: Apache-2.0
// To whom the files of an unpacked layer belong. Layers are kept once per mapping.
#pragma once

#include <string>

#include "sys/idmap.h"

namespace snapshotter {

enum class Ownership {
  kMapped,    // files belong to the ids that the archive names, as our user namespace maps them
  kRecorded,  // all belong to us; the real owner and mode are in an extended attribute, or (for
              // what takes none: symlinks, devices, FIFOs, sockets) in the layer's sidecar
};

struct Mapping {
  Ownership ownership = Ownership::kMapped;
  sys::IdMap uids, gids;  // of the user namespace that we are in, to the host's
  /// "user.overlay." in a user namespace, "trusted.overlay." for the host's root.
  std::string overlay_prefix = "user.overlay.";

  /// The name of the folder below layers/: "root", "single-1000" or "range-" and some digits of the
  /// maps' digest. The same mapping has the same name on every day.
  std::string key() const;
  bool operator==(const Mapping&) const = default;
};

/// "uid:gid:0mode" as fuse-overlayfs and containers/storage have it.
constexpr const char* kOwnerAttribute = "user.containers.override_stat";

}  // namespace snapshotter
