// SPDX-License-Identifier: Apache-2.0
// Loads a compiled seccomp filter. Source: seccomp(2).
#pragma once

#include <cstdint>
#include <string_view>

namespace sys {

/// Installs `program`, an array of struct sock_filter as bytes, with SECCOMP_FILTER_FLAG_* `flags`.
/// Needs no_new_privs or CAP_SYS_ADMIN. After it every system call is the profile's to allow.
void install_seccomp_filter(std::string_view program, std::uint32_t flags);

}  // namespace sys
