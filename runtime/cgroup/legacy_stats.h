// SPDX-License-Identifier: Apache-2.0
// What the cgroups of version 1 have used, in the words of runc's "stats" event.
#pragma once

#include <functional>
#include <string_view>

#include "config/json.h"

namespace runtime {

/// directory_of: of a controller's cgroup, open for reading; -1: it has none.
config::Json legacy_stats(const std::function<int(const char*)>& directory_of);

// Files' texts as parts of the event.
/// usage, stat: nanoseconds, and hundredths of a second; all: by CPU, with a line that says what
/// is in which column.
config::Json legacy_cpu_usage(std::string_view usage, std::string_view stat, std::string_view all);
/// Lines "8:0 Read 4096", and a last one with the sum of all devices.
config::Json legacy_block_io(std::string_view text);

}  // namespace runtime
