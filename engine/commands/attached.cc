// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/attached.h"

#include <signal.h>

#include "config/container_options.h"
#include "engine/container/foreground.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

shim::AttachOptions attach_options(const ContainerRecord& record, const AttachedOptions& options,
                                   bool is_waited_for) {
  const auto keys = config::parse_detach_keys(options.detach_keys);
  if (!keys) {
    throw sys::Error(
        sys::format("invalid detach keys (\"{}\")", sys::terminal_safe(options.detach_keys)));
  }
  return {.input = options.has_input ? 0 : -1,
          .has_terminal = record.flags.tty,
          .detach_keys = *keys,
          .passes_signals = options.passes_signals,
          .is_waited_for = is_waited_for};
}

/// What of an end is an exit code; the rest are errors.
int exit_code_of_end(const shim::AttachEnd& end) {
  using Kind = shim::AttachEnd::Kind;
  switch (end.kind) {
    case Kind::kExited:
      return end.exit_code;
    case Kind::kDetached:
      return 0;
    case Kind::kSignal:
      return 128 + end.signal;
    case Kind::kDropped:
      throw sys::Error("attach: our output was not read for too long; the container goes on");
    case Kind::kLost:
      break;
  }
  throw ExitError("the monitor has died", kEngineExit);
}

}  // namespace

int run_attached(Context& context, const ContainerRecord& record,
                 const config::ContainerConfig& image, const AttachedOptions& options) {
  const bool is_removed = record.flags.remove;
  const shim::AttachOptions attaching = attach_options(record, options, true);
  std::vector<std::string> warnings;
  shim::Starting starting =
      start_container(context.store(), context.identity(), record, image,
                      {.attaches = !options.is_detached,
                       .has_input = options.has_input,
                       .is_detached = options.is_detached,
                       .takes_over_cleaning = is_removed && !options.is_detached},
                      warnings);
  for (const std::string& warning : warnings) context.log().warning(warning);
  try {
    (void)starting.wait_created();
    starting.start();
  } catch (sys::Error& error) {  // to carry docker's exit code
    starting.wait_until_over();
    ExitError failed(error.what(), shim::exit_code_of_failure(error.what()));
    failed.set_hint(error.hint());
    throw ExitError(std::move(failed));
  }
  if (options.is_detached) return 0;
  const shim::AttachEnd end = shim::attach(starting.take_attachment(), attaching);
  if (end.kind == shim::AttachEnd::Kind::kExited) {
    starting.wait_until_over();
    if (is_removed)
      remove_container_files(context.store(), record, {.with_volumes = true, .is_durable = false});
  }
  return exit_code_of_end(end);
}

int attach_to(Context& context, const ContainerRecord& record, const AttachedOptions& options) {
  (void)context;
  auto monitor = connect_to(record);
  if (!monitor) {
    throw sys::Error(sys::format("container {} has no monitor to attach to", record.name));
  }
  return exit_code_of_end(
      shim::attach(std::move(*monitor), attach_options(record, options, false)));
}

}  // namespace engine
