// SPDX-License-Identifier: Apache-2.0
// Makes the unpacked layers of images: all that are missing side by side, then what only a stack
// knows (see finish_layer.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "engine/image/workshop.h"

namespace engine {

/// Of an image's layers, the lowest first. Source: image-spec, "config.md", "Layer ChainID".
std::vector<config::Digest> chain_ids(const std::vector<config::Digest>& diff_ids);

/// A layer that is being unpacked into a staging folder: its directory, and where its files belong
/// to us alone, its sidecar.
struct LayerPlace {
  std::string name, owners_name;
  sys::Fd directory, owners;
};
LayerPlace make_place(const snapshotter::Staging& staging, const snapshotter::Mapping& mapping,
                      std::string name);
/// What becomes of it.
snapshotter::StagedLayer staged_layer(const LayerPlace& place, const config::Digest& chain_id,
                                      const snapshotter::Unpacked& unpacked);

/// The layers of an image, the lowest first.
struct WantedLayers {
  std::vector<config::Descriptor> blobs;
  std::vector<config::Digest> diff_ids;
};

/// Where the archive of a layer is to be had.
struct LayerArchive {
  sys::Fd archive;  // open for reading, at its beginning
  sys::Fd keep;     // gets the bytes as they come; empty: they are kept already
};
using OpenArchive = std::function<LayerArchive(const config::Descriptor&)>;

/// Layers that are being made. Nobody else makes them while this lives.
struct MadeLayers {
  std::vector<sys::Fd> locks;
  std::vector<snapshotter::StagedLayer> layers;  // for Store::add
  std::vector<config::Digest> verified;          // the blobs that were read for it
};

/// Unpacks into `staging` what the store lacks of these layers.
/// Errors: also an archive that is not what its descriptor and diff id say.
MadeLayers make_layers(const Workshop& workshop, snapshotter::Staging& staging,
                       const std::vector<WantedLayers>& images, const OpenArchive& open,
                       snapshotter::Lease& lease);

/// Makes sure that the layers of an image are there, from its blobs in the store.
/// Errors: a blob that is missing or damaged.
void ensure_layers(const Workshop& workshop, const config::Manifest& manifest,
                   const config::ImageConfig& config, snapshotter::Lease& lease);

}  // namespace engine
