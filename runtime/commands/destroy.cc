// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/destroy.h"

#include "runtime/apply/hooks.h"
#include "runtime/apply/resctrl.h"
#include "runtime/commands/signal_processes.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {

std::optional<HooksPlan> recorded_hooks(const ContainerDirectory& directory,
                                        const config::Record& record) {
  if (!record.has_hooks) return std::nullopt;
  const config::RuntimeSpec spec =
      config::parse_runtime_spec(directory.read_config(), "config.json");
  return plan_hooks(spec, {.id = record.id, .bundle = record.bundle});
}

// Its processes have ended, so nobody is left in it.
static void remove_class(const Context& context, const ContainerDirectory& directory) {
  try {  // a container must go all the same
    const config::RuntimeSpec spec =
        config::parse_runtime_spec(directory.read_config(), "config.json");
    if (const auto step = plan_intel_rdt(spec.linux_, directory.id())) {
      remove_resctrl(open_resctrl().get(), *step);
    }
  } catch (const sys::Error& error) {
    context.log.warning(sys::format("class of service: {}, ignoring", error.what()));
  }
}

void destroy(const Context& context, ContainerDirectory& directory,
             const std::optional<config::Record>& record) {
  std::optional<HooksPlan> hooks;
  if (record) {
    try {  // a container whose configuration is spoilt must go all the same
      hooks = recorded_hooks(directory, *record);
    } catch (const sys::Error& error) {
      context.log.warning(sys::format("poststop hooks: {}, ignoring", error.what()));
    }
  }
  sys::in_context(sys::format("delete \"{}\"", directory.id()), [&] {
    // Frozen ones, and those whose init has ended, are found by their cgroup alone.
    const auto cgroup = cgroup_of(directory);
    if (record && !(cgroup && cgroup->kill())) end_processes(*record, context.proc);
    if (cgroup) cgroup->remove();
  });
  if (record && record->has_intel_rdt) remove_class(context, directory);
  directory.remove();
  if (hooks) run_poststop_hooks(*hooks, context.log);
}

}  // namespace runtime
