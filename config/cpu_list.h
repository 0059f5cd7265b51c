// SPDX-License-Identifier: Apache-2.0
// Lists of processors as the kernel writes them, "0-3,7". Source: cpuset(7), "List format".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace config {

/// Bit n of the words, counted from the first on, is processor n; as long as it has to be.
using CpuMask = std::vector<unsigned long>;

/// Empty: not a list, or of a processor above 65535, or of none at all.
std::optional<CpuMask> parse_cpu_list(std::string_view text);

}  // namespace config
