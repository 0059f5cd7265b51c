// SPDX-License-Identifier: Apache-2.0
// Files into an archive: a layer of what has changed, or everything below a directory.
#pragma once

#include "snapshotter/layer/worker.h"

namespace snapshotter {

/// Errors: name the path.
Packed pack(const PackJob& job);
void join(const JoinJob& job);

}  // namespace snapshotter
