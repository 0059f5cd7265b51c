// SPDX-License-Identifier: Apache-2.0
#include "engine/image/image_list.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "config/platform.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

constexpr std::size_t kShortDigits = 12;

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
  std::optional<config::Reference> reference = parse_stored_name(stored_name(entry));
  if (!reference) {
    record.entries.push_back(entry);
    return;
  }
  const auto place = static_cast<std::ptrdiff_t>(record.names.size());
  record.entries.insert(record.entries.begin() + place, entry);
  record.names.push_back(std::move(*reference));
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

std::optional<config::Reference> parse_stored_name(const std::string& name) {
  if (name.empty()) return std::nullopt;
  try {
    return config::parse_reference(name);
  } catch (const sys::Error&) {  // that another program gave it: no name here
    return std::nullopt;
  }
}

std::string short_id(const Digest& id) { return id.hex.substr(0, kShortDigits); }

std::string call_image(const ImageRecord& image) {
  std::string text;
  for (const config::Reference& name : image.names) {
    text += (text.empty() ? "" : ", ") + name.familiar();
  }
  return text.empty() ? short_id(image.id) : text;
}

}  // namespace engine
