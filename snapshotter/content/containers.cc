// SPDX-License-Identifier: Apache-2.0
// The folders of containers: the engine's, but for what the store must know of them.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {

sys::Fd Store::containers() const {
  return layout::open_directory(root_.get(), layout::kContainers);
}

bool Store::add_container(Staging& staging, const std::string& name, const std::string& id,
                          bool is_durable) {
  const sys::Fd folder = containers();
  if (is_durable) sys::sync_filesystem(root_.get());
  const sys::Fd lock = shared_lock();
  if (!sys::move_at_if_free(staging.fd(), name, folder.get(), id)) return false;
  if (is_durable) sys::sync_file(folder.get());
  return true;
}

void Store::write_record(const std::string& id, std::string_view record) {
  const sys::Fd folder = layout::open_directory(containers().get(), id);
  const sys::Fd locks = layout::open_directory(root_.get(), layout::kLocks);
  const std::string lock_name = "record-" + id;
  const sys::Fd writing = sys::lock_name(locks.get(), lock_name);
  const sys::Fd lock = shared_lock();
  with_reserve([&] {
    sys::replace_file_synced(folder.get(), layout::kRecord, ".record.json.new", record, 0600);
  });
  (void)sys::unlink_at_if_exists(locks.get(), lock_name);
}

void Store::remove_container(const std::string& id, bool is_durable) {
  const sys::Fd folder = containers();
  const std::string name = sys::random_name();
  if (!sys::move_if_we_may(folder.get(), id, trash_.get(), name)) {
    if (!sys::status_at_if_exists(folder.get(), id)) return;
    throw sys::Error(sys::format("remove container \"{}\": it has files of other ids", id), EPERM);
  }
  if (is_durable) sys::sync_file(folder.get());
  (void)sys::remove_what_we_may(trash_.get(), name);
}

}  // namespace snapshotter
