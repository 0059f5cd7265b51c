// SPDX-License-Identifier: Apache-2.0
// A process's own promise to write nowhere but below some directories. Source: landlock(7).
#pragma once

#include <vector>

namespace sys {

/// From here on this process (which must have one thread) executes nothing, and makes, changes and
/// removes files only below the open directories `writable`. Reading is not limited. Needs
/// no_new_privs. False: the kernel has no Landlock.
bool restrict_writes_to(const std::vector<int>& writable);

}  // namespace sys
