// SPDX-License-Identifier: Apache-2.0
// Which images go by `image prune` and `system prune`: those that no container was made from, that
// are not a part of one that stays, and that one that stays isn't about (`subject`); nor those that
// are about one that stays.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/image/remove_images.h"
#include "snapshotter/content/store.h"

namespace engine {

struct PruneOptions {
  bool is_all = false;  // also those that have names
  /// Empty: all pass. Gets the images that are left, too.
  std::function<bool(const ImageRecord&, const std::vector<ImageRecord>&)> passes = {};
};

/// Takes them out of the index; what nothing needs then is Store::collect's to take.
std::vector<Removed> prune_images(snapshotter::Store& store, const PruneOptions& options);

}  // namespace engine
