// SPDX-License-Identifier: Apache-2.0
// `volume rm` and `volume prune`.
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/volume_users.h"
#include "engine/container/volumes.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace engine {
namespace {

struct Options {
  bool is_forced = false;
  std::vector<std::string> names;
};

void remove_one(const snapshotter::Store& store, const std::string& name, bool is_forced) {
  const std::vector<std::string> users = volume_users(store, name);
  if (!users.empty()) {
    sys::Error error(sys::format("volume is in use by container \"{}\"", users.front()), EBUSY);
    error.set_hint("`tilla rm` removes containers");
    throw error;
  }
  if (!remove_volume(store, name) && !is_forced) {
    throw sys::Error(sys::format("no such volume: {}", sys::terminal_safe(name)), ENOENT);
  }
}

int remove_all(Context& context, const Options& options) {
  (void)context.identity();  // its files may belong to ids of the user namespace alone
  std::optional<sys::Error> problem;
  for (const std::string& name : options.names) {
    try {  // the others go all the same, as with docker
      context.explaining([&] { return sys::format("volume rm \"{}\"", name); },
                         [&] { remove_one(context.store(), name, options.is_forced); });
      print(name + "\n");
    } catch (const sys::Error& error) {
      if (problem) context.log().error(problem->what());
      problem = error;
    }
  }
  if (problem) throw sys::Error(std::move(*problem));
  return 0;
}

struct PruneOptions {
  bool is_all = false, is_forced = false;
};

int prune(Context& context, const PruneOptions& options) {
  const std::string warning =
      options.is_all ? "This will remove all volumes not used by at least one container."
                     : "This will remove anonymous volumes not used by at least one container.";
  if (!options.is_forced && !is_confirmed(warning)) return 0;
  (void)context.identity();
  snapshotter::Store& store = context.store();
  std::string removed;
  std::uint64_t bytes = 0;
  for (const Volume& volume : list_volumes(store)) {
    if (!volume.is_anonymous && !options.is_all) continue;
    if (!volume_users(store, volume.name).empty()) continue;
    const std::uint64_t size = sys::tree_size(store.directory(), "volumes/" + volume.name).bytes;
    if (!remove_volume(store, volume.name)) continue;
    bytes += size;
    removed += volume.name + "\n";
  }
  if (!removed.empty()) print("Deleted Volumes:\n" + removed + "\n");
  print(sys::format("Total reclaimed space: {}\n", config::human_size(bytes, 4)));
  return 0;
}

}  // namespace

Command volume_rm_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Remove volumes, with all that is in them",
      .usage = "[OPTIONS] VOLUME...",
      .flags = {{"-f,--force", &options->is_forced, "None of that name is fine, too"}},
      .positionals = {{"VOLUME", &options->names}},
      .run = [options](Context& context) { return remove_all(context, *options); },
  };
}

Command volume_prune_command() {
  const auto options = std::make_shared<PruneOptions>();
  return {
      .summary = "Remove anonymous volumes that no container has",
      .usage = "[OPTIONS]",
      .flags = {{"-a,--all", &options->is_all, "Those with a name, too"},
                {"-f,--force", &options->is_forced, "Don't ask"}},
      .run = [options](Context& context) { return prune(context, *options); },
  };
}

}  // namespace engine
