// SPDX-License-Identifier: Apache-2.0
// Text formatting for every folder: {fmt}, compiled once in format.cc so that including it stays
// cheap. GCC 12 has no std::format.
#pragma once

#include <fmt/core.h>

#include <string>

namespace sys {

/// Formats as fmt::format does; the format string is checked when this is compiled.
template <typename... Args>
std::string format(fmt::format_string<Args...> pattern, Args&&... args) {
  return fmt::vformat(pattern, fmt::make_format_args(args...));
}

}  // namespace sys
