// SPDX-License-Identifier: Apache-2.0
// The end of a container's life: what `delete` does, and `start` when it fails.
#pragma once

#include <memory>
#include <optional>

#include "config/state.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/commands/context.h"
#include "runtime/commands/state_store.h"
#include "runtime/plan/plan.h"

namespace runtime {

/// The hooks of a container that was made before. Empty: it has none.
/// Errors: its configuration can't be read.
std::optional<HooksPlan> recorded_hooks(const ContainerDirectory& directory,
                                        const config::Record& record);

/// The container's cgroup, wherever it was made. Empty: it has none, or it is gone.
std::unique_ptr<Cgroup> cgroup_of(const ContainerDirectory& directory);

/// Ends the processes, removes the cgroup and the state, and runs the poststop hooks; what is wrong
/// with those is a warning. record: empty when there is none to be read.
void destroy(const Context& context, ContainerDirectory& directory,
             const std::optional<config::Record>& record);

}  // namespace runtime
