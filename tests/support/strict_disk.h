// SPDX-License-Identifier: Apache-2.0
// A disk that holds what was synced and nothing else, the least that fsync(2) and syncfs(2)
// promise: an fsync of a file brings its content, one of a directory the names in it. Real file
// systems hold more (a journal takes all names along), so that what forgets a sync works there by
// luck.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/stopper.h"

namespace support {

class StrictDisk {
 public:
  /// What is in directory `top` now is on the disk.
  explicit StrictDisk(std::string top);

  /// fsync of the file or directory that `path` leads to, through a link in /proc as well.
  void sync_file(const std::string& path);
  /// syncfs.
  void sync_all();

  /// Goes on to the next call; what the one that was held syncs is on the disk then.
  bool next_call(Stopper& stopper);

  enum class Names {
    kSynced,  // those of synced directories
    kAll,     // as though all had been: of a file that was not synced there is a name alone
  };
  /// Makes directory `place`, as it is after a power cut now. Modes, owners (of root) and hard
  /// links are there; times and attributes are not.
  void restore(const std::string& place, Names names) const;

 private:
  /// An inode's number may be another's later.
  using Key = std::pair<ino_t, std::int64_t>;
  struct Node {
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string content = {};                 // of a file; where a symlink leads
    std::map<std::string, Key> entries = {};  // of a directory
  };
  struct Writer;

  static std::optional<Key> key_if_exists(const std::string& path, Node& node);
  std::optional<Key> note(const std::string& path);
  void sync_tree(const std::string& path);

  std::string top_;
  std::map<Key, Node> nodes_;
};

}  // namespace support
