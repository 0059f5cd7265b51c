// SPDX-License-Identifier: Apache-2.0
#include "engine/image/finish_layer.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sys/attribute.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/place.h"

namespace engine {
namespace {

using snapshotter::Mapping;

enum class Sight { kFound, kAbsent, kHidden };

bool is_opaque(int directory, const Mapping& mapping) {
  return sys::attribute(directory, (mapping.overlay_prefix + "opaque").c_str()) == "y";
}

/// Looks for `path` in one layer. kHidden: this layer says that layers below don't count.
Sight look(int layer, const sys::RelPath& path, const Mapping& mapping, sys::Fd& found) {
  sys::Fd place = sys::open_beneath(layer, {}, O_PATH | O_DIRECTORY);
  Sight if_absent = Sight::kAbsent;
  const std::string& text = path.str();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const auto name = sys::RelPath::parse(std::string_view(text).substr(at, end - at));
    std::optional<sys::Fd> next =
        sys::open_beneath_if_exists(place.get(), name, O_PATH | O_NOFOLLOW);
    if (!next) return if_absent;
    const struct stat status = sys::status_of(next->get());
    const bool is_last = end == text.size();
    if (S_ISCHR(status.st_mode) && status.st_rdev == 0) return Sight::kHidden;  // a whiteout
    if (!is_last && !S_ISDIR(status.st_mode)) return Sight::kHidden;
    place = std::move(*next);
    if (S_ISDIR(status.st_mode)) {
      const sys::Fd readable = sys::open_beneath(place.get(), {}, O_RDONLY | O_DIRECTORY);
      if (is_opaque(readable.get(), mapping)) if_absent = Sight::kHidden;
    }
    at = end + 1;
  }
  found = std::move(place);
  return Sight::kFound;
}

/// What `path` is in the stack; empty: nothing.
sys::Fd find(const std::vector<int>& stack, const sys::RelPath& path, const Mapping& mapping) {
  sys::Fd found;
  for (const int layer : stack) {
    if (look(layer, path, mapping, found) != Sight::kAbsent) break;
  }
  return found;
}

void adopt_directory(int layer, const std::vector<int>& below, const std::string& name,
                     const Mapping& mapping) {
  const auto path = sys::RelPath::parse(name);
  const sys::Fd lower = find(below, path, mapping);
  if (!lower || !sys::is_directory(lower.get())) return;
  const sys::Fd from = sys::open_beneath(lower.get(), {}, O_RDONLY | O_DIRECTORY);
  const sys::Fd to = sys::open_beneath(layer, path, O_RDONLY | O_DIRECTORY);
  sys::copy_attributes(from.get(), to.get(), mapping.overlay_prefix);
}

/// Makes the directories above a file that is copied up, each like the one it hides.
sys::Fd make_parents(int layer, const std::vector<int>& below, const sys::RelPath& path,
                     const Mapping& mapping) {
  const std::string parents = path.parent().str();
  sys::Fd place = sys::open_beneath(layer, {}, O_RDONLY | O_DIRECTORY);
  for (std::size_t at = 0; at < parents.size();) {
    const std::size_t end = std::min(parents.find('/', at), parents.size());
    const std::string name = parents.substr(at, end - at);
    const bool is_new = sys::make_directory_at(place.get(), name, 0755);
    if (is_new) adopt_directory(layer, below, parents.substr(0, end), mapping);
    place = sys::open_beneath(place.get(), sys::RelPath::parse(name), O_RDONLY | O_DIRECTORY);
    at = end + 1;
  }
  return place;
}

void copy_up(int from, int directory, const std::string& name, const Mapping& mapping) {
  const struct stat status = sys::status_of(from);
  if (S_ISLNK(status.st_mode)) {
    const sys::Fd target = sys::open_at(directory, ".", O_RDONLY | O_DIRECTORY);
    sys::make_symlink_at(sys::read_open_link(from), target.get(), name);
    sys::set_entry_status(target.get(), name, status);
    return;
  }
  if (!S_ISREG(status.st_mode)) {
    throw sys::Error("neither a regular file nor a symlink in the layers below");
  }
  const sys::Fd source = sys::open_path(sys::fd_path(from), O_RDONLY);
  const sys::Fd copy = sys::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  sys::copy_content(source.get(), copy.get());
  sys::copy_attributes(source.get(), copy.get(), mapping.overlay_prefix);
}

/// Copies `target` up, unless the layer has it, and links `name` to it.
void link_to_lower(int layer, const std::vector<int>& below, const std::string& name,
                   const std::string& target, const Mapping& mapping) {
  const auto path = sys::RelPath::parse(target);
  const auto link = sys::RelPath::parse(name);
  sys::Fd own;
  const Sight sight = look(layer, path, mapping, own);
  if (sight == Sight::kHidden) throw sys::Error("the layer itself takes that file away");
  if (sight == Sight::kAbsent) {
    const sys::Fd lower = find(below, path, mapping);
    if (!lower) throw sys::Error("no layer below has that file");
    const sys::Fd parent = make_parents(layer, below, path, mapping);
    copy_up(lower.get(), parent.get(), path.name(), mapping);
    own = sys::open_beneath(layer, path, O_PATH | O_NOFOLLOW);
  }
  const sys::Fd parent = sys::open_beneath(layer, link.parent(), O_RDONLY | O_DIRECTORY);
  sys::link_open_file(own.get(), parent.get(), link.name());
}

}  // namespace

void finish_layer(int layer, const std::vector<int>& below, const snapshotter::Unpacked& unpacked,
                  const Mapping& mapping) {
  for (const auto& [name, target] : unpacked.links_below) {
    sys::in_context([&] { return sys::format("hard link \"{}\" to \"{}\"", name, target); },
                    [&] { link_to_lower(layer, below, name, target, mapping); });
  }
  // The deepest first: a directory may become one that we can't write, and times stay.
  std::vector<std::string> implied = unpacked.implied;
  std::sort(implied.begin(), implied.end(), std::greater<>());
  for (const std::string& name : implied) {
    sys::in_context([&] { return sys::format("directory \"{}\"", name); },
                    [&] { adopt_directory(layer, below, name, mapping); });
  }
}

}  // namespace engine
