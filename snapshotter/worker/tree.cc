// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/tree.h"

#include <fcntl.h>

#include "snapshotter/worker/names.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/place.h"

namespace snapshotter {
namespace {

constexpr std::size_t kOpenDirectories = 8;

bool is_below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path[directory.size()] == '/' &&
         path.compare(0, directory.size(), directory) == 0;
}

}  // namespace

Tree::Tree(int root, const Mapping& mapping, std::vector<std::string>& warnings)
    : root_(root), mapping_(mapping), warnings_(warnings) {
  directories_.try_emplace("");
}

// ---------------------------------------------------------------------------- directories

int Tree::open_directory(const std::string& path) {
  if (path.empty()) return root_;
  for (auto entry = open_.begin(); entry != open_.end(); ++entry) {
    if (entry->first != path) continue;
    open_.splice(open_.begin(), open_, entry);
    return entry->second.get();
  }
  std::optional<sys::Fd> directory = sys::open_directory_beneath(root_, path);
  if (!directory) return -1;
  if (open_.size() >= kOpenDirectories) open_.pop_back();
  open_.emplace_front(path, std::move(*directory));
  return open_.front().second.get();
}

std::optional<Tree::Place> Tree::existing_place_of(const std::string& path) {
  SplitPath split = split_path(path);
  const int dir = open_directory(split.parent);
  if (dir < 0) return std::nullopt;
  return Place{.dir = dir, .name = std::move(split.name)};
}

Tree::Place Tree::place_of(const std::string& path) {
  SplitPath split = split_path(path);
  int dir = directories_.contains(split.parent) ? open_directory(split.parent) : -1;
  if (dir < 0) {
    make_directory(split.parent);
    dir = open_directory(split.parent);
    if (dir < 0) throw sys::errno_error(sys::format("open \"{}\"", split.parent), ENOENT);
  }
  return {.dir = dir, .name = std::move(split.name)};
}

// Makes it and what is missing on the way; known already: nothing. What is there under its name
// and is no directory is in the way, but for a whiteout, on which it stands from now on: nothing of
// a directory of that name in the layers below is to be seen.
void Tree::make_directory(const std::string& path) {
  std::vector<std::string> missing;
  for (std::string name = path; !directories_.contains(name); name = split_path(name).parent) {
    missing.push_back(name);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const std::string& name = missing.back();
    const Place place = place_of(name);
    bool is_opaque = false;
    if (!sys::make_directory_at(place.dir, place.name, 0700)) {
      const auto status = sys::status_at(place.dir, place.name);
      if (!status || !sys::is_whiteout(*status)) {
        throw sys::Error(sys::format("\"{}\" on its way is no directory in this archive", name),
                         ENOTDIR);
      }
      (void)sys::unlink_at_if_exists(place.dir, place.name);
      (void)sys::make_directory_at(place.dir, place.name, 0700);
      is_opaque = true;
    }
    directories_[name].is_opaque = is_opaque;
  }
}

void Tree::forget_below(const std::string& path) {
  open_.remove_if(
      [&](const auto& entry) { return entry.first == path || is_below(entry.first, path); });
  directories_.erase(path);
  owners_.erase(path);
  const std::string first = path + "/";
  const std::string last = path + "0";  // follows '/'
  directories_.erase(directories_.lower_bound(first), directories_.lower_bound(last));
  owners_.erase(owners_.lower_bound(first), owners_.lower_bound(last));
}

// The name is taken, by this archive: the later entry counts.
void Tree::make_room(const Place& place, const std::string& path) {
  sys::remove_tree_at(place.dir, place.name);
  forget_below(path);
}

void Tree::place_directory(const std::string& path, const Entry& entry) {
  if (!path.empty() && !directories_.contains(path)) {
    const Place place = place_of(path);
    const auto status = sys::status_at(place.dir, place.name);
    if (status && !sys::is_whiteout(*status)) make_room(place, path);
    make_directory(path);
  }
  Directory& directory = directories_[path];
  directory.is_described = true;
  directory.mode = entry.mode;
  directory.uid = entry.uid;
  directory.gid = entry.gid;
  directory.time = entry.time;
  directory.attributes = entry.attributes;
}

std::vector<std::string> Tree::implied() const {
  std::vector<std::string> paths;
  for (const auto& [path, directory] : directories_) {
    if (!directory.is_described) paths.push_back(path);
  }
  return paths;
}

// ---------------------------------------------------------------------------- files

sys::Fd Tree::place_file(const std::string& path, const Entry& entry) {
  const Place place = place_of(path);
  const mode_t mode = mode_on_disk(entry.mode) & 0777U;
  std::optional<sys::Fd> file = sys::create_file(place.dir, place.name, mode);
  if (!file) {
    make_room(place, path);
    file = sys::create_file(place.dir, place.name, mode);
    if (!file) throw sys::errno_error("make the file", EEXIST);
  }
  return std::move(*file);
}

void Tree::finish_file(int file, const std::string& path, const Entry& entry) {
  set_owner_of(file, path, entry);
  // After the owner, whose change takes these bits off.
  const mode_t mode = mode_on_disk(entry.mode);
  if ((mode & 07000U) != 0) sys::set_mode(file, mode);
  set_attributes(file, path, entry.attributes);
  sys::set_time(file, entry.time);
}

void Tree::place_symlink(const std::string& path, const Entry& entry) {
  const Place place = place_of(path);
  if (!sys::make_symlink_at(entry.target, place.dir, place.name)) {
    make_room(place, path);
    (void)sys::make_symlink_at(entry.target, place.dir, place.name);
  }
  if (is_recorded()) {
    if (entry.uid != 0 || entry.gid != 0) {
      owners_[path] = {.uid = entry.uid, .gid = entry.gid, .mode = 0777};
    }
  } else if (entry.uid != 0 || entry.gid != 0) {
    sys::set_owner_at(place.dir, place.name, entry.uid, entry.gid);
  }
  if (!entry.attributes.empty()) {
    warn(sys::format("\"{}\": the extended attributes of a symlink are left out", path));
  }
  sys::set_time_at(place.dir, place.name, entry.time);
}

bool Tree::place_link(const std::string& path, const std::string& target) {
  if (path == target) throw sys::Error("it is a hard link to itself");
  std::optional<Place> from = existing_place_of(target);
  if (!from) return false;
  const auto status = sys::status_at(from->dir, from->name);
  if (!status) return false;
  if (sys::is_whiteout(*status)) throw sys::Error("its target is removed by this same archive");
  if (S_ISDIR(status->st_mode)) throw sys::Error("its target is a directory");
  const sys::Fd from_dir = sys::open_at(from->dir, ".", O_PATH | O_DIRECTORY);
  const Place place = place_of(path);
  if (!sys::link_at(from_dir.get(), from->name, place.dir, place.name)) {
    make_room(place, path);
    (void)sys::link_at(from_dir.get(), from->name, place.dir, place.name);
  }
  if (const auto owner = owners_.find(target); owner != owners_.end())
    owners_[path] = owner->second;
  return true;
}

// ---------------------------------------------------------------------------- whiteouts

void Tree::place_whiteout(const std::string& path) {
  const Place place = place_of(path);
  if (sys::make_special_at(place.dir, place.name, S_IFCHR, 0)) return;
  // This layer has something of that name, before or after: it stays, and hides what is below.
  if (directories_.contains(path)) directories_[path].is_opaque = true;
}

void Tree::mark_opaque(const std::string& path) {
  make_directory(path);
  directories_[path].is_opaque = true;
}

void Tree::finish() {
  open_.clear();
  for (auto entry = directories_.rbegin(); entry != directories_.rend(); ++entry) {
    sys::in_context([&] { return sys::format("directory \"{}\"", entry->first); },
                    [&] { finish_directory(entry->first, entry->second); });
  }
}

}  // namespace snapshotter
