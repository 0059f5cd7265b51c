// SPDX-License-Identifier: Apache-2.0
// Signals as people write them.
#pragma once

#include <optional>
#include <string_view>

namespace config {

/// "KILL", "sigkill", "9", "RTMIN+3", "RTMAX-1"; 0, which only probes, too. Empty: no such signal.
std::optional<int> parse_signal(std::string_view text);

}  // namespace config
