// SPDX-License-Identifier: Apache-2.0
// What takes how much of the disk, and which images nobody uses: for `system df` and the prunes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "snapshotter/content/store.h"

namespace snapshotter {

struct ImageUsage {
  config::Digest digest;                 // of its entry in index.json
  std::vector<std::string> names;        // none: it has no name
  std::uint64_t size = 0;                // blobs and unpacked layers
  std::uint64_t shared = 0, unique = 0;  // with other images; its own
  unsigned containers = 0;               // that were made from it
};

struct ContainerUsage {
  std::string id;
  std::uint64_t size = 0;  // of its own files, as far as we may look at them
};

struct Usage {
  std::vector<ImageUsage> images;
  std::vector<ContainerUsage> containers;
  std::uint64_t image_bytes = 0;              // each blob and layer once
  std::uint64_t reclaimable_image_bytes = 0;  // of images without a container
  Store::Garbage garbage;
};

/// Waits for nobody; what changes meanwhile may be counted or not.
/// Errors: documents and records that can't be read.
Usage usage_of(Store& store);

/// The entries of index.json that no container uses: those without a name, or (`all`) any. One that
/// is about another (`subject`) stays as long as that.
std::vector<config::Descriptor> unused_images(const Store& store, bool all);

/// Takes these entries out of index.json, unless they have been changed meanwhile.
void forget_images(Store& store, const std::vector<config::Descriptor>& images);

}  // namespace snapshotter
