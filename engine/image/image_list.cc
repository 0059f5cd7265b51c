// SPDX-License-Identifier: Apache-2.0
#include "engine/image/image_list.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "config/platform.h"
#include "engine/image/lookup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

constexpr std::size_t kShortDigits = 12;
constexpr std::string_view kSha256 = "sha256:";

// The image of another platform, when there is none for this one: an index may be stored in part.
std::optional<ImageDocuments> find_any(const Descriptor& entry, const ReadDocument& read) {
  for (const Closure::Document& document : follow({entry}, read).documents) {
    if (!config::is_manifest_type(document.descriptor.media_type)) continue;
    const config::Manifest manifest = config::read_manifest(
        document.text, document.descriptor.digest.text(), document.descriptor.media_type);
    if (!config::is_config_type(manifest.config.media_type)) continue;
    if (auto image = find_image(document.descriptor, {}, read)) return image;
  }
  return std::nullopt;
}

bool is_stored(const snapshotter::Store& store, const Descriptor& entry,
               const config::Platform& platform, const ReadDocument& read) {
  if (!config::is_index_type(entry.media_type)) return true;
  const config::Index index =
      config::read_index(read(entry).value_or(""), entry.digest.text(), entry.media_type);
  const std::optional<std::size_t> chosen = config::choose_platform(index, platform);
  return chosen && store.has_blob(index.manifests[*chosen].digest);
}

void read_documents(const snapshotter::Store& store, const Descriptor& entry,
                    const config::Platform& platform, ImageRecord& record) {
  const ReadDocument read = documents_of(store);
  std::optional<ImageDocuments> image;
  if (is_stored(store, entry, platform, read)) image = find_image(entry, platform, read);
  if (!image && config::is_index_type(entry.media_type)) image = find_any(entry, read);
  if (image) {
    record.documents = std::move(*image);
    record.id = record.documents.id();
    record.is_image = true;
  } else if (config::is_manifest_type(entry.media_type)) {
    record.documents.descriptor = entry;
    record.documents.manifest_text = store.read_blob(entry, kMaxDocumentBytes);
    record.documents.manifest = config::read_manifest(record.documents.manifest_text,
                                                      entry.digest.text(), entry.media_type);
  }
}

void measure(const snapshotter::Store& store, ImageRecord& record) {
  Digest below;
  const std::vector<Descriptor>& layers = record.documents.manifest.layers;
  const std::vector<Digest>& diff_ids = record.documents.config.diff_ids;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::uint64_t size = layers[i].size;
    if (i < diff_ids.size()) {
      below = config::chain_id(below, diff_ids[i]);
      record.chain_ids.push_back(below);
      if (const auto facts = store.layer_facts(below)) size = facts->size;
    }
    record.layer_sizes.push_back(size);
    record.size += size;
  }
}

ImageRecord make_record(const snapshotter::Store& store, const Descriptor& entry,
                        const config::Platform& platform) {
  ImageRecord record;
  record.id = entry.digest;
  try {
    read_documents(store, entry, platform, record);
  } catch (const sys::Error& error) {  // one that is damaged hides none of the others
    record = ImageRecord();
    record.id = entry.digest;
    record.problem = error.what();
  }
  if (record.is_image) measure(store, record);
  return record;
}

void add_entry(ImageRecord& record, const Descriptor& entry) {
  const std::string name = stored_name(entry);
  std::optional<config::Reference> reference;
  try {
    if (!name.empty()) reference = config::parse_reference(name);
  } catch (const sys::Error&) {  // a name that another program gave it: no name here
  }
  if (!reference) {
    record.entries.push_back(entry);
    return;
  }
  const auto place = static_cast<std::ptrdiff_t>(record.names.size());
  record.entries.insert(record.entries.begin() + place, entry);
  record.names.push_back(std::move(*reference));
}

// The digits of what may begin an id; empty: it can't be one.
std::string_view digits_of(std::string_view text) {
  if (text.starts_with(kSha256)) text.remove_prefix(kSha256.size());
  const bool is_hex = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return is_hex && text.size() <= 64 ? text : std::string_view();
}

std::optional<ImageMatch> match_name(const std::vector<ImageRecord>& images,
                                     const config::Reference& wanted) {
  for (const ImageRecord& image : images) {
    for (std::size_t i = 0; i < image.names.size(); ++i) {
      const config::Reference& name = image.names[i];
      if (name == wanted) return ImageMatch{&image, i, true};
      const bool is_same = name.repository() == wanted.repository() && wanted.digest &&
                           (wanted.tag.empty() || wanted.tag == name.tag);
      if (is_same && image.entries[i].digest == *wanted.digest) return ImageMatch{&image, i, true};
    }
  }
  return std::nullopt;
}

std::vector<ImageMatch> match_digits(const std::vector<ImageRecord>& images,
                                     std::string_view digits) {
  std::vector<ImageMatch> matches;
  for (const ImageRecord& image : images) {
    if (image.id.hex.starts_with(digits)) {
      matches.push_back({&image, 0, false});
      continue;
    }
    for (std::size_t i = 0; i < image.entries.size(); ++i) {
      const bool is_manifest = image.documents.descriptor.digest.hex.starts_with(digits);
      if (!is_manifest && !image.entries[i].digest.hex.starts_with(digits)) continue;
      matches.push_back({&image, i, false});
      break;
    }
  }
  return matches;
}

}  // namespace

std::vector<ImageRecord> list_images(const snapshotter::Store& store,
                                     const config::Platform& platform) {
  std::vector<ImageRecord> images;
  std::map<Digest, std::size_t> by_entry, by_id;
  for (const Descriptor& entry : store.index().manifests) {
    auto [known, is_new] = by_entry.try_emplace(entry.digest, 0);
    if (is_new) {
      ImageRecord record = make_record(store, entry, platform);
      const auto [same, is_first] = by_id.try_emplace(record.id, images.size());
      if (is_first) images.push_back(std::move(record));
      known->second = same->second;
    }
    add_entry(images[known->second], entry);
  }
  std::ranges::stable_sort(images, [](const ImageRecord& left, const ImageRecord& right) {
    return left.documents.config.created > right.documents.config.created;
  });
  return images;
}

std::string short_id(const Digest& id) { return id.hex.substr(0, kShortDigits); }

std::string call_image(const ImageRecord& image) {
  std::string text;
  for (const config::Reference& name : image.names) {
    text += (text.empty() ? "" : ", ") + name.familiar();
  }
  return text.empty() ? short_id(image.id) : text;
}

ImageMatch resolve_image(const std::vector<ImageRecord>& images, const std::string& text) {
  const std::string_view digits = digits_of(text);
  const bool is_id = text.starts_with(kSha256) || digits.size() == 64;
  if (!is_id) {
    const config::Reference wanted = config::parse_reference(text);
    if (config::is_scratch(wanted)) {
      throw sys::Error("\"scratch\" is the empty image, which is never stored", ENOENT);
    }
    if (const auto match = match_name(images, wanted)) return *match;
  }
  if (!digits.empty()) {
    const std::vector<ImageMatch> matches = match_digits(images, digits);
    if (matches.size() == 1) return matches.front();
    if (!matches.empty()) {
      std::string list;
      for (const ImageMatch& match : matches) {
        list += sys::format(
            "\n  {}  {}", match.image->id.hex.substr(0, std::max(kShortDigits, digits.size() + 4)),
            call_image(*match.image));
      }
      throw sys::Error(sys::format("\"{}\" is the beginning of several ids:{}", text, list));
    }
  }
  throw sys::Error(sys::format("no such image: {}", text), ENOENT);
}

}  // namespace engine
