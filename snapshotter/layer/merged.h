// SPDX-License-Identifier: Apache-2.0
// Layers as overlay shows them stacked, directory by directory: what diff compares with and what
// the copy driver copies. Layers are ours and don't change; still, nothing is followed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sys/entry.h"
#include "sys/fd.h"

namespace snapshotter {

/// Bounds of every tree that we walk through. INV-12.
constexpr std::size_t kMaxTreeEntries = 10'000'000;
constexpr std::size_t kMaxTreeDepth = 1024;

/// Whether this is overlay's mark for a name that is gone. Source: overlayfs.rst, "whiteouts".
bool is_whiteout(const struct stat& status);

/// A directory of the merged view: the layers' directories that make it up.
class MergedDirectory {
 public:
  /// Nothing at all.
  MergedDirectory() = default;
  /// The view's root. layers: open directories, the topmost first, which must outlive all that
  /// comes of this. prefix: of overlay's attributes.
  MergedDirectory(const std::vector<int>& layers, const std::string& prefix);

  bool empty() const { return parts_.empty(); }

  /// An entry that can be seen: its layer (0 is the topmost), the layer's directory that holds it
  /// (borrowed), and its status there.
  struct Found {
    std::uint32_t layer = 0;
    int directory = -1;
    struct stat status = {};
  };
  std::optional<Found> find(const std::string& name) const;
  /// Of the root or of a directory that was entered: the topmost part.
  int top() const { return parts_.front().directory(); }
  /// The directory `name`; empty when that is none.
  MergedDirectory enter(const std::string& name) const;
  /// All that can be seen, sorted.
  std::vector<sys::Entry> list() const;
  /// About as many finds are to come: from some on, reading the directories is cheaper.
  void expect_finds(std::size_t count);

 private:
  struct Part {
    std::uint32_t layer = 0;
    sys::Fd owned = {};
    int borrowed = -1;
    std::unique_ptr<std::vector<sys::Entry>> names = {};  // when they have been read
    int directory() const { return owned ? owned.get() : borrowed; }
    std::optional<struct stat> status(const std::string& name) const;
  };
  std::vector<Part> parts_;
  const std::string* prefix_ = nullptr;
};

}  // namespace snapshotter
