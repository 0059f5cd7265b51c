// SPDX-License-Identifier: Apache-2.0
#include "engine/image/prune_images.h"

#include <algorithm>

#include "config/platform.h"
#include "snapshotter/content/usage.h"

namespace engine {
namespace {

bool is_among(const ImageRecord& image, const std::vector<config::Descriptor>& unused) {
  return std::ranges::all_of(image.entries, [&](const config::Descriptor& entry) {
    return std::ranges::find(unused, entry) != unused.end();
  });
}

}  // namespace

std::vector<Removed> prune_images(snapshotter::Store& store, const PruneOptions& options) {
  std::vector<Removed> removed;
  store.update_index([&](config::Index& index) {
    const std::vector<ImageUser> users = list_users(store);
    const std::vector<config::Descriptor> unused =
        snapshotter::unused_images(store, options.is_all);
    std::vector<ImageRecord> images = list_images(store, config::native_platform());
    for (std::size_t i = 0; i < images.size();) {
      const ImageRecord& image = images[i];
      const bool goes = is_among(image, unused) && !is_used(users, image) &&
                        (!options.passes || options.passes(image, images));
      if (!goes) {
        ++i;
        continue;
      }
      Removal removal = plan_removal(images, users, {&image, 0, false}, {true});
      erase_entries(index, removal.entries);
      removed.push_back(std::move(removal.removed));
      images.erase(images.begin() + static_cast<std::ptrdiff_t>(i));
    }
  });
  return removed;
}

}  // namespace engine
