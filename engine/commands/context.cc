// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/context.h"

#include <cstdlib>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

namespace engine {
namespace {

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

std::string find_store_path(const std::string& root) {
  if (!root.empty()) return sys::absolute_path(root);
  if (const std::string named = environment("TILLA_ROOT"); !named.empty()) {
    return sys::absolute_path(named);
  }
  if (sys::effective_uid() == 0) return "/var/lib/tilla";
  // A relative one is to be ignored: XDG Base Directory Specification.
  if (const std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) {
    return data + "/tilla";
  }
  if (const std::string home = environment("HOME"); home.starts_with('/')) {
    return home + "/.local/share/tilla";
  }
  throw sys::Error("no place for the store: neither --root nor TILLA_ROOT, XDG_DATA_HOME or HOME");
}

}  // namespace

const std::string& Context::store_path() {
  if (store_path_.empty()) store_path_ = find_store_path(options_.root);
  return store_path_;
}

snapshotter::Store& Context::store() {
  if (!store_) store_ = snapshotter::Store::open(store_path());
  return *store_;
}

snapshotter::Store* Context::store_if_exists() {
  if (!store_) store_ = snapshotter::Store::open_if_exists(store_path());
  return store_ ? &*store_ : nullptr;
}

const Identity& Context::identity() {
  if (!identity_) {
    (void)store_path();  // while we are still who we were
    store_.reset();
    identity_ = enter_identity(
        {.forced = environment("TILLA_IDENTITY"), .runtime_directory = runtime_directory()});
    log_.debug(sys::format("identity {}", name_of(identity_->mode)));
  }
  return *identity_;
}

const Identity& Context::identity_with_mounts() {
  (void)identity();
  if (!has_mounts_) enter_mount_namespace();
  has_mounts_ = true;
  return *identity_;
}

Workshop Context::workshop(Progress& progress) {
  const Identity& who = identity();
  return {.store = store(),
          .mapping = who.mapping,
          .program = find_layers_program(),
          .progress = progress};
}

}  // namespace engine
