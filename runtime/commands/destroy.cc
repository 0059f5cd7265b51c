// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/destroy.h"

#include <sched.h>

#include <cerrno>

#include "runtime/apply/hooks.h"
#include "runtime/apply/resctrl.h"
#include "runtime/commands/signal_processes.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/userns.h"

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

static void remove_as_root_of_ids(void* argument) noexcept {
  try {
    static_cast<Cgroup*>(argument)->remove();
  } catch (...) {  // our parent says what it was told itself
    sys::exit_now(1);
  }
  sys::exit_now(0);
}

// A container of a user's may have given cgroups below its own to another of its ids, as systemd
// in a container does. Whoever has the capabilities over these ids may remove what is in them.
static void remove_cgroup(const Context& context, const ContainerDirectory& directory,
                          Cgroup& cgroup) {
  try {
    cgroup.remove();
    return;
  } catch (const sys::Error& error) {
    if (error.code() != EACCES && error.code() != EPERM) throw;
    const config::RuntimeSpec spec =
        config::parse_runtime_spec(directory.read_config(), "config.json");
    if (spec.linux_.uid_mappings.empty()) throw;
    const sys::Fd users = sys::make_user_namespace(context.proc, to_map(spec.linux_.uid_mappings),
                                                   to_map(spec.linux_.gid_mappings));
    const sys::Process child = sys::clone_child(
        {.joins = {{.fd = users.get(), .types = CLONE_NEWUSER}}}, remove_as_root_of_ids, &cgroup);
    if (sys::wait_child(child).code != 0) throw;
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
    if (cgroup) remove_cgroup(context, directory, *cgroup);
  });
  if (record && record->has_intel_rdt) remove_class(context, directory);
  directory.remove();
  if (hooks) run_poststop_hooks(*hooks, context.log);
}

}  // namespace runtime
