// SPDX-License-Identifier: Apache-2.0
// What the runtime gets of a container: bundle/ in its directory, with the root mounted on
// bundle/rootfs in this process's mount namespace.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/container/containers.h"
#include "engine/container/identity.h"

namespace engine {

/// A mount at `path` in this mount namespace, while the object lives.
class AttachedMount {
 public:
  explicit AttachedMount(std::string path) : path_(std::move(path)) {}
  AttachedMount(AttachedMount&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  AttachedMount& operator=(AttachedMount&&) = delete;
  ~AttachedMount();
  /// It stays, for whoever has this mount namespace as well.
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

struct Bundle {
  std::string path;
  std::vector<std::string> warnings;
  std::optional<AttachedMount> root, init;

  void keep() {
    if (root) root->keep();
    if (init) init->keep();
  }
};

/// Mounts the root and writes the bundle anew; as often as the container is started. The caller is
/// in a mount namespace of his own, and opened the store in it.
/// Errors: all that the options ask for and can't be here; a user that the image hasn't.
Bundle make_bundle(const snapshotter::Store& store, const Identity& identity,
                   const ContainerRecord& record, const config::ContainerConfig& image);

}  // namespace engine
