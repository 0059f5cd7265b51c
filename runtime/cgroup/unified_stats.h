// SPDX-License-Identifier: Apache-2.0
// What a cgroup of version 2 has used, in the words of runc's "stats" event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/json.h"

namespace runtime {

/// dir: open on the cgroup. Controllers that aren't enabled are left out.
config::Json unified_stats(int dir);

// Files' texts as parts of the event.
config::Json cpu_usage(std::string_view cpu_stat);
/// Empty arrays are left out.
config::Json block_io(std::string_view io_stat);
/// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and a line "full".
config::Json pressure(std::string_view text);

}  // namespace runtime
