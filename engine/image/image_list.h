// SPDX-License-Identifier: Apache-2.0
// What the store has, as people count it: images by their ids, each with its names. Each document
// is read once; nothing is written, no namespace entered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/image_spec.h"
#include "config/reference.h"
#include "engine/image/documents.h"
#include "snapshotter/content/store.h"

namespace engine {

struct ImageRecord {
  config::Digest id;  // of the configuration; of the entry when it is no image
  std::vector<config::Descriptor> entries;  // in index.json, those with names first
  std::vector<config::Reference> names;     // one for each entry that has one
  ImageDocuments documents;                 // of the platform asked for, else of the first there
  bool is_image = false;                    // false: an artifact, or `problem`
  std::string problem;                      // why its documents can't be read
  std::vector<config::Digest> chain_ids;    // the lowest first
  std::vector<std::uint64_t> layer_sizes;   // unpacked where that is known, else as in the manifest
  std::uint64_t size = 0;                   // their sum

  /// Whether entry `i` has a name; names[i] is it then.
  bool has_name(std::size_t i) const { return i < names.size(); }
};

/// All images, the newest first.
std::vector<ImageRecord> list_images(const snapshotter::Store& store,
                                     const config::Platform& platform);

/// The name of an entry of the index; empty: none, or nothing that can be one.
std::optional<config::Reference> parse_stored_name(const std::string& name);

/// "debian:12, debian:latest", or the short id of what has no name.
std::string call_image(const ImageRecord& image);
/// The first twelve digits.
std::string short_id(const config::Digest& id);

}  // namespace engine
