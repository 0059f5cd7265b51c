// SPDX-License-Identifier: Apache-2.0
#include "engine/image/lookup.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/platform.h"
#include "config/reference.h"
#include "engine/image/documents.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

/// What a text may be.
struct Query {
  std::optional<config::Reference> name;
  std::string algorithm;  // of an id, where it is said
  std::string digits;     // of the beginning of an id; empty: it can't be one

  bool may_be(const Digest& id) const {
    return (algorithm.empty() || algorithm == id.algorithm) && id.hex.starts_with(digits);
  }
};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Query parse_query(const std::string& text) {
  constexpr std::size_t kSha256Digits = 64, kMostDigits = 128;
  Query query;
  std::string_view digits = text;
  for (const std::string_view algorithm : {"sha256", "sha512"}) {
    if (!text.starts_with(algorithm) || !digits.substr(algorithm.size()).starts_with(':')) continue;
    query.algorithm = algorithm;
    digits.remove_prefix(algorithm.size() + 1);
  }
  if (is_hex(digits) && digits.size() <= kMostDigits) query.digits = digits;
  const bool is_whole_id =
      query.digits.size() == kSha256Digits || query.digits.size() == kMostDigits;
  if (!query.algorithm.empty() || is_whole_id) return query;
  query.name = config::parse_reference(text);
  if (config::is_scratch(*query.name)) {
    throw sys::Error("\"scratch\" is the empty image, which is never stored", ENOENT);
  }
  return query;
}

/// Whether an image that has this name and this digest is what `wanted` means.
bool is_called(const config::Reference& name, const Digest& digest,
               const config::Reference& wanted) {
  if (name == wanted) return true;
  return wanted.digest && name.repository() == wanted.repository() &&
         (wanted.tag.empty() || wanted.tag == name.tag) && digest == *wanted.digest;
}

std::optional<FoundImage> find_by_name(const config::Index& index,
                                       const config::Reference& wanted) {
  for (const Descriptor& each : index.manifests) {
    const std::string name = stored_name(each);
    const std::optional<config::Reference> reference = parse_stored_name(name);
    if (reference && is_called(*reference, each.digest, wanted)) return FoundImage{each, name};
  }
  return std::nullopt;
}

std::optional<ImageMatch> match_name(const std::vector<ImageRecord>& images,
                                     const config::Reference& wanted) {
  for (const ImageRecord& image : images) {
    for (std::size_t i = 0; i < image.names.size(); ++i) {
      if (is_called(image.names[i], image.entries[i].digest, wanted)) {
        return ImageMatch{&image, i, true};
      }
    }
  }
  return std::nullopt;
}

std::vector<ImageMatch> match_id(const std::vector<ImageRecord>& images, const Query& query) {
  std::vector<ImageMatch> matches;
  for (const ImageRecord& image : images) {
    if (query.may_be(image.id)) {
      matches.push_back({&image, 0, false});
      continue;
    }
    const bool is_manifest = query.may_be(image.documents.descriptor.digest);
    for (std::size_t i = 0; i < image.entries.size(); ++i) {
      if (!is_manifest && !query.may_be(image.entries[i].digest)) continue;
      matches.push_back({&image, i, false});
      break;
    }
  }
  return matches;
}

ImageMatch resolve(const std::vector<ImageRecord>& images, const Query& query,
                   const std::string& text) {
  if (query.name) {
    if (const auto match = match_name(images, *query.name)) return *match;
  }
  std::vector<ImageMatch> matches;
  if (!query.digits.empty()) matches = match_id(images, query);
  if (matches.empty()) throw sys::Error(sys::format("no such image: {}", text), ENOENT);
  if (matches.size() == 1) return matches.front();
  std::string list;
  for (const ImageMatch& match : matches) {
    const std::size_t shown = std::max(short_id(match.image->id).size(), query.digits.size() + 4);
    list +=
        sys::format("\n  {}  {}", match.image->id.hex.substr(0, shown), call_image(*match.image));
  }
  throw sys::Error(sys::format("\"{}\" is the beginning of several ids:{}", text, list));
}

}  // namespace

ImageMatch resolve_image(const std::vector<ImageRecord>& images, const std::string& text) {
  return resolve(images, parse_query(text), text);
}

FoundImage find_stored(const snapshotter::Store& store, const std::string& text) {
  const Query query = parse_query(text);
  if (query.name) {
    if (auto found = find_by_name(store.index(), *query.name)) return std::move(*found);
  }
  if (query.digits.empty()) throw sys::Error(sys::format("no such image: {}", text), ENOENT);
  const std::vector<ImageRecord> images = list_images(store, config::native_platform());
  const ImageMatch match = resolve(images, query, text);
  return {match.image->entries[match.entry], ""};
}

}  // namespace engine
