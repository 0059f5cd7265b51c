// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/state_store.h"

#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>

#include "config/json.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/idmap.h"
#include "sys/open.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr size_t kMaxRecordBytes = size_t{1} << 20;
constexpr size_t kMaxConfigBytes = size_t{16} << 20;
constexpr std::string_view kRemovedPrefix = ".removed.";  // stored; sweep looks for it

sys::Error unknown_container(std::string_view id) {
  return sys::Error(sys::format("container \"{}\" does not exist", id), ENOENT);
}

bool is_id_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_' || letter == '+' || letter == '.' ||
         letter == '-';
}

bool is_container_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId && id.front() != '.' &&
         std::all_of(id.begin(), id.end(), is_id_letter);
}

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

std::string run_user_directory(uid_t uid) { return sys::format("/run/user/{}", uid); }

bool is_own_directory(const std::string& path) {
  const auto dir = sys::open_path_if_exists(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  return dir && sys::status_of(dir->get()).st_uid == sys::effective_uid();
}

/// What the caller's uid is outside of its user namespace; two users are both root in theirs.
uid_t outside_id(uid_t uid, const sys::IdMap& map) {
  for (const sys::IdExtent& extent : map) {
    if (uid >= extent.inside && uid - extent.inside < extent.count) {
      return extent.outside + (uid - extent.inside);
    }
  }
  return uid;
}

}  // namespace

void check_container_id(std::string_view id) {
  if (id.empty()) throw sys::Error("container id cannot be empty", EINVAL);
  if (is_container_id(id)) return;
  throw sys::Error(
      sys::format("invalid container ID format: {}", config::quote_for_message(id)), EINVAL,
      sys::format("1 to {} letters, digits, '_', '+', '-' and '.', not '.' first", kLongestId));
}

bool ContainerDirectory::is_in_place() const {
  const auto now = sys::open_at_if_exists(root_.get(), id_, O_PATH);
  if (!now) return false;
  const struct stat there = sys::status_of(now->get());
  const struct stat ours = sys::status_of(dir_.get());
  return there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

bool ContainerDirectory::lock_if_in_place() {
  if (lock_) return true;
  auto file = sys::open_at_if_exists(dir_.get(), kLockFile, O_RDWR);
  if (!file) {
    // New, or of a creator that was killed before it got here; or removed.
    if (!is_in_place()) return false;
    file = sys::open_at(dir_.get(), kLockFile, O_RDWR | O_CREAT, 0600);
  }
  sys::lock(file->get());
  if (!is_in_place()) return false;  // whoever had the lock removed it
  lock_ = std::move(*file);
  return true;
}

void ContainerDirectory::lock() {
  if (!lock_if_in_place()) throw unknown_container(id_);
}

bool ContainerDirectory::is_locked_by_another() const {
  if (lock_) return false;
  const auto file = sys::open_at_if_exists(dir_.get(), kLockFile, O_RDONLY);
  return file && sys::is_locked(file->get());
}

bool ContainerDirectory::is_init_waiting() const {
  const auto file = sys::open_at_if_exists(dir_.get(), kWaitingFile, O_RDONLY);
  return file && sys::is_locked(file->get());
}

std::optional<config::Record> ContainerDirectory::read_record() const {
  const auto text = sys::read_file_at_if_exists(dir_.get(), kStateFile, kMaxRecordBytes);
  if (!text) return std::nullopt;
  return config::parse_record(*text, kStateFile);
}

void ContainerDirectory::write_record(const config::Record& record) {
  sys::replace_file_at(dir_.get(), kStateFile, config::write_record(record), 0600);
}

std::optional<config::CgroupRecord> ContainerDirectory::read_cgroup() const {
  const auto text = sys::read_file_at_if_exists(dir_.get(), kCgroupFile, kMaxRecordBytes);
  if (!text || text->empty()) return std::nullopt;  // its writer was killed before it made one
  return config::parse_cgroup_record(*text, kCgroupFile);
}

void ContainerDirectory::write_cgroup(const config::CgroupRecord& record) {
  // A new file is written in place: whoever waits for the lock finds nothing or all of it.
  const auto write = has_cgroup_ ? sys::replace_file_at : sys::create_file_at;
  write(dir_.get(), kCgroupFile, config::write_cgroup_record(record), 0600);
  has_cgroup_ = true;
}

void ContainerDirectory::forget_cgroup() {
  (void)sys::unlink_at_if_exists(dir_.get(), kCgroupFile);
  has_cgroup_ = false;
}

std::string ContainerDirectory::read_config() const {
  return sys::read_file_at(dir_.get(), kConfigFile, kMaxConfigBytes);
}

void ContainerDirectory::write_config(std::string_view config) {
  sys::create_file_at(dir_.get(), kConfigFile, config, 0600);
}

void ContainerDirectory::remove() {
  if (!lock_if_in_place()) return;
  const std::string name = sys::format("{}{}.{}", kRemovedPrefix, id_, sys::own_pid());
  sys::remove_tree_at(root_.get(), name);  // of a process that died and had our number
  sys::rename_at(root_.get(), id_, name);
  if (has_cgroup_) (void)sys::unlink_at_if_exists(dir_.get(), kCgroupFile);
  // The lock goes last: sweep takes what nobody holds a lock in.
  for (const char* entry : {kStateFile, kConfigFile, kWaitingFile, kStartSocket, kLockFile}) {
    (void)sys::unlink_at_if_exists(dir_.get(), entry);
  }
  sys::remove_tree_at(root_.get(), name);
  lock_.reset();
}

StateStore StateStore::open(const std::string& root) {
  return StateStore(sys::in_context(
      "state directory", [&] { return sys::open_private_directory(sys::absolute_path(root)); }));
}

std::optional<ContainerDirectory> StateStore::find(const std::string& id) const {
  check_container_id(id);
  auto dir = sys::open_at_if_exists(root_.get(), id, O_RDONLY | O_DIRECTORY);
  if (!dir) return std::nullopt;
  return ContainerDirectory(id, sys::duplicate(root_.get()), std::move(*dir));
}

ContainerDirectory StateStore::get(const std::string& id) const {
  auto directory = find(id);
  if (!directory) throw unknown_container(id);
  return std::move(*directory);
}

ContainerDirectory StateStore::make(const std::string& id) {
  check_container_id(id);
  if (!sys::make_directory_at(root_.get(), id, 0700)) {
    throw sys::Error(sys::format("container with given ID already exists: \"{}\"", id), EEXIST);
  }
  std::optional<ContainerDirectory> directory;
  try {
    // Until it is locked somebody may take it for a half-made container and remove it; then we
    // fail.
    directory = get(id);
    directory->lock();
  } catch (...) {  // nobody else would remove it; one that is not empty is somebody else's by now
    if (directory) (void)sys::unlink_at_if_exists(directory->fd(), kLockFile);
    sys::remove_directory_if_empty(root_.get(), id);
    throw;
  }
  return std::move(*directory);
}

std::vector<std::string> StateStore::ids() const {
  std::vector<std::string> names = sys::list_directory(root_.get());
  std::erase_if(names, [](const std::string& name) { return !is_container_id(name); });
  return names;
}

void StateStore::sweep() const {
  for (const std::string& name : sys::list_directory(root_.get())) {
    if (!name.starts_with(kRemovedPrefix)) continue;
    const auto dir = sys::open_at_if_exists(root_.get(), name, O_PATH | O_DIRECTORY);
    if (!dir) continue;
    const auto lock = sys::open_at_if_exists(dir->get(), kLockFile, O_RDWR);
    // Several sweepers would meet here; this one has the lock, and it is gone for the others.
    const bool is_busy =
        lock && (!sys::try_lock(lock->get()) || sys::status_of(lock->get()).st_nlink == 0);
    // Without a lock its remover got to the very end, and has no need of us, or died there.
    if (!is_busy) sys::remove_tree_at(root_.get(), name);
  }
}

std::string choose_state_root(const StateRootFacts& facts) {
  if (!facts.option.empty()) return facts.option;
  if (facts.is_host_root) return "/run/tilla/runtime";
  if (!facts.xdg_runtime_dir.empty()) return facts.xdg_runtime_dir + "/tilla/runtime";
  if (facts.has_run_user) return run_user_directory(facts.host_uid) + "/tilla/runtime";
  // One component: what is below a directory of somebody else's is that one's to exchange.
  return sys::format("/tmp/tilla-runtime-{}", facts.host_uid);
}

std::string find_state_root(const std::string& option, const sys::Procfs& proc) {
  StateRootFacts facts = {.option = option, .xdg_runtime_dir = environment("XDG_RUNTIME_DIR")};
  const uid_t uid = sys::effective_uid();
  facts.host_uid = uid;
  if (option.empty() && uid == 0) {
    const sys::IdMap map = sys::own_uid_map(proc);
    facts.is_host_root = sys::is_initial(map);
    facts.host_uid = outside_id(uid, map);
  }
  if (option.empty() && !facts.is_host_root && facts.xdg_runtime_dir.empty()) {
    facts.has_run_user = is_own_directory(run_user_directory(facts.host_uid));
  }
  return sys::absolute_path(choose_state_root(facts));
}

}  // namespace runtime
