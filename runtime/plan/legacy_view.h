// SPDX-License-Identifier: Apache-2.0
// What a container sees where it mounts cgroups, when its own are of version 1.
#pragma once

#include "config/runtime_spec.h"
#include "runtime/plan/plan.h"

namespace runtime {

/// Makes of each mount of type cgroup a directory with the container's own cgroups, all of it
/// read-only, as runc has it. cgroups: paths by name, {"memory",
/// "/sys/fs/cgroup/memory/tilla-web"}.
void show_legacy_cgroups(const config::StringMap& cgroups, RootPlan& plan);

}  // namespace runtime
