// SPDX-License-Identifier: Apache-2.0
// Where the other programs of the installation are.
#pragma once

#include <string>

namespace sys {

/// The program `name`: beside the one that runs, in ../libexec/tilla from there, or where it was
/// installed to. Errors: ENOENT.
std::string find_helper_program(const std::string& name);

}  // namespace sys
