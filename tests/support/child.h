// SPDX-License-Identifier: Apache-2.0
// Runs a part of a test in a child, for what can't be taken back: entering a namespace.
#pragma once

#include <functional>
#include <string>

namespace support {

/// Runs `part` in a child of fork(2). Returns "" when it came to its end, else what it threw or how
/// it died.
std::string in_child(const std::function<void()>& part);

/// For `part`: throws unless `is_true`, with `what`.
void expect(bool is_true, const std::string& what);

}  // namespace support
