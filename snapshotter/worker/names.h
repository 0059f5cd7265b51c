// SPDX-License-Identifier: Apache-2.0
// What the names in a layer's archive mean: paths that lead down, and the whiteouts among them.
// Pure. Source: image-spec, "layer.md", "Representing Changes"; AUFS, of which they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace snapshotter {

constexpr std::string_view kWhiteoutPrefix = ".wh.";

enum class Meaning {
  kEntry,
  kWhiteout,  // `path` is removed from the layers below
  kOpaque,    // all in `path` is
  kIgnored,   // what AUFS leaves behind for itself
};

struct LayerName {
  Meaning meaning = Meaning::kEntry;
  std::string path;  // clean: "" is the root
};

/// Cleans a path of an archive: no leading '/', no "." or empty components.
/// Errors: "..", a NUL byte, nothing at all, more components than `max_depth`.
std::string clean_path(std::string_view text, std::uint64_t max_depth);

/// Errors: those of clean_path; a whiteout of nothing, of "." or of ".."; a path through a
/// whiteout.
LayerName read_layer_name(std::string_view text, std::uint64_t max_depth);

/// "a/b" is "a" and "b", "b" is "" and "b".
struct SplitPath {
  std::string parent, name;
};
SplitPath split_path(const std::string& path);

}  // namespace snapshotter
