// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/layer/merged.h"

#include <dirent.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <set>

namespace snapshotter {
namespace {

// Measured: a directory of some dozen entries is read in the time of about so many fstatat(2).
constexpr std::size_t kManyFinds = 16;

bool has_name(const std::vector<sys::Entry>& names, const std::string& name) {
  const auto found = std::ranges::lower_bound(
      names, name, {}, [](const sys::Entry& each) -> const std::string& { return each.name; });
  return found != names.end() && found->name == name;
}

bool is_opaque(int directory, const std::string& prefix) {
  return sys::entry_attribute(directory, "", (prefix + "opaque").c_str()) == "y";
}

}  // namespace

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

std::optional<struct stat> MergedDirectory::Part::status(const std::string& name) const {
  if (names && !has_name(*names, name)) return std::nullopt;
  return sys::entry_status(directory(), name);
}

MergedDirectory::MergedDirectory(const std::vector<int>& layers, const std::string& prefix)
    : prefix_(&prefix) {
  for (const int layer : layers) {
    parts_.push_back({.layer = static_cast<std::uint32_t>(parts_.size()), .borrowed = layer});
  }
}

std::optional<MergedDirectory::Found> MergedDirectory::find(const std::string& name) const {
  for (const Part& part : parts_) {
    const std::optional<struct stat> status = part.status(name);
    if (!status) continue;
    if (is_whiteout(*status)) return std::nullopt;
    return Found{.layer = part.layer, .directory = part.directory(), .status = *status};
  }
  return std::nullopt;
}

MergedDirectory MergedDirectory::enter(const std::string& name) const {
  MergedDirectory below;
  below.prefix_ = prefix_;
  for (const Part& part : parts_) {
    const std::optional<struct stat> status = part.status(name);
    if (!status) continue;
    if (!S_ISDIR(status->st_mode)) break;  // hides all that is below it
    std::optional<sys::Fd> directory = sys::open_directory(part.directory(), name);
    if (!directory) break;
    below.parts_.push_back({.layer = part.layer, .owned = std::move(*directory)});
    if (is_opaque(below.parts_.back().directory(), *prefix_)) break;
  }
  return below;
}

std::vector<sys::Entry> MergedDirectory::list() const {
  std::map<std::string, unsigned char> seen;  // the topmost counts
  std::set<std::string> gone;
  for (const Part& part : parts_) {
    for (sys::Entry& entry : sys::list_entries(part.directory(), kMaxTreeEntries)) {
      if (seen.contains(entry.name) || gone.contains(entry.name)) continue;
      if (entry.type == DT_CHR) {
        const std::optional<struct stat> status = sys::entry_status(part.directory(), entry.name);
        if (status && is_whiteout(*status)) {
          gone.insert(std::move(entry.name));
          continue;
        }
      }
      seen.emplace(std::move(entry.name), entry.type);
    }
  }
  std::vector<sys::Entry> entries;
  entries.reserve(seen.size());
  for (const auto& [name, type] : seen) entries.push_back({.name = name, .type = type});
  return entries;
}

void MergedDirectory::expect_finds(std::size_t count) {
  if (count < kManyFinds) return;
  for (Part& part : parts_) {
    part.names = std::make_unique<std::vector<sys::Entry>>(
        sys::list_entries(part.directory(), kMaxTreeEntries));
  }
}

}  // namespace snapshotter
