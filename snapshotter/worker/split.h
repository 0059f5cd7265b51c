// SPDX-License-Identifier: Apache-2.0
// The members of an outer archive into files.
#pragma once

#include <atomic>
#include <vector>

#include "snapshotter/layer/worker.h"

namespace snapshotter {

/// Errors: as unpack(); a name twice.
std::vector<Member> split(const SplitJob& job, std::atomic<std::uint64_t>& progress);

}  // namespace snapshotter
