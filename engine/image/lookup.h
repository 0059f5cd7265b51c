// SPDX-License-Identifier: Apache-2.0
// Finds what people mean: a name, a name with a digest, an id, or the beginning of one.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"
#include "snapshotter/content/store.h"

namespace engine {

struct FoundImage {
  config::Descriptor descriptor;  // of the store's index: a manifest or an index
  std::string name;               // normalised; empty: found by an id, or it has none
};

/// The name that the store has for this descriptor; "": none.
std::string stored_name(const config::Descriptor& descriptor);

/// Errors: "no such image: NAME"; several images whose ids begin like that.
FoundImage find_stored(const snapshotter::Store& store, const std::string& text);

/// The digests by which an image may be called: of the entry, and of the configurations that it
/// leads to.
std::vector<config::Digest> ids_of(const snapshotter::Store& store,
                                   const config::Descriptor& descriptor);

}  // namespace engine
