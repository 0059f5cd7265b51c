// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "runtime/commands/destroy.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

/// A created container may go too: runc deletes it, and its init has run nothing of the bundle's.
void check_deletable(const ContainerDirectory& directory, const Context& context) {
  const Status status = status_of(directory, directory.read_record(), context.proc);
  if (status == Status::kStopped || status == Status::kCreated) return;
  throw sys::Error(sys::format("cannot delete container {} that is not stopped: {}", directory.id(),
                               name_of(status)),
                   EBUSY);
}

/// With --force a record that can't be read must not keep the directory for ever, so this catches.
std::optional<config::Record> read_record(const ContainerDirectory& directory,
                                          const Context& context, bool is_forced) {
  try {
    return directory.read_record();
  } catch (const sys::Error& error) {
    if (!is_forced) throw;
    context.log.warning(sys::format("delete \"{}\": {}, ignoring", directory.id(), error.what()));
    return std::nullopt;
  }
}

}  // namespace

int perform(const Context& context, const DeleteOptions& options) {
  const StateStore store = StateStore::open(context.state_root);
  auto directory = store.find(options.id);
  if (!directory && options.force) {
    store.sweep();  // what a killed remover has left of it
    return 0;
  }
  if (!directory) directory = store.get(options.id);  // says that there is none
  // Before the lock, which the creator of a container holds for as long as that takes.
  if (!options.force) check_deletable(*directory, context);
  if (options.force) {
    if (!directory->lock_if_in_place()) return 0;
  } else {
    directory->lock();
    check_deletable(*directory, context);  // a `start` may have been quicker
  }
  const auto record = read_record(*directory, context, options.force);
  destroy(context, *directory, record);
  if (options.force) store.sweep();
  return 0;
}

}  // namespace runtime
