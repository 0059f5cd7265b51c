// SPDX-License-Identifier: Apache-2.0
// The system calls that tilla-layers may make once it is confined. Whatever else fails with EPERM:
// also what its libraries might try some day, which is then seen in a test and not by an attacker.
#pragma once

#include <string>

namespace snapshotter {

/// An array of struct sock_filter, for sys::install_seccomp_filter.
std::string system_call_filter();

}  // namespace snapshotter
