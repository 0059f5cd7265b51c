// SPDX-License-Identifier: Apache-2.0
// From a descriptor to what it stands for: indexes followed to the image of a platform, manifests
// and configurations read, each verified before it is parsed (INV-8), the whole bounded (INV-12).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "snapshotter/content/store.h"

namespace engine {

/// Of one manifest, index or configuration.
constexpr std::size_t kMaxDocumentBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxIndexDepth = 8;
constexpr std::size_t kMaxDocuments = 20'000;  // that one name leads to

/// Gives the verified text of a document; empty: it isn't there, or nobody here could verify it.
using ReadDocument = std::function<std::optional<std::string>(const config::Descriptor&)>;

/// Those of the store.
ReadDocument documents_of(const snapshotter::Store& store);

/// Throws unless `text` is what the descriptor says.
void verify_document(const config::Descriptor& descriptor, std::string_view text);

/// An image of one platform.
struct ImageDocuments {
  config::Descriptor descriptor;  // of the manifest
  config::Manifest manifest;
  config::ImageConfig config;
  std::string manifest_text, config_text;

  const config::Digest& id() const { return manifest.config.digest; }
};

/// Follows indexes to the image for `platform`. Empty: what is there is no image (an artifact), or
/// none of the index fits. Errors: documents that are missing, damaged, contradict themselves or
/// go too deep.
std::optional<ImageDocuments> find_image(const config::Descriptor& top,
                                         const config::Platform& platform,
                                         const ReadDocument& read);

/// All that a descriptor leads to.
struct Closure {
  struct Document {
    config::Descriptor descriptor;
    std::string text;
  };
  std::vector<Document> documents;        // indexes and manifests, in the order of finding
  std::vector<config::Descriptor> blobs;  // configurations, layers, and whatever else, each once
};

/// Documents that are not there are passed over: an index may be stored in part.
Closure follow(const std::vector<config::Descriptor>& tops, const ReadDocument& read);

/// The name that the store has for this descriptor; "": none.
std::string stored_name(const config::Descriptor& descriptor);

/// Gives the image `name` (empty: none) in the store's index. Whoever had the name before stays, as
/// an image without one.
void put_image(config::Index& index, config::Descriptor image, const std::string& name);

}  // namespace engine
