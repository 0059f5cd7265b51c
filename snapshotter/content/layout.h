// SPDX-License-Identifier: Apache-2.0
// Private to snapshotter/content/: the names of what is in a store (docs/store.md). Stored; do not
// rename.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/hash.h"
#include "sys/fd.h"

namespace snapshotter::layout {

constexpr const char* kMarker = "tilla-store";  // its presence says: a store of ours
constexpr const char* kOciLayout = "oci-layout";
constexpr const char* kIndex = "index.json";
constexpr const char* kBlobs = "blobs";
constexpr const char* kLayers = "layers";
constexpr const char* kContainers = "containers";
constexpr const char* kCache = "cache";
constexpr const char* kStaging = "staging";
constexpr const char* kTrash = "trash";
constexpr const char* kLeases = "leases";
constexpr const char* kPartial = "partial";
constexpr const char* kLocks = "locks";
constexpr const char* kStoreLock = "lock";
constexpr const char* kIndexLock = "index.lock";
constexpr const char* kReserve = "reserve";
constexpr const char* kRecord = "record.json";
constexpr const char* kFactsSuffix = ".json";
constexpr const char* kOwnersSuffix = ".owners";

/// The store's format; a greater number belongs to a newer tilla.
constexpr std::uint64_t kVersion = 1;

/// "sha256/6c3c...", below blobs/.
std::string blob_path(const config::Digest& digest);
/// The name of a layer's directory, or of a partial blob with "sha256-" before it: the hexadecimal
/// digits alone; their number tells the algorithm.
std::optional<config::Digest> digest_of_hex(std::string_view hex);
std::string partial_name(const config::Digest& digest);
std::optional<config::Digest> digest_of_partial(std::string_view name);

/// A directory of the store's, for reading.
sys::Fd open_directory(int root, const std::string& name);

}  // namespace snapshotter::layout
