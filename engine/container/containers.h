// SPDX-License-Identifier: Apache-2.0
// Containers as the store has them: made, found, opened, removed. Nothing runs here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/container/record.h"
#include "engine/image/documents.h"
#include "engine/image/workshop.h"

namespace engine {

struct CreateOptions {
  std::string image;  // "scratch": from nothing
  std::string name;   // empty: one is made up
  std::vector<std::string> command;
  std::string driver;  // TILLA_DRIVER; empty: the best that works
  config::ContainerFlags flags;
};

struct CreatedContainer {
  ContainerRecord record;
  config::ContainerConfig image;  // what the image says of its containers
};

/// Makes a container and its snapshot; makes the image's layers when they are missing. The store
/// was opened, and the workshop made, in the user namespace and in a mount namespace of its own.
/// Errors: no such image; a name that is taken, or is none; no driver works, with the reasons;
/// flags that say nothing; an image's volume where none can be.
CreatedContainer create_container(const Workshop& workshop, const CreateOptions& options);

/// All, the newest first. Errors: a record that can't be read.
std::vector<ContainerRecord> list_containers(const snapshotter::Store& store);
/// By name, by id, or by the beginning of one. Errors: none, or several.
ContainerRecord find_container(const snapshotter::Store& store, const std::string& text);
std::optional<ContainerRecord> find_container_if_exists(const snapshotter::Store& store,
                                                        const std::string& text);

/// A container's files at hand.
struct OpenContainer {
  ContainerRecord record;
  std::unique_ptr<snapshotter::Driver> driver;
  sys::Fd snapshot;                            // the driver's directory
  std::vector<sys::Fd> layers;                 // the topmost first
  std::vector<std::optional<sys::Fd>> owners;  // the layers' sidecars, in their order

  snapshotter::LayerStack stack() const;
  std::vector<snapshotter::Change> changes() const {
    return driver->changes(snapshot.get(), stack());
  }
  std::vector<snapshotter::Change> entries() const {
    return driver->entries(snapshot.get(), stack());
  }
  /// A detached mount of the root.
  sys::Fd root(bool is_read_only) const;
  /// What changes() and entries() count in, and the sidecars beside them.
  std::vector<sys::Fd> sources() const { return driver->sources(snapshot.get(), stack()); }
  std::vector<int> source_owners() const;
};
/// Errors: it was made with other ids than ours; a layer is missing.
OpenContainer open_container(const snapshotter::Store& store, const snapshotter::Mapping& mapping,
                             const ContainerRecord& record);

/// Errors: a name that is taken, or is none.
void rename_container(snapshotter::Store& store, const std::string& container,
                      const std::string& name);

/// Makes what is missing of bundle/ in a container's directory, and opens it.
sys::Fd make_bundle_directories(int container);

/// What its image says; nothing of a container without an image.
config::ContainerConfig image_config(const snapshotter::Store& store,
                                     const ContainerRecord& record);

/// The best driver that works in the store. forced: a name; empty: any.
/// Errors: none does, or `forced` doesn't, with the reasons.
snapshotter::DriverKind choose_driver(snapshotter::Store& store,
                                      const snapshotter::Mapping& mapping,
                                      const std::string& forced);

}  // namespace engine
