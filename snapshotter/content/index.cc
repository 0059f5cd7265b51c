// SPDX-License-Identifier: Apache-2.0
// index.json: which images there are, and their names.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "config/json.h"
#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

constexpr const char* kNewIndex = ".index.json.new";

}  // namespace

// On a full disk, what frees space (an entry less in the index) needs some first.
void Store::with_reserve(const std::function<void()>& step) {
  try {
    step();
  } catch (const sys::Error& error) {
    if (error.code() != ENOSPC && error.code() != EDQUOT) throw;
    if (!sys::unlink_at_if_exists(root_.get(), layout::kReserve)) throw;
    step();
  }
}

config::Index Store::index() const {
  const std::string text = sys::read_file_at(root_.get(), layout::kIndex, config::kMaxJsonBytes);
  return config::read_index(text, path_ + "/" + layout::kIndex);
}

void Store::update_index(const std::function<void(config::Index&)>& change) {
  const sys::Fd lock = sys::open_at(root_.get(), layout::kIndexLock, O_RDWR | O_CREAT, 0600);
  sys::lock(lock.get());
  const config::Index old = index();
  config::Index changed = old;
  change(changed);
  if (changed == old) return;
  with_reserve([&] {
    sys::replace_file_synced(root_.get(), layout::kIndex, kNewIndex, config::write_index(changed),
                             0644);
  });
}

}  // namespace snapshotter
