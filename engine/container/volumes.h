// SPDX-License-Identifier: Apache-2.0
// Volumes: directories in the store that outlive containers (docs/volumes.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/runtime_spec.h"
#include "snapshotter/content/store.h"
#include "sys/fd.h"

namespace engine {

struct Volume {
  std::string name;
  std::string created = {};  // RFC 3339, UTC
  config::StringMap labels = {};
  bool is_anonymous = false;
};

/// Makes it. False: there is one of that name already, which stays as it is.
bool make_volume(const snapshotter::Store& store, const Volume& volume);
/// By their names. Errors: one that can't be read.
std::vector<Volume> list_volumes(const snapshotter::Store& store);
std::optional<Volume> find_volume(const snapshotter::Store& store, const std::string& name);
/// With all that is in it. False: there is none of that name.
bool remove_volume(const snapshotter::Store& store, const std::string& name);
/// The directory of its files.
std::string volume_path(const snapshotter::Store& store, const std::string& name);

/// Gives an empty volume what `root` has at `target`, owner and mode of the directory included.
/// Nothing there, or a volume that has something: nothing is done.
void fill_volume(const snapshotter::Store& store, const std::string& name,
                 const snapshotter::Mapping& mapping, int root, const std::string& target);

}  // namespace engine
