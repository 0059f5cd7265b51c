// SPDX-License-Identifier: Apache-2.0
// Finds what people mean: a name, a name with a digest, an id, or the beginning of one. A name goes
// before the beginning of an id, as with docker.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/image_list.h"
#include "snapshotter/content/store.h"

namespace engine {

struct FoundImage {
  config::Descriptor descriptor;  // of the store's index: a manifest or an index
  std::string name;               // normalised; empty: found by an id, or it has none
};

/// A name costs a look into index.json; only for ids the images' documents are read.
/// Errors: "no such image: NAME" (ENOENT); several images whose ids begin like that, which are
/// listed; no name at all, with a caret.
FoundImage find_stored(const snapshotter::Store& store, const std::string& text);

struct ImageMatch {
  const ImageRecord* image = nullptr;
  std::size_t entry = 0;
  bool is_by_name = false;
};

/// The same among images that were read.
ImageMatch resolve_image(const std::vector<ImageRecord>& images, const std::string& text);

}  // namespace engine
