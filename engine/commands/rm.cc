// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/monitored.h"
#include "engine/container/mounts.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  bool is_forced = false, with_volumes = false;
  std::vector<std::string> names;
};

void remove_one(Context& context, const std::string& name, const Options& options) {
  const ContainerRecord record = find_container(context.store(), name);
  const auto status = status_of(context.store(), record);
  if (is_running(status) && !options.is_forced) {
    sys::Error error(sys::format("container {} is running", record.name), EBUSY);
    error.set_hint("`tilla stop` first, or --force");
    throw error;
  }
  stop_container(context.store(), record, SIGKILL, std::chrono::seconds(0));
  if (find_mounted(runtime_directory(), record.id)) {
    if (!options.is_forced) {
      sys::Error error("it is mounted");
      error.set_hint("`tilla umount` first, or --force");
      throw error;
    }
    (void)detach_mounted(runtime_directory(), record.id);
  }
  remove_container_files(context.store(), record, {.with_volumes = options.with_volumes});
}

// The others go all the same when one can't, as with docker.
int remove_all(Context& context, const Options& options) {
  (void)context.identity();  // its files may belong to ids of the user namespace alone
  std::optional<sys::Error> problem;
  for (const std::string& name : options.names) {
    try {
      context.explaining([&] { return sys::format("rm \"{}\"", name); },
                         [&] { remove_one(context, name, options); });
      print(name + "\n");
    } catch (const sys::Error& error) {
      if (options.is_forced && error.code() == ENOENT) continue;
      if (problem) context.log().error(problem->what());
      problem = error;
    }
  }
  if (problem) throw sys::Error(std::move(*problem));
  return 0;
}

}  // namespace

Command rm_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Remove containers",
      .usage = "[OPTIONS] CONTAINER...",
      .flags = {{"-f,--force", &options->is_forced,
                 "Also one that runs or is mounted; none is fine, too"},
                {"-v,--volumes", &options->with_volumes, "And its anonymous volumes"}},
      .positionals = {{"CONTAINER", &options->names}},
      .run = [options](Context& context) { return remove_all(context, *options); },
  };
}

}  // namespace engine
