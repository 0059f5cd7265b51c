// SPDX-License-Identifier: Apache-2.0
// A cgroup with all below it, which the container may have made, in either version.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace runtime {

/// Calls `visit` with each cgroup from `dir` down, its own first. 10000 at most.
void each_cgroup(int dir, const std::function<void(int)>& visit);

/// The processes in all of them, sorted, each once.
std::vector<pid_t> processes_below(int dir);

}  // namespace runtime
