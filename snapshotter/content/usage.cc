// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/content/usage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "snapshotter/content/walk.h"
#include "sys/file.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

std::string name_in(const config::Descriptor& image) {
  const auto name = image.annotations.find(std::string(config::kRefNameAnnotation));
  return name == image.annotations.end() ? "" : name->second;
}

// What each container was made from.
std::vector<std::set<config::Digest>> container_blobs(const Store& store) {
  std::vector<std::set<config::Digest>> all;
  for (const std::string& id : sys::list_directory(store.containers().get())) {
    const std::optional<Needs> needs = needs_of_container(store, id);
    if (needs) all.emplace_back(needs->blobs.begin(), needs->blobs.end());
  }
  return all;
}

unsigned count_users(const Marks& image, const std::vector<std::set<config::Digest>>& containers) {
  return static_cast<unsigned>(std::ranges::count_if(containers, [&](const auto& blobs) {
    return std::ranges::any_of(
        blobs, [&](const config::Digest& blob) { return image.blobs.contains(blob); });
  }));
}

// The parts of an image that are there, by a name, with their sizes.
std::map<std::string, std::uint64_t> parts_of(const Store& store, const Marks& marks) {
  std::map<std::string, std::uint64_t> parts;
  for (const config::Digest& blob : marks.blobs) {
    if (const auto size = store.blob_size(blob)) parts[blob.text()] = *size;
  }
  for (const config::Digest& id : marks.chain_ids) {
    if (const auto facts = store.layer_facts(id)) parts["layer " + id.text()] = facts->size;
  }
  return parts;
}

Marks marks_of(const Store& store, const config::Descriptor& image) {
  Marks marks;
  mark(store, image, marks);
  return marks;
}

}  // namespace

Usage usage_of(Store& store) {
  Usage usage;
  std::vector<std::map<std::string, std::uint64_t>> parts;
  const std::vector<std::set<config::Digest>> containers = container_blobs(store);
  for (const config::Descriptor& entry : store.index().manifests) {
    const auto known = std::ranges::find(usage.images, entry.digest, &ImageUsage::digest);
    const bool is_known = known != usage.images.end();  // by another name
    ImageUsage& image = is_known ? *known : usage.images.emplace_back();
    if (const std::string name = name_in(entry); !name.empty()) image.names.push_back(name);
    if (is_known) continue;
    const Marks marks = marks_of(store, entry);
    image.digest = entry.digest;
    image.containers = count_users(marks, containers);
    parts.push_back(parts_of(store, marks));
  }
  struct Part {
    std::uint64_t size = 0;
    unsigned images = 0;
    bool is_active = false;
  };
  std::map<std::string, Part> all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const auto& [name, size] : parts[i]) {
      Part& part = all[name];
      part.size = size;
      ++part.images;
      part.is_active |= usage.images[i].containers > 0;
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ImageUsage& image = usage.images[i];
    for (const auto& [name, size] : parts[i]) {
      image.size += size;
      (all[name].images > 1 ? image.shared : image.unique) += size;
    }
  }
  for (const auto& [name, part] : all) {
    usage.image_bytes += part.size;
    if (!part.is_active) usage.reclaimable_image_bytes += part.size;
  }
  const sys::Fd folder = store.containers();
  for (const std::string& id : sys::list_directory(folder.get())) {
    usage.containers.push_back({.id = id, .size = sys::tree_size(folder.get(), id).bytes});
  }
  usage.garbage = store.collect(false);
  return usage;
}

std::vector<config::Descriptor> unused_images(const Store& store, bool all) {
  const std::vector<std::set<config::Digest>> containers = container_blobs(store);
  std::vector<config::Descriptor> unused;
  std::set<config::Digest> kept;
  for (const config::Descriptor& entry : store.index().manifests) {
    const Marks marks = marks_of(store, entry);
    const bool is_used = count_users(marks, containers) > 0 || (!all && !name_in(entry).empty());
    if (is_used) kept.insert(marks.blobs.begin(), marks.blobs.end());
    if (!is_used) unused.push_back(entry);
  }
  std::erase_if(unused, [&](const config::Descriptor& entry) {
    if (kept.contains(entry.digest)) return true;  // another name of it is used, or it is below one
    if (!store.has_blob(entry.digest)) return false;
    const std::optional<References> found = references_of(store, entry);
    return found && found->subject && kept.contains(found->subject->digest);
  });
  return unused;
}

void forget_images(Store& store, const std::vector<config::Descriptor>& images) {
  store.update_index([&](config::Index& index) {
    std::erase_if(index.manifests, [&](const config::Descriptor& entry) {
      return std::ranges::find(images, entry) != images.end();
    });
  });
}

}  // namespace snapshotter
