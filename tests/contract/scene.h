// SPDX-License-Identifier: Apache-2.0
// Layers, a snapshot of them, and a shell in its root, for each driver and each identity that the
// caller can have. What is in here runs in a child (tests/support/child.h), in namespaces of its
// own: it complains by exceptions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "snapshotter/snapshot/drivers.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

namespace contract {

// What the suite is run for.
struct Overlay {
  static std::unique_ptr<snapshotter::Driver> make(const snapshotter::Mapping& mapping);
  static constexpr bool kNeedsFuse = false;
};
/// As Linux 6.1 has it: mount(2), all options on one page.
struct OverlayOnePage {
  static std::unique_ptr<snapshotter::Driver> make(const snapshotter::Mapping& mapping);
  static constexpr bool kNeedsFuse = false;
};
struct Fuse {
  static std::unique_ptr<snapshotter::Driver> make(const snapshotter::Mapping& mapping);
  static constexpr bool kNeedsFuse = true;
};
struct Copy {
  static std::unique_ptr<snapshotter::Driver> make(const snapshotter::Mapping& mapping);
  static constexpr bool kNeedsFuse = false;
};

class Scene {
 public:
  using MakeDriver = std::unique_ptr<snapshotter::Driver> (*)(const snapshotter::Mapping&);
  Scene(const std::string& directory, const snapshotter::Mapping& mapping, MakeDriver make);

  snapshotter::Driver& driver() { return *driver_; }
  const snapshotter::Mapping& mapping() const { return mapping_; }

  /// Makes a layer on top of the others with what shell line `line` does in it. "WHITEOUT NAME"
  /// and "OPAQUE NAME" are commands there.
  void add_layer(const std::string& line);
  void prepare();
  snapshotter::LayerStack layers() const;
  int snapshot() const { return snapshot_.get(); }

  sys::Fd root(bool read_only = false) { return driver_->root(snapshot(), layers(), read_only); }
  /// Runs a shell line in the root, attached for that long; returns what it prints.
  /// Errors: it fails.
  std::string in_root(const std::string& line, bool read_only = false);
  /// The same, whatever comes of it.
  support::Result try_in_root(const std::string& line, bool read_only = false);
  /// A layer with busybox in bin/, for attack().
  void add_busybox_layer();
  /// The same with a shell that sees nothing but the root, with all capabilities of the user
  /// namespace. is_image: the root of the layers alone.
  support::Result attack(const std::string& line, bool read_only, bool is_image = false);
  /// "C etc\nD etc/passwd\n"
  std::string changes();
  void expect_changes(const std::string& expected);
  /// All that there is to know of the layers' files, but for when they were read last.
  std::string layers_in_full() const;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string directory_;
  snapshotter::Mapping mapping_;
  std::unique_ptr<snapshotter::Driver> driver_;
  std::vector<sys::Fd> layers_;  // the lowest first
  sys::Fd snapshot_;
};

/// Enters an identity that the caller can have, and a mount namespace: "root", "range", "single".
snapshotter::Mapping enter(const std::string& identity);
std::vector<std::string> identities();

using Part = std::function<void(Scene&)>;
/// Runs `part` as each identity. Returns "" or what went wrong.
std::string run_as_each(Scene::MakeDriver make, const Part& part);

/// In a test: the whole of it.
#define EACH_IDENTITY(Type, ...)                                               \
  do {                                                                         \
    if (Type::kNeedsFuse && support::is_missing(support::needs::fuse)) return; \
    CHECK(contract::run_as_each(&Type::make, __VA_ARGS__) == "");              \
  } while (false)

}  // namespace contract
