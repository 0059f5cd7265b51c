// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/names.h"

#include <algorithm>

#include "sys/error.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxPath = 4095;  // PATH_MAX without its NUL
constexpr std::string_view kMetaPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// Whether a directory on the way is of AUFS; one that is a whiteout has nothing in it.
bool leads_through_meta(std::string_view parent) {
  while (!parent.empty()) {
    const std::size_t end = std::min(parent.find('/'), parent.size());
    const std::string_view part = parent.substr(0, end);
    if (starts_with(part, kMetaPrefix)) return true;
    if (starts_with(part, kWhiteoutPrefix)) {
      throw sys::Error("its path leads through a whiteout, which has nothing in it");
    }
    parent.remove_prefix(std::min(end + 1, parent.size()));
  }
  return false;
}

}  // namespace

std::string clean_path(std::string_view text, std::uint64_t max_depth) {
  if (text.empty()) throw sys::Error("it has no name");
  if (text.size() > kMaxPath) {
    throw sys::Error(sys::format("its path is longer than {} bytes", kMaxPath));
  }
  if (text.find('\0') != std::string_view::npos) throw sys::Error("its name has a NUL byte");
  std::string path;
  path.reserve(text.size());
  std::uint64_t depth = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    const std::string_view part = text.substr(start, end - start);
    start = end + 1;
    if (part.empty() || part == ".") continue;
    // Cut off lexically it would mean what no file system means; and nothing honest has it.
    if (part == "..") throw sys::Error("its path leads up (\"..\")");
    if (++depth > max_depth) {
      throw sys::Error(sys::format("limit \"depth\": its path has more than {} parts", max_depth));
    }
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

LayerName read_layer_name(std::string_view text, std::uint64_t max_depth) {
  LayerName result{.path = clean_path(text, max_depth)};
  const std::size_t slash = result.path.rfind('/');
  const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
  const std::string_view parent = std::string_view(result.path).substr(0, start);
  const std::string_view name = std::string_view(result.path).substr(start);
  if (leads_through_meta(parent)) {
    result.meaning = Meaning::kIgnored;
  } else if (name == kOpaqueName) {
    result.meaning = Meaning::kOpaque;
    result.path.resize(start == 0 ? 0 : start - 1);
  } else if (starts_with(name, kMetaPrefix)) {
    result.meaning = Meaning::kIgnored;
  } else if (starts_with(name, kWhiteoutPrefix)) {
    const std::string_view hidden = name.substr(kWhiteoutPrefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..") {
      throw sys::Error(sys::format("it is a whiteout of \"{}\", which is no name", hidden));
    }
    result.meaning = Meaning::kWhiteout;
    result.path.erase(start, kWhiteoutPrefix.size());
  }
  return result;
}

SplitPath split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {.parent = {}, .name = path};
  return {.parent = path.substr(0, slash), .name = path.substr(slash + 1)};
}

}  // namespace snapshotter
