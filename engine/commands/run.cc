// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/container_command_line.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/foreground.h"
#include "engine/container/volumes.h"
#include "sys/format.h"

namespace engine {
namespace {

void remove_container(Context& context, const ContainerRecord& record) {
  context.store().remove_container(record.id);
  for (const AnonymousVolume& volume : record.volumes) {
    (void)remove_volume(context.store(), volume.name);
  }
}

int run_container(Context& context, const CreatedContainer& created, const std::string& runtime) {
  const Bundle bundle =
      make_bundle(context.store(), context.identity(), created.record, created.image);
  for (const std::string& warning : bundle.warnings) context.log().warning(warning);
  return run_in_foreground({.runtime = runtime,
                            .id = created.record.id,
                            .bundle = bundle,
                            .has_terminal = created.record.flags.tty});
}

int run(Context& context, ContainerCommandLine& line) {
  line.resolve();
  const std::string runtime = find_runtime_program();
  Progress progress(false);
  (void)context.identity_with_mounts();  // before the store is opened: see driver.h
  const Workshop workshop = context.workshop(progress);
  const auto what = [&] { return sys::format("run \"{}\"", line.create.image); };
  const CreatedContainer created =
      context.explaining(what, [&] { return create_container(workshop, line.create); });
  const bool is_removed = created.record.flags.remove;
  try {
    return context.explaining(what, [&] {
      write_cid_file(line.cid_file, created.record.id);
      const int code = run_container(context, created, runtime);
      if (is_removed) remove_container(context, created.record);
      return code;
    });
  } catch (const sys::Error&) {  // what --rm promises holds for one that never ran, too
    if (is_removed) remove_container(context, created.record);
    throw;
  }
}

}  // namespace

Command run_command() {
  const auto line = std::make_shared<ContainerCommandLine>();
  return {
      .summary = "Make a container of an image and run a program in it",
      .usage = "[OPTIONS] IMAGE [COMMAND...]",
      .text =
          "Its exit code is the program's; 125: tilla failed; 126: the program can't be executed; "
          "127: it\nisn't there; 128 + n: signal n ended it.",
      .flags = line->flags(),
      .positionals = line->positionals(),
      .flags_end_at_positional = true,
      .failure_exit = kEngineExit,
      .run = [line](Context& context) { return run(context, *line); },
  };
}

}  // namespace engine
