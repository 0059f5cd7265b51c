// SPDX-License-Identifier: Apache-2.0
// The contract of what makes a root file system out of layers. One suite, tests/contract, proves it
// for every driver.
//
// Words: a *layer* is a directory with the whiteouts and opaque marks of overlay, never changed
// once it has its name. A *snapshot* is a directory of ours that holds what one container changed,
// in the driver's own form. A snapshot's *root* is the merged view: all layers below, its changes
// on top.
//
// prepare() makes a snapshot in an empty directory; root() shows it, as often as wanted and after
// any crash; changes() tells what differs from the layers; remove by deleting the directory, when
// no root of it is mounted. Whatever a container does in its root, no layer changes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshotter/layer/changes.h"
#include "snapshotter/layer/mapping.h"
#include "sys/fd.h"

namespace snapshotter {

/// Open directories, the topmost first. None: a root from scratch. For root() they must have been
/// opened in the mount namespace in which it is called: overlay takes no others.
using LayerStack = std::vector<int>;

/// As many as a container can have. Source: the design's baseline; overlay itself takes 500.
constexpr std::size_t kMaxLayers = 128;

class Driver {
 public:
  virtual ~Driver() = default;
  virtual std::string_view name() const = 0;  // "overlay", "fuse-overlayfs", "copy"

  /// Makes the snapshot's own files in `directory`, which is open, empty, and ours. Errors: more
  /// than kMaxLayers.
  virtual void prepare(int directory, const LayerStack& layers) = 0;
  /// A detached mount of the root, to be attached by the caller, who is in a mount namespace that
  /// belongs to his user namespace. read_only: nothing is written anywhere, and `directory` may be
  /// -1 for a view of an image (needs at least one layer; the copy driver has none).
  virtual sys::Fd root(int directory, const LayerStack& layers, bool read_only) = 0;
  virtual std::vector<Change> changes(int directory, const LayerStack& layers) = 0;
  /// All that is in the root, whether it was changed or not, to be packed.
  virtual std::vector<Change> entries(int directory, const LayerStack& layers) = 0;
  /// What the changes' `source` counts in: open directories, [0] holds the changed files.
  virtual std::vector<sys::Fd> sources(int directory, const LayerStack& layers) = 0;
};

enum class DriverKind { kOverlay, kFuseOverlayfs, kCopy };

/// "overlay", "fuse-overlayfs", "copy"; stored in containers' records.
std::string_view name_of(DriverKind kind);
std::optional<DriverKind> parse_driver_kind(std::string_view name);

struct DriverProbe {
  DriverKind kind;
  bool works = false;
  std::string reason;  // why not, for people: what was tried and the kernel's answer
};

/// Tries each driver by use in `directory` (on the store's file system, which matters), best first.
/// To be called inside the user namespace and a mount namespace of its own.
std::vector<DriverProbe> probe_drivers(int directory, const Mapping& mapping);
DriverProbe probe_driver(DriverKind kind, int directory, const Mapping& mapping);
std::unique_ptr<Driver> make_driver(DriverKind kind, const Mapping& mapping);

}  // namespace snapshotter
