// SPDX-License-Identifier: Apache-2.0
// What `update` is asked for, by its flags; and what it takes over of the limits that are there.
#pragma once

#include "config/resources.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/commands/command_line.h"

namespace runtime {

/// The flags, of which empty ones ask for nothing. Errors: EINVAL for what is no number of theirs.
config::Resources resources_of(const UpdateOptions& options);

/// Adds what goes with an asked one in a single file and isn't asked for itself: the quota of a
/// period, the period of a quota, and the memory that swap is counted with.
void complete(config::Resources& resources, const CurrentLimits& current);

}  // namespace runtime
