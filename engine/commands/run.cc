// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/attached.h"
#include "engine/commands/container_command_line.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/foreground.h"
#include "engine/container/monitored.h"
#include "sys/format.h"

namespace engine {
namespace {

// Nobody asks for its log, its terminal or its state afterwards: no monitor is needed.
bool needs_no_monitor(const ContainerCommandLine& line) {
  const config::ContainerFlags& flags = line.create.flags;
  return flags.remove && !flags.tty && !line.is_detached && flags.restart.empty() &&
         flags.health_cmd.empty();
}

int run_alone(Context& context, const CreatedContainer& created) {
  const ContainerRecord& record = created.record;
  int code = 0;
  {
    const ForegroundStatus status(context.store(), record);
    const Bundle bundle = make_bundle(context.store(), context.identity(), record, created.image);
    for (const std::string& warning : bundle.warnings) context.log().warning(warning);
    code =
        run_in_foreground({.runtime = find_runtime_program(), .id = record.id, .bundle = bundle});
  }
  remove_container_files(context.store(), record, {.with_volumes = true, .is_durable = false});
  return code;
}

int run_with_monitor(Context& context, const ContainerCommandLine& line,
                     const CreatedContainer& created) {
  const int code = run_attached(context, created.record, created.image,
                                {.is_detached = line.is_detached,
                                 .has_input = created.record.flags.interactive,
                                 .detach_keys = line.detach_keys});
  if (line.is_detached) print(created.record.id + "\n");
  return code;
}

int run(Context& context, ContainerCommandLine& line) {
  line.resolve();
  Progress progress(false);
  (void)context.identity_with_mounts();  // before the store is opened: see driver.h
  const Workshop workshop = context.workshop(progress);
  const auto what = [&] { return sys::format("run \"{}\"", line.create.image); };
  const CreatedContainer created =
      context.explaining(what, [&] { return create_container(workshop, line.create); });
  try {
    return context.explaining(what, [&] {
      write_cid_file(line.cid_file, created.record.id);
      return needs_no_monitor(line) ? run_alone(context, created)
                                    : run_with_monitor(context, line, created);
    });
  } catch (const sys::Error&) {  // what --rm promises holds for one that never ran, too
    if (created.record.flags.remove)
      remove_container_files(context.store(), created.record,
                             {.with_volumes = true, .is_durable = false});
    throw;
  }
}

}  // namespace

Command run_command() {
  const auto line = std::make_shared<ContainerCommandLine>();
  std::vector<Flag> flags = line->flags();
  flags.push_back({"-d,--detach", &line->is_detached, "Don't stay: print the id"});
  flags.push_back({"--detach-keys", &line->detach_keys, "What leaves it (default ctrl-p,ctrl-q)"});
  return {
      .summary = "Make a container of an image and run a program in it",
      .usage = "[OPTIONS] IMAGE [COMMAND...]",
      .text =
          "Its exit code is the program's; 125: tilla failed; 126: the program can't be executed; "
          "127: it\nisn't there; 128 + n: signal n ended it.",
      .flags = std::move(flags),
      .positionals = line->positionals(),
      .flags_end_at_positional = true,
      .failure_exit = kEngineExit,
      .run = [line](Context& context) { return run(context, *line); },
  };
}

}  // namespace engine
