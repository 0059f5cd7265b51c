// SPDX-License-Identifier: Apache-2.0
// Names that people give to new images.
#pragma once

#include <string>

namespace engine {

/// The normalised form. Errors: no name; "scratch", which nothing may be called; one with a digest.
std::string parse_new_name(const std::string& text);

}  // namespace engine
