// SPDX-License-Identifier: Apache-2.0
// Things being made, things being removed, and the locks that tell whether somebody is still at it.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

constexpr const char* kStagingLock = "staging-";  // and the folder's name, in locks/

// A destructor's: what can't be removed now is left for the next sweep.
template <typename Step>
void try_to(Step&& step) noexcept {
  try {
    step();
  } catch (const std::exception&) {
  }
}

}  // namespace

// ---------------------------------------------------------------------------- staging

Staging Store::stage() {
  Staging staging;
  staging.name_ = sys::random_name();
  staging.parent_ = sys::duplicate(staging_.get());
  staging.locks_ = layout::open_directory(root_.get(), layout::kLocks);
  // The lock first: a folder without one is a dead process's.
  staging.lock_ = sys::lock_name(staging.locks_.get(), kStagingLock + staging.name_);
  (void)sys::make_directory_at(staging_.get(), staging.name_, 0700);
  staging.directory_ = layout::open_directory(staging_.get(), staging.name_);
  return staging;
}

Staging::~Staging() {
  if (!lock_) return;  // moved from
  try_to([&] {
    (void)sys::remove_what_we_may(parent_.get(), name_);
    (void)sys::unlink_at_if_exists(locks_.get(), kStagingLock + name_);
  });
}

// ---------------------------------------------------------------------------- leases

Lease Store::lease() {
  Lease lease;
  lease.name_ = sys::random_name();
  lease.directory_ = layout::open_directory(root_.get(), layout::kLeases);
  lease.file_ = sys::lock_name(lease.directory_.get(), lease.name_);
  lease.store_lock_ = sys::open_at(root_.get(), layout::kStoreLock, O_RDONLY);
  return lease;
}

Lease::~Lease() {
  if (!file_) return;
  try_to([&] { (void)sys::unlink_at_if_exists(directory_.get(), name_); });
}

// Never synced: after a power cut its holder is gone as well.
void Lease::add(const std::string& line) {
  // Whoever prunes has the lock alone: he reads this line, or is done before the caller looks at
  // what is there.
  sys::lock_shared(store_lock_.get());
  sys::write_all(file_.get(), line + "\n");
  sys::unlock(store_lock_.get());
}

void Lease::keep(const config::Digest& blob) { add("blob " + blob.text()); }

void Lease::keep_layer(const Mapping& mapping, const config::Digest& chain_id) {
  add("layer " + Store::layer_name(mapping, chain_id));
}

sys::Fd Store::shared_lock() const {
  sys::Fd lock = sys::open_at(root_.get(), layout::kStoreLock, O_RDONLY);
  sys::lock_shared(lock.get());
  return lock;
}

// ---------------------------------------------------------------------------- removing

bool Store::discard(int directory, const std::string& name) {
  return sys::move_if_we_may(directory, name, trash_.get(), sys::random_name());
}

void Store::empty_trash() {
  for (const std::string& name : sys::list_directory(trash_.get())) {
    (void)sys::remove_what_we_may(trash_.get(), name);
  }
}

void Store::sweep() {
  // A lock that can be had is a dead process's. Its file goes last, and while we have it.
  const sys::Fd locks = layout::open_directory(root_.get(), layout::kLocks);
  for (const std::string& name : sys::list_directory(locks.get())) {
    const sys::Fd lock = sys::try_lock_name(locks.get(), name);
    if (!lock) continue;
    if (name.starts_with(kStagingLock)) {
      (void)discard(staging_.get(), name.substr(std::string_view(kStagingLock).size()));
    }
    (void)sys::unlink_at_if_exists(locks.get(), name);
  }
  for (const std::string& name : sys::list_directory(staging_.get())) {
    if (!sys::status_at_if_exists(locks.get(), kStagingLock + name)) {
      (void)discard(staging_.get(), name);
    }
  }
  const sys::Fd leases = layout::open_directory(root_.get(), layout::kLeases);
  for (const std::string& name : sys::list_directory(leases.get())) {
    if (const sys::Fd lock = sys::try_lock_name(leases.get(), name)) {
      (void)sys::unlink_at_if_exists(leases.get(), name);
    }
  }
  empty_trash();
}

// ---------------------------------------------------------------------------- locks of layers

std::vector<sys::Fd> Store::lock_layers(const Mapping& mapping,
                                        const std::vector<config::Digest>& chain_ids) {
  const sys::Fd locks = layout::open_directory(root_.get(), layout::kLocks);
  std::vector<std::string> names;
  for (const config::Digest& id : chain_ids) {
    names.push_back("layer-" + mapping.key() + "-" + id.hex);
  }
  // Everybody takes them in this order, so that no two wait for each other.
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<sys::Fd> held;
  for (const std::string& name : names) held.push_back(sys::lock_name(locks.get(), name));
  return held;
}

sys::Fd Store::lock_layer(const Mapping& mapping, const config::Digest& chain_id) {
  return std::move(lock_layers(mapping, {chain_id}).front());
}

}  // namespace snapshotter
