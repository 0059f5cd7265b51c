// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/content/walk.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "config/json.h"
#include "snapshotter/content/layout.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

enum class Kind { kIndex, kManifest, kOther };

Kind kind_of(std::string_view media_type) {
  if (config::is_index_type(media_type)) return Kind::kIndex;
  if (config::is_manifest_type(media_type)) return Kind::kManifest;
  return Kind::kOther;
}

// For what a lease or a record names by its digest alone. A layer is most often told by its size
// or its first byte, without reading it.
Kind kind_by_content(const std::string& text) {
  if (text.empty() || text.front() != '{') return Kind::kOther;
  try {
    const config::Json json = config::parse_json(text, "");
    if (json.find("manifests") != nullptr) return Kind::kIndex;
    if (json.find("layers") != nullptr) return Kind::kManifest;
  } catch (const sys::Error&) {  // a layer may start with this byte as well
  }
  return Kind::kOther;
}

bool may_be_document(const Store& store, const config::Digest& digest) {
  const std::optional<std::uint64_t> size = store.blob_size(digest);
  if (!size || *size > config::kMaxJsonBytes) return false;
  return sys::read_some(store.open_blob(digest).get(), 1) == "{";
}

std::string read_document(const Store& store, const config::Descriptor& document) {
  return document.media_type.empty() ? store.read_blob(document.digest, config::kMaxJsonBytes)
                                     : store.read_blob(document, config::kMaxJsonBytes);
}

}  // namespace

config::Descriptor descriptor_of(const config::Digest& digest) {
  config::Descriptor descriptor;
  descriptor.digest = digest;
  return descriptor;
}

std::optional<References> references_of(const Store& store, const config::Descriptor& document) {
  const bool is_known = !document.media_type.empty();
  Kind kind = kind_of(document.media_type);
  if (is_known && kind == Kind::kOther) return std::nullopt;
  if (!is_known && !may_be_document(store, document.digest)) return std::nullopt;
  const std::string text = read_document(store, document);
  if (!is_known) kind = kind_by_content(text);
  const std::string name = "blob " + document.digest.text();
  if (kind == Kind::kIndex) {
    config::Index index = config::read_index(text, name, document.media_type);
    return References{.documents = std::move(index.manifests), .subject = std::move(index.subject)};
  }
  if (kind == Kind::kManifest) {
    config::Manifest manifest = config::read_manifest(text, name, document.media_type);
    return References{.config = std::move(manifest.config),
                      .layers = std::move(manifest.layers),
                      .subject = std::move(manifest.subject)};
  }
  return std::nullopt;
}

std::vector<config::Digest> chain_ids_of(const Store& store, const config::Descriptor& config) {
  if (!config::is_config_type(config.media_type)) return {};
  const config::ImageConfig image = config::read_image_config(
      store.read_blob(config, config::kMaxJsonBytes), "blob " + config.digest.text());
  std::vector<config::Digest> chain;
  config::Digest below;
  for (const config::Digest& diff_id : image.diff_ids) {
    below = config::chain_id(below, diff_id);
    chain.push_back(below);
  }
  return chain;
}

Needs read_needs(const std::string& text, const std::string& name) {
  const config::Json json = config::parse_json(text, name);
  const config::Reader reader(json, name);
  Needs needs;
  const config::Reader place = reader.required("needs");
  std::vector<std::string> blobs;
  place.get("blobs", blobs);
  place.get("layers", needs.layers);
  for (const std::string& blob : blobs) needs.blobs.push_back(config::parse_digest(blob));
  return needs;
}

Needs read_lease(const std::string& text, const std::string& name) {
  constexpr std::string_view kBlob = "blob ";
  constexpr std::string_view kLayer = "layer ";
  Needs needs;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with(kBlob)) {
      needs.blobs.push_back(config::parse_digest(line.substr(kBlob.size())));
    } else if (line.starts_with(kLayer)) {
      needs.layers.emplace_back(line.substr(kLayer.size()));
    } else {
      throw sys::Error(sys::format("{}: a line that is none of a lease: {}", name,
                                   config::quote_for_message(line)),
                       EINVAL);
    }
  }
  return needs;
}

std::optional<Needs> needs_of_container(const Store& store, const std::string& id) {
  const sys::Fd containers = store.containers();
  const std::optional<sys::Fd> folder =
      sys::open_at_if_exists(containers.get(), id, O_PATH | O_DIRECTORY);
  if (!folder) return std::nullopt;
  const std::optional<std::string> text =
      sys::read_file_at_if_exists(folder->get(), layout::kRecord, config::kMaxJsonBytes);
  if (!text) return std::nullopt;
  return read_needs(*text, sys::format("container \"{}\": {}", id, layout::kRecord));
}

void mark(const Store& store, const config::Descriptor& root, Marks& marks) {
  // A list, not a recursion: indexes may be nested as deep as somebody likes. INV-12.
  std::vector<config::Descriptor> rest = {root};
  while (!rest.empty()) {
    const config::Descriptor next = std::move(rest.back());
    rest.pop_back();
    if (!marks.blobs.insert(next.digest).second) continue;
    if (!store.has_blob(next.digest)) continue;  // the standard allows that
    std::optional<References> found = references_of(store, next);
    if (!found) continue;
    for (config::Descriptor& document : found->documents) rest.push_back(std::move(document));
    if (found->subject) rest.push_back(std::move(*found->subject));
    for (const config::Descriptor& layer : found->layers) marks.blobs.insert(layer.digest);
    if (!found->config) continue;
    marks.blobs.insert(found->config->digest);
    if (!store.has_blob(found->config->digest)) continue;
    for (const config::Digest& id : chain_ids_of(store, *found->config)) {
      marks.chain_ids.insert(id);
    }
  }
}

}  // namespace snapshotter
