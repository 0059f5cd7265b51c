// SPDX-License-Identifier: Apache-2.0
// Which containers need an image. All that is read of a container's record is what the store reads
// too, and its names.
#pragma once

#include <string>
#include <vector>

#include "engine/image/image_list.h"
#include "snapshotter/content/store.h"

namespace engine {

struct ImageUser {
  std::string id, name;
  std::string image_id;             // "sha256:..."; the same image may have come by two manifests
  std::vector<std::string> blobs;   // "sha256:..."
  std::vector<std::string> layers;  // "<mapping>/<chain id>"
};

/// Errors: a record that can't be read, for nobody knows what that needs.
std::vector<ImageUser> list_users(const snapshotter::Store& store);

bool uses(const ImageUser& user, const ImageRecord& image);
bool is_used(const std::vector<ImageUser>& users, const ImageRecord& image);

}  // namespace engine
