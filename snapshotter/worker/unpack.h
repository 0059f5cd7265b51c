// SPDX-License-Identifier: Apache-2.0
// An archive into a layer's directory.
#pragma once

#include <atomic>

#include "snapshotter/layer/protocol.h"

namespace snapshotter {

/// Errors: name the entry, its number and where it is in the archive, and the reason.
protocol::UnpackAnswer unpack(const UnpackJob& job, std::atomic<std::uint64_t>& progress);

}  // namespace snapshotter
