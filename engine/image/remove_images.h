// SPDX-License-Identifier: Apache-2.0
// Takes names and images out of the index, by docker's rules of what may go. What nothing needs
// then is collected by the store.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/image_list.h"
#include "engine/image/image_users.h"
#include "engine/image/lookup.h"

namespace engine {

struct Removed {
  std::vector<std::string> untagged;  // "debian:12"
  std::vector<std::string> deleted;   // "sha256:...": the image, then its layers that nobody shares
};

struct RemoveOptions {
  bool is_forced = false;
};

/// What goes, decided among images that nobody changes meanwhile (inside of Store::update_index).
struct Removal {
  std::vector<config::Descriptor> entries;  // of the index
  Removed removed;
};

/// Takes the name away by which `match` was found while others remain; else the image. Errors,
/// unless forced: a container needs it; found by its id, it is in several repositories.
Removal plan_removal(const std::vector<ImageRecord>& images, const std::vector<ImageUser>& users,
                     const ImageMatch& match, const RemoveOptions& options);
void erase_entries(config::Index& index, const std::vector<config::Descriptor>& entries);

}  // namespace engine
