// SPDX-License-Identifier: Apache-2.0
// Private to snapshotter/content/: what an image's documents refer to.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "snapshotter/content/store.h"

namespace snapshotter {

/// What one document refers to. Its own kind is told by the media type by which it was referred to,
/// or, where that is unknown (empty), by what it holds.
struct References {
  std::vector<config::Descriptor> documents = {};  // of an index: manifests, further indexes
  std::optional<config::Descriptor> config = {};   // of a manifest
  std::vector<config::Descriptor> layers = {};     // of a manifest
  std::optional<config::Descriptor> subject = {};  // what it is about
};

/// Empty: `document` is nothing that refers to others (a config, a layer, an unknown type).
/// Errors: it is missing, damaged, or no such document.
std::optional<References> references_of(const Store& store, const config::Descriptor& document);

/// The chain ids of an image, the lowest first; none for a config that is no image's. Errors: as
/// above.
std::vector<config::Digest> chain_ids_of(const Store& store, const config::Descriptor& config);

/// A descriptor for what is known by its digest alone.
config::Descriptor descriptor_of(const config::Digest& digest);

/// What a container's record.json says that the container needs.
struct Needs {
  std::vector<config::Digest> blobs;
  std::vector<std::string> layers;  // "<mapping>/<chain id>"
};
Needs read_needs(const std::string& text, const std::string& name);
/// What a lease keeps. Errors: a line that isn't one.
Needs read_lease(const std::string& text, const std::string& name);
/// Of a container; empty: it has no record. Errors: one that can't be read.
std::optional<Needs> needs_of_container(const Store& store, const std::string& id);

/// All that is needed by somebody.
struct Marks {
  std::set<config::Digest> blobs;
  std::set<config::Digest> chain_ids;  // in any mapping
  std::set<std::string> layers;        // "<mapping>/<chain id>"
};
/// Adds `root` and all below it that is there. Errors: a document that can't be read.
void mark(const Store& store, const config::Descriptor& root, Marks& marks);

}  // namespace snapshotter
