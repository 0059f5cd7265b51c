// SPDX-License-Identifier: Apache-2.0
// Which containers need a volume.
#pragma once

#include <string>
#include <vector>

#include "snapshotter/content/store.h"

namespace engine {

/// The names of those that have it, running or not.
std::vector<std::string> volume_users(const snapshotter::Store& store, const std::string& volume);

}  // namespace engine
