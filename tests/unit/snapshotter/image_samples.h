// SPDX-License-Identifier: Apache-2.0
// Small images for tests of the store, whose layers are no archives: the store never opens one.
#pragma once

#include <string>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "snapshotter/content/store.h"
#include "snapshotter/layer/mapping.h"

namespace samples {

/// A mapping of one id.
snapshotter::Mapping single_mapping();

struct Image {
  config::Descriptor manifest;
  std::vector<config::Digest> blobs;      // layers, config, manifest
  std::vector<config::Digest> chain_ids;  // the lowest first
};

/// Adds an image of the layers named, each of which is a blob with that text and a directory with
/// one file, as an import does: what is there already isn't made again. `name`: in index.json;
/// empty: without one.
Image add_image(snapshotter::Store& store, const std::vector<std::string>& layers,
                const std::string& name);
/// What add_image would add, without a store.
config::Digest manifest_digest(const std::vector<std::string>& layers);

/// Takes the names, and whoever has none, out of index.json, and collects.
void remove_image(snapshotter::Store& store, const std::string& name);

/// Adds container `id` of the image.
void add_container(snapshotter::Store& store, const Image& image, const std::string& id);

/// "" or the problems, one in each line.
std::string problems_of(snapshotter::Store& store, bool repair = false);

}  // namespace samples
