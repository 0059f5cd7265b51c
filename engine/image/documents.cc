// SPDX-License-Identifier: Apache-2.0
#include "engine/image/documents.h"

#include <algorithm>
#include <set>
#include <utility>

#include "config/platform.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

std::string name_of(const Descriptor& descriptor) { return descriptor.digest.text(); }

std::string read_required(const Descriptor& descriptor, const ReadDocument& read) {
  std::optional<std::string> text = read(descriptor);
  if (!text) (void)config::parse_digest(descriptor.digest.text());  // or that is why
  if (!text) throw sys::Error(sys::format("\"{}\" is missing", name_of(descriptor)), ENOENT);
  return std::move(*text);
}

/// Walks what tops lead to.
class Walk {
 public:
  explicit Walk(const ReadDocument& read) : read_(read) {}

  void visit(const Descriptor& descriptor, std::size_t depth) {
    if (!seen_.insert(descriptor.digest).second) return;
    if (seen_.size() > kMaxDocuments) {
      throw sys::Error(sys::format("more than {} documents and blobs", kMaxDocuments));
    }
    const bool is_index = config::is_index_type(descriptor.media_type);
    if (!is_index && !config::is_manifest_type(descriptor.media_type)) {
      closure_.blobs.push_back(descriptor);
      return;
    }
    if (depth > kMaxIndexDepth) {
      throw sys::Error(sys::format("indexes in indexes, more than {} deep", kMaxIndexDepth));
    }
    std::optional<std::string> text = read_(descriptor);
    if (!text) return;
    if (is_index) {
      const config::Index index =
          config::read_index(*text, name_of(descriptor), descriptor.media_type);
      for (const Descriptor& each : index.manifests) visit(each, depth + 1);
    } else {
      const config::Manifest manifest =
          config::read_manifest(*text, name_of(descriptor), descriptor.media_type);
      visit(manifest.config, depth + 1);
      for (const Descriptor& each : manifest.layers) visit(each, depth + 1);
    }
    closure_.documents.push_back({descriptor, std::move(*text)});
  }

  Closure take() { return std::move(closure_); }

 private:
  const ReadDocument& read_;
  std::set<Digest> seen_;
  Closure closure_;
};

}  // namespace

void verify_document(const Descriptor& descriptor, std::string_view text) {
  if (text.size() != descriptor.size) {
    throw sys::Error(sys::format("\"{}\" has {} bytes, its descriptor says {}", name_of(descriptor),
                                 text.size(), descriptor.size));
  }
  config::Hasher hasher(descriptor.digest);
  hasher.add(text);
  const Digest digest = hasher.finish();
  if (digest != descriptor.digest) {
    throw sys::Error(
        sys::format("\"{}\" has the digest \"{}\"", name_of(descriptor), digest.text()));
  }
}

ReadDocument documents_of(const snapshotter::Store& store) {
  return [&store](const Descriptor& descriptor) -> std::optional<std::string> {
    if (!config::is_verifiable(descriptor.digest)) return std::nullopt;
    if (!store.has_blob(descriptor.digest)) return std::nullopt;
    return store.read_blob(descriptor, kMaxDocumentBytes);
  };
}

std::optional<ImageDocuments> find_image(const Descriptor& top, const config::Platform& platform,
                                         const ReadDocument& read) {
  Descriptor at = top;
  for (std::size_t depth = 0; config::is_index_type(at.media_type); ++depth) {
    if (depth > kMaxIndexDepth) {
      throw sys::Error(sys::format("indexes in indexes, more than {} deep", kMaxIndexDepth));
    }
    const config::Index index =
        config::read_index(read_required(at, read), name_of(at), at.media_type);
    const std::optional<std::size_t> chosen = config::choose_platform(index, platform);
    if (!chosen) return std::nullopt;
    at = Descriptor(index.manifests[*chosen]);
  }
  if (!config::is_manifest_type(at.media_type)) return std::nullopt;
  ImageDocuments image;
  image.manifest_text = read_required(at, read);
  image.manifest = config::read_manifest(image.manifest_text, name_of(at), at.media_type);
  image.descriptor = std::move(at);
  if (!config::is_config_type(image.manifest.config.media_type)) return std::nullopt;
  image.config_text = read_required(image.manifest.config, read);
  image.config = config::read_image_config(image.config_text, name_of(image.manifest.config));
  return image;
}

Closure follow(const std::vector<Descriptor>& tops, const ReadDocument& read) {
  Walk walk(read);
  for (const Descriptor& top : tops) walk.visit(top, 0);
  return walk.take();
}

std::string stored_name(const Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(config::kRefNameAnnotation));
  return found == descriptor.annotations.end() ? "" : found->second;
}

void put_image(config::Index& index, Descriptor image, const std::string& name) {
  std::vector<Descriptor>& all = index.manifests;
  const auto with_digest = [](const Digest& digest) {
    return [&digest](const Descriptor& each) { return each.digest == digest; };
  };
  image.annotations.erase(std::string(config::kRefNameAnnotation));
  if (name.empty()) {
    if (std::none_of(all.begin(), all.end(), with_digest(image.digest))) {
      all.push_back(std::move(image));
    }
    return;
  }
  const auto is_in_the_way = [&](const Descriptor& each) {
    return stored_name(each) == name || (each.digest == image.digest && stored_name(each).empty());
  };
  std::vector<Descriptor> removed;
  std::copy_if(all.begin(), all.end(), std::back_inserter(removed), is_in_the_way);
  all.erase(std::remove_if(all.begin(), all.end(), is_in_the_way), all.end());
  for (Descriptor& old : removed) {
    if (old.digest == image.digest) continue;
    if (std::any_of(all.begin(), all.end(), with_digest(old.digest))) continue;
    old.annotations.erase(std::string(config::kRefNameAnnotation));
    all.push_back(std::move(old));
  }
  image.annotations[std::string(config::kRefNameAnnotation)] = name;
  all.push_back(std::move(image));
}

}  // namespace engine
