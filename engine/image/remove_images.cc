// SPDX-License-Identifier: Apache-2.0
#include "engine/image/remove_images.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

bool is_in_several_repositories(const ImageRecord& image) {
  return std::ranges::any_of(image.names, [&](const config::Reference& name) {
    return name.repository() != image.names.front().repository();
  });
}

void refuse_used(const std::vector<ImageUser>& users, const ImageMatch& match) {
  for (const ImageUser& user : users) {
    if (!uses(user, *match.image)) continue;
    const std::string container = user.id.substr(0, 12);
    if (match.is_by_name) {
      throw sys::Error(
          sys::format("conflict: unable to remove repository reference \"{}\" (must force) - "
                      "container {} is using its referenced image {}",
                      match.image->names[match.entry].familiar(), container,
                      short_id(match.image->id)),
          EBUSY);
    }
    throw sys::Error(sys::format("conflict: unable to delete {} (must be forced) - image is being "
                                 "used by stopped container {}",
                                 short_id(match.image->id), container),
                     EBUSY);
  }
}

// From the top down, as far as no other image or container has them.
std::vector<std::string> own_layers(const std::vector<ImageRecord>& images,
                                    const std::vector<ImageUser>& users, const ImageRecord& image) {
  std::set<std::string> needed;
  for (const ImageRecord& other : images) {
    if (&other == &image) continue;
    for (const Digest& chain_id : other.chain_ids) needed.insert(chain_id.hex);
  }
  for (const ImageUser& user : users) {
    for (const std::string& layer : user.layers) needed.insert(layer.substr(layer.rfind('/') + 1));
  }
  std::vector<std::string> own;
  for (auto each = image.chain_ids.rbegin(); each != image.chain_ids.rend(); ++each) {
    if (!needed.contains(each->hex)) own.push_back(each->text());
  }
  return own;
}

}  // namespace

Removal plan_removal(const std::vector<ImageRecord>& images, const std::vector<ImageUser>& users,
                     const ImageMatch& match, const RemoveOptions& options) {
  const ImageRecord& image = *match.image;
  if (match.is_by_name && image.names.size() > 1) {
    return {{image.entries[match.entry]}, {{image.names[match.entry].familiar()}, {}}};
  }
  if (!options.is_forced) {
    if (!match.is_by_name && is_in_several_repositories(image)) {
      throw sys::Error(sys::format("conflict: unable to delete {} (must be forced) - image is "
                                   "referenced in multiple repositories",
                                   short_id(image.id)),
                       EBUSY);
    }
    refuse_used(users, match);
  }
  Removal removal = {.entries = image.entries, .removed = {}};
  for (const config::Reference& name : image.names) {
    removal.removed.untagged.push_back(name.familiar());
  }
  removal.removed.deleted.push_back(image.id.text());
  for (std::string& layer : own_layers(images, users, image)) {
    removal.removed.deleted.push_back(std::move(layer));
  }
  return removal;
}

void erase_entries(config::Index& index, const std::vector<Descriptor>& entries) {
  std::erase_if(index.manifests, [&](const Descriptor& each) {
    return std::ranges::any_of(entries, [&](const Descriptor& entry) {
      return entry.digest == each.digest && stored_name(entry) == stored_name(each);
    });
  });
}

}  // namespace engine
