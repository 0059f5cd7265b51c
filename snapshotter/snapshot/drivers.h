// SPDX-License-Identifier: Apache-2.0
// The drivers themselves, each in a file of its own, and what they share.
#pragma once

#include <memory>
#include <string>

#include "snapshotter/snapshot/driver.h"
#include "sys/overlay.h"

namespace snapshotter {

/// interface: for tests, which try the ways of old kernels on new ones.
std::unique_ptr<Driver> make_overlay_driver(
    const Mapping& mapping, sys::OverlayInterface interface = sys::OverlayInterface::kBest);
std::unique_ptr<Driver> make_fuse_driver(const Mapping& mapping);
std::unique_ptr<Driver> make_copy_driver(const Mapping& mapping);

/// Errors: more than kMaxLayers.
void check_layer_count(const LayerStack& layers);
/// Gives a new root directory `root` the owner, mode, times and attributes that the topmost layer's
void dress_root(int root, const LayerStack& layers);
/// Copies the attributes of one entry to another, but for those of overlay and fuse-overlayfs.
void copy_attributes(int from_dir, const std::string& from, int to_dir, const std::string& to);

/// Copies all that the layers come to into the empty directory `to`, with owners, modes, times,
/// attributes, holes and hard links.
void copy_tree(const LayerStack& layers, const Mapping& mapping, int to);

/// Makes "upper" and "work" in `directory`.
void prepare_upper(int directory, const LayerStack& layers);
/// [0] "upper", then the layers.
std::vector<sys::Fd> upper_sources(int directory, const LayerStack& layers);
/// A clone of the mount at a directory of ours, perhaps read-only.
sys::Fd clone_directory(int directory, bool read_only);

}  // namespace snapshotter
