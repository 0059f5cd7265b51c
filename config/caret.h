// SPDX-License-Identifier: Apache-2.0
// Shows a person where in his text something is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace config {

/// "\n  text\n    ^": two more lines for a message, the text and a caret below byte `at`. What is
/// not printable ASCII is shown as "?", of a long text the part around the place.
std::string point_at(std::string_view text, std::size_t at);

}  // namespace config
