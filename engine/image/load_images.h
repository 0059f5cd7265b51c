// SPDX-License-Identifier: Apache-2.0
// `load`: brings the images of an archive into the store, and their layers to where snapshots need
// them, in one pass over the compressed bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/archive.h"
#include "engine/image/workshop.h"

namespace engine {

struct LoadedImage {
  config::Digest id;               // of the configuration; of the manifest when it is no image
  std::vector<std::string> names;  // normalised
};

struct LoadOptions {
  /// Asked for: whatever has no image for it is an error.
  std::optional<config::Platform> platform;
};

/// Everything that the archive has of an image is kept, the images for other platforms too; those
/// for the platform are unpacked. One sync for all.
/// Errors: names that are none; documents or layers that are missing or not what they should be.
std::vector<LoadedImage> load_images(const Workshop& workshop, snapshotter::Staging& staging,
                                     const Archive& archive, const LoadOptions& options);

}  // namespace engine
