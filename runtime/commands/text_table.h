// SPDX-License-Identifier: Apache-2.0
// Columns as runc's `list` aligns them.
#pragma once

#include <string>
#include <vector>

namespace runtime {

using TextTable = std::vector<std::vector<std::string>>;

/// One line for each row. A column is as wide as its longest cell and three blanks, 12 at least;
/// the last one is not padded. Source: Go's text/tabwriter, as runc calls it.
std::string to_text(const TextTable& table);

}  // namespace runtime
