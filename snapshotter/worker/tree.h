// SPDX-License-Identifier: Apache-2.0
// The directory that a layer becomes. Every file is placed by the descriptor of its directory and a
// name in it, new, following nothing (INV-8); what is in the way was placed by the same archive and
// goes. Directories get their attributes last.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "snapshotter/layer/mapping.h"
#include "snapshotter/worker/owner_record.h"
#include "snapshotter/worker/tar_reader.h"
#include "sys/fd.h"

namespace snapshotter {

class Tree {
 public:
  Tree(int root, const Mapping& mapping, std::vector<std::string>& warnings);

  void place_directory(const std::string& path, const Entry& entry);
  /// The file, open for its content; finish_file() gives it the rest.
  sys::Fd place_file(const std::string& path, const Entry& entry);
  void finish_file(int file, const std::string& path, const Entry& entry);
  void place_symlink(const std::string& path, const Entry& entry);
  void place_special(const std::string& path, const Entry& entry);  // devices and FIFOs
  /// False: there is nothing at `target` in this layer.
  bool place_link(const std::string& path, const std::string& target);

  /// Both are about what lies below this layer, whether the archive has the name before or after.
  void place_whiteout(const std::string& path);
  void mark_opaque(const std::string& path);

  /// Gives the directories what they are to have. Once, at the end.
  void finish();
  std::vector<std::string> implied() const;
  /// Directories whose mark is not ours to set (protocol.h).
  const std::vector<std::string>& unmarked() const { return unmarked_; }
  const OwnerRecords& owners() const { return owners_; }

 private:
  struct Directory {
    bool is_described = false, is_opaque = false;
    mode_t mode = 0755;
    uid_t uid = 0;
    gid_t gid = 0;
    sys::Time time;
    std::vector<std::pair<std::string, std::string>> attributes;
  };
  struct Place {
    int dir = -1;  // good until the next one is asked for
    std::string name;
  };

  Place place_of(const std::string& path);
  std::optional<Place> existing_place_of(const std::string& path);
  int open_directory(const std::string& path);  // -1: there is none
  void make_directory(const std::string& path);
  void make_room(const Place& place, const std::string& path);
  void forget_below(const std::string& path);

  bool is_recorded() const { return mapping_.ownership == Ownership::kRecorded; }
  mode_t mode_on_disk(mode_t mode) const;
  void set_owner_of(int file, const std::string& path, const Entry& entry);
  void set_attributes(int file, const std::string& path,
                      const std::vector<std::pair<std::string, std::string>>& attributes);
  void record(int file, const OwnerRecord& record);
  void warn(std::string text);
  void finish_directory(const std::string& path, const Directory& directory);

  int root_;
  const Mapping& mapping_;
  std::vector<std::string>& warnings_;
  std::map<std::string, Directory> directories_;     // parents come before what is in them
  std::list<std::pair<std::string, sys::Fd>> open_;  // the last ones, the latest first
  OwnerRecords owners_;
  std::vector<std::string> unmarked_;
};

}  // namespace snapshotter
