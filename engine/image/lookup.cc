// SPDX-License-Identifier: Apache-2.0
#include "engine/image/lookup.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "config/reference.h"
#include "engine/image/documents.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

constexpr std::size_t kLeastPrefix = 2;

/// The hexadecimal digits of what may be the beginning of an id; empty: it can't be one.
std::string id_prefix(std::string_view text) {
  if (text.starts_with("sha256:")) text.remove_prefix(7);
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return is_hex && text.size() >= kLeastPrefix && text.size() <= 64 ? std::string(text) : "";
}

std::optional<FoundImage> find_by_name(const config::Index& index,
                                       const config::Reference& reference) {
  for (const Descriptor& each : index.manifests) {
    const std::string name = stored_name(each);
    if (name.empty()) continue;
    if (!reference.digest) {
      if (name == reference.text()) return FoundImage{each, name};
      continue;
    }
    if (name == reference.text()) return FoundImage{each, name};
    const config::Reference had = config::parse_reference(name);
    if (had.repository() != reference.repository() || each.digest != *reference.digest) continue;
    if (reference.tag.empty() || reference.tag == had.tag) return FoundImage{each, name};
  }
  return std::nullopt;
}

}  // namespace

std::string stored_name(const Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(config::kRefNameAnnotation));
  return found == descriptor.annotations.end() ? "" : found->second;
}

std::vector<Digest> ids_of(const snapshotter::Store& store, const Descriptor& descriptor) {
  std::vector<Digest> ids = {descriptor.digest};
  for (const Closure::Document& each : follow({descriptor}, documents_of(store)).documents) {
    if (!config::is_manifest_type(each.descriptor.media_type)) continue;
    ids.push_back(config::read_manifest(each.text, each.descriptor.digest.text()).config.digest);
  }
  return ids;
}

FoundImage find_stored(const snapshotter::Store& store, const std::string& text) {
  const config::Index index = store.index();
  const std::string prefix = id_prefix(text);
  // A name goes first, as with docker; but for "sha256:...", which is none.
  if (!text.starts_with("sha256:")) {
    const config::Reference reference = config::parse_reference(text);
    if (config::is_scratch(reference)) {
      throw sys::Error("\"scratch\" is the empty image, and is never stored");
    }
    if (auto found = find_by_name(index, reference)) return std::move(*found);
  }
  std::optional<FoundImage> found;
  if (!prefix.empty()) {
    for (const Descriptor& each : index.manifests) {
      const std::vector<Digest> ids = ids_of(store, each);
      const bool matches = std::any_of(
          ids.begin(), ids.end(), [&](const Digest& id) { return id.hex.starts_with(prefix); });
      if (!matches) continue;
      if (found && found->descriptor.digest != each.digest) {
        throw sys::Error(sys::format("several images have ids that begin with \"{}\"", text));
      }
      found = FoundImage{each, ""};
    }
  }
  if (!found) throw sys::Error(sys::format("no such image: {}", text), ENOENT);
  return std::move(*found);
}

}  // namespace engine
