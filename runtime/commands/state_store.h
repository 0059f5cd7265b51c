// SPDX-License-Identifier: Apache-2.0
// Where containers are remembered: one directory each, ROOT/ID, with
//   lock         whoever changes the container holds an OFD lock on it; dies with its holder
//   state.json   config::Record, replaced by rename; absent until the container is created
//   config.json  the bundle's, as it was at create
//   start.sock   the waiting init listens here
//   cgroup.json  config::CgroupRecord: where its cgroup is, or was to be; absent without one
//   waiting      the waiting init holds an OFD lock on it until its exec or its end
// Nothing here outlives the boot, so nothing is synced. docs/ has the format.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/state.h"
#include "sys/fd.h"
#include "sys/procfs.h"

namespace runtime {

// Stored; do not rename.
inline constexpr const char* kLockFile = "lock";
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kCgroupFile = "cgroup.json";
inline constexpr const char* kStartSocket = "start.sock";
inline constexpr const char* kWaitingFile = "waiting";

/// The longest id, so that the names made of it fit a directory entry of 255 bytes.
inline constexpr std::size_t kLongestId = 200;

/// Letters, digits and "_+.-", not starting with '.', 1 to kLongestId bytes.
/// Errors: `invalid container ID format: "..."`.
void check_container_id(std::string_view id);

/// One container's directory, whether its container is whole or not.
class ContainerDirectory {
 public:
  ContainerDirectory(ContainerDirectory&&) noexcept = default;
  ContainerDirectory& operator=(ContainerDirectory&&) noexcept = default;

  const std::string& id() const { return id_; }
  /// Borrowed; for start.sock and waiting.
  int fd() const { return dir_.get(); }

  /// Takes the lock, waiting for it, until this object goes. Holding it already is fine.
  /// Errors: `container "ID" does not exist` when somebody removed it meanwhile.
  void lock();
  /// The same; false instead of that error.
  [[nodiscard]] bool lock_if_in_place();
  void unlock() { lock_.reset(); }
  bool holds_lock() const { return static_cast<bool>(lock_); }
  /// Whether somebody else is changing the container right now.
  bool is_locked_by_another() const;
  /// Whether the waiting init holds the lock on `waiting`.
  bool is_init_waiting() const;

  /// Empty while the container is being created, and when its creator was killed in the middle.
  std::optional<config::Record> read_record() const;
  void write_record(const config::Record& record);
  /// Empty: it has none of its own.
  std::optional<config::CgroupRecord> read_cgroup() const;
  void write_cgroup(const config::CgroupRecord& record);
  void forget_cgroup();
  std::string read_config() const;
  void write_config(std::string_view config);

  /// Removes the directory, taking the lock for it; observers see all of it or nothing. That
  /// somebody else removed it already is fine.
  void remove();

 private:
  friend class StateStore;
  ContainerDirectory(std::string id, sys::Fd root, sys::Fd dir)
      : id_(std::move(id)), root_(std::move(root)), dir_(std::move(dir)) {}
  bool is_in_place() const;

  std::string id_;
  sys::Fd root_, dir_, lock_;
  bool has_cgroup_ = false;  // we have written of one
};

class StateStore {
 public:
  /// Opens `root`, made when missing; it must be the caller's own (INV-11).
  static StateStore open(const std::string& root);

  /// Empty: no container has this id. Errors: no id at all, as check_container_id.
  std::optional<ContainerDirectory> find(const std::string& id) const;
  /// The same. Errors: `container "ID" does not exist`.
  ContainerDirectory get(const std::string& id) const;
  /// Takes the id: a new directory, locked. Of two callers one wins.
  /// Errors: `container with given ID already exists: "ID"`.
  ContainerDirectory make(const std::string& id);
  /// Sorted.
  std::vector<std::string> ids() const;
  /// Removes what removers that were killed left behind.
  void sweep() const;

 private:
  explicit StateStore(sys::Fd root) : root_(std::move(root)) {}
  sys::Fd root_;
};

/// What decides where the state is.
struct StateRootFacts {
  std::string option;           // --root
  std::string xdg_runtime_dir;  // the environment's
  bool is_host_root = false;    // uid 0 of the initial user namespace
  uid_t host_uid = 0;           // the caller's, outside of its user namespace
  bool has_run_user = false;    // /run/user/UID is there and ours
};
std::string choose_state_root(const StateRootFacts& facts);
/// The same with the facts of this process; absolute.
std::string find_state_root(const std::string& option, const sys::Procfs& proc);

}  // namespace runtime
