// SPDX-License-Identifier: Apache-2.0
// Mounts of overlay and FUSE, detached, their layers by descriptor. How a kernel can be told of
// layers differs by its age, and is found out by trying. Source: the kernel's overlayfs.rst and
// fuse.rst; fsconfig(2).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace sys {

/// How the layers are told, the newest first.
enum class OverlayInterface {
  kBest,         // whatever works
  kDescriptors,  // fsconfig(2) with descriptors, from Linux 6.13 on
  kPaths,        // fsconfig(2) "lowerdir+", a path at a time, from 6.5 on
  kPage,         // mount(2), whose options all fit one page
};

struct OverlayLayers {
  /// Open directories of the mount namespace that we are in, the topmost first.
  std::vector<int> lowers;
  int upper = -1, work = -1;  // -1: read-only; then at least two lowers
  std::vector<std::string> options = {};
};

/// A detached overlay mount. The caller is in a mount namespace that belongs to his user namespace.
/// Errors: what the kernel says, whose words are better than its errno; E2BIG when mount(2)'s page
/// is too small.
Fd make_overlay(const OverlayLayers& layers, OverlayInterface how = OverlayInterface::kBest);

/// An empty read-only directory to be a layer, in the mount namespace while the object lives:
/// on top of `cover`, an open directory, whose descriptor still shows what it did.
class EmptyLayer {
 public:
  explicit EmptyLayer(int cover);
  ~EmptyLayer();
  EmptyLayer(const EmptyLayer&) = delete;
  EmptyLayer& operator=(const EmptyLayer&) = delete;
  int fd() const;

 private:
  struct Mount;
  std::unique_ptr<Mount> mount_;
};

/// A FUSE mount whose requests come to `device`, an open /dev/fuse: detached, for whoever is in our
/// user namespace, permissions checked by the kernel.
Fd make_fuse(int device, const std::string& source);

}  // namespace sys
