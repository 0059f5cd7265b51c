// SPDX-License-Identifier: Apache-2.0
// The end of a container's life: what `delete` does, and `start` when it fails.
#pragma once

#include <optional>

#include "config/state.h"
#include "runtime/commands/context.h"
#include "runtime/commands/state_store.h"
#include "runtime/plan/plan.h"

namespace runtime {

/// The hooks of a container that was made before. Empty: it has none.
/// Errors: its configuration can't be read.
std::optional<HooksPlan> recorded_hooks(const ContainerDirectory& directory,
                                        const config::Record& record);

/// Ends the processes, removes the cgroup and the state, and runs the poststop hooks; what is wrong
/// with those is a warning. record: empty when there is none to be read.
void destroy(const Context& context, ContainerDirectory& directory,
             const std::optional<config::Record>& record);

}  // namespace runtime
