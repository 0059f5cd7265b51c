// SPDX-License-Identifier: Apache-2.0
#include "tests/support/strict_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "tests/support/harness.h"

namespace support {
namespace {

void check(bool is_true, const std::string& what) {
  if (!is_true) throw std::runtime_error("strict disk: " + what + ": " + ::strerror(errno));
}

std::string link_target(const std::string& path) {
  std::array<char, PATH_MAX> target = {};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  check(length >= 0, "readlink " + path);
  return {target.data(), static_cast<std::size_t>(length)};
}

}  // namespace

// Of `path` itself, a link in /proc followed; fills in all of the node but what is in it. Empty:
// one of those who are not held has removed it.
std::optional<StrictDisk::Key> StrictDisk::key_if_exists(const std::string& path, Node& node) {
  struct statx status = {};
  const int follow = path.starts_with("/proc/") ? 0 : AT_SYMLINK_NOFOLLOW;
  const int result =
      ::statx(AT_FDCWD, path.c_str(), follow, STATX_BASIC_STATS | STATX_BTIME, &status);
  if (result < 0 && errno == ENOENT) return std::nullopt;
  check(result == 0, "statx " + path);
  node.mode = status.stx_mode;
  node.uid = status.stx_uid;
  node.gid = status.stx_gid;
  return Key{static_cast<ino_t>(status.stx_ino),
             status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec};
}

// overlay makes a directory in its working directory that is nobody's to read, and stays empty.
std::vector<std::string> names_if_readable(const std::string& path, mode_t mode) {
  if ((mode & S_IRUSR) == 0 && ::geteuid() != 0) return {};
  return names_in(path);
}

// A directory knows of what inode a name is, and its kind; there is nothing in one that is new.
std::optional<StrictDisk::Key> StrictDisk::note(const std::string& path) {
  Node fresh;
  const std::optional<Key> key = key_if_exists(path, fresh);
  if (!key) return key;
  const auto [found, is_new] = nodes_.try_emplace(*key, fresh);
  if (is_new && S_ISLNK(fresh.mode)) found->second.content = link_target(path);
  return key;
}

void StrictDisk::sync_file(const std::string& path) {
  Node fresh;
  const std::optional<Key> key = key_if_exists(path, fresh);
  if (!key) return;
  Node& node = nodes_[*key];
  if (S_ISDIR(fresh.mode)) {
    for (const std::string& name : names_if_readable(path, fresh.mode)) {
      if (const auto entry = note(path + "/" + name)) fresh.entries[name] = *entry;
    }
  } else if (S_ISREG(fresh.mode)) {
    fresh.content = read_text(path);
  } else {
    fresh.content = node.content;
  }
  node = std::move(fresh);
}

void StrictDisk::sync_tree(const std::string& path) {
  Node node;
  if (!key_if_exists(path, node)) return;
  if (S_ISDIR(node.mode)) {
    for (const std::string& name : names_if_readable(path, node.mode)) sync_tree(path + "/" + name);
  }
  if (S_ISLNK(node.mode)) {
    (void)note(path);
  } else {
    sync_file(path);
  }
}

StrictDisk::StrictDisk(std::string top) : top_(std::move(top)) { sync_all(); }

void StrictDisk::sync_all() { sync_tree(top_); }

bool StrictDisk::next_call(Stopper& stopper) {
  if (const std::optional<std::string>& synced = stopper.synced()) {
    if (synced->empty()) {
      sync_all();
    } else {
      sync_file(*synced);
    }
  }
  return stopper.next();
}

struct StrictDisk::Writer {
  const StrictDisk& disk;
  std::map<Key, std::string> files = {};  // that were written, for their other names

  void write(const Key& key, const Node& node, const std::string& path) {
    if (const auto other = files.find(key); other != files.end()) {
      check(::link(other->second.c_str(), path.c_str()) == 0, "link " + path);
      return;
    }
    if (S_ISDIR(node.mode)) {
      check(::mkdir(path.c_str(), 0700) == 0, "mkdir " + path);
      for (const auto& [name, entry] : node.entries) {
        write(entry, disk.nodes_.at(entry), path + "/" + name);
      }
    } else {
      write_file(node, path);
      files[key] = path;
    }
    finish(node, path);
  }

  // As it is in the live directory `live`, but for what is in the files.
  void write_live(const std::string& live, const std::string& path) {
    Node fresh;
    const std::optional<Key> key = key_if_exists(live, fresh);
    if (!key) return;
    if (S_ISDIR(fresh.mode)) {
      check(::mkdir(path.c_str(), 0700) == 0, "mkdir " + path);
      for (const std::string& name : names_if_readable(live, fresh.mode)) {
        write_live(live + "/" + name, path + "/" + name);
      }
      finish(fresh, path);
      return;
    }
    const auto known = disk.nodes_.find(*key);
    if (known != disk.nodes_.end()) fresh = known->second;
    if (known == disk.nodes_.end() && S_ISLNK(fresh.mode)) fresh.content = link_target(live);
    write(*key, fresh, path);
  }

  static void write_file(const Node& node, const std::string& path) {
    if (S_ISREG(node.mode)) {
      write_text(path, node.content);
    } else if (S_ISLNK(node.mode)) {
      check(::symlink(node.content.c_str(), path.c_str()) == 0, "symlink " + path);
    } else {
      check(::mknod(path.c_str(), node.mode, makedev(0, 0)) == 0, "mknod " + path);
    }
  }

  static void finish(const Node& node, const std::string& path) {
    if (::geteuid() == 0) check(::lchown(path.c_str(), node.uid, node.gid) == 0, "chown " + path);
    if (!S_ISLNK(node.mode)) {
      check(::chmod(path.c_str(), node.mode & 07777U) == 0, "chmod " + path);
    }
  }
};

void StrictDisk::restore(const std::string& place, Names names) const {
  Writer writer{*this};
  if (names == Names::kAll) {
    writer.write_live(top_, place);
    return;
  }
  Node top;
  const Key key = key_if_exists(top_, top).value();
  writer.write(key, nodes_.at(key), place);
}

}  // namespace support
