// SPDX-License-Identifier: Apache-2.0
// linux.seccomp to the program that the kernel loads, as runc 1.1 does it. The fence around
// libseccomp: seccomp_filter.cc alone includes it. What can't be expressed is refused (INV-7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

struct CompiledFilter {
  std::string program;             // an array of struct sock_filter
  std::uint32_t kernel_flags = 0;  // SECCOMP_FILTER_FLAG_*
  bool has_listener() const;       // somebody must answer for what the filter notifies
  std::uint32_t flags_without_listener() const;
  bool operator==(const CompiledFilter&) const = default;
};

/// Compiles a profile. The native architecture is always a part of it; others are killed.
/// Arguments are compared as 64-bit numbers, but those of which the kernel takes 32 bits as 32-bit
/// numbers (CVE-2019-7303, CVE-2019-10063); in what "not equal", "less" and "greater" are asked of,
/// other upper bits than a number's sign are EINVAL to the caller. System calls above the highest
/// one that the profile names get ENOSYS where the default would refuse them: programs fall back.
/// unknown_names: receives each name that libseccomp doesn't know, once; such are skipped.
/// Errors: with the JSON pointer: an unknown architecture, more than 4096 instructions.
/// Source: config-linux.md "Seccomp", seccomp_rule_add(3), runc libcontainer/seccomp.
CompiledFilter compile_seccomp(const Seccomp& profile, std::vector<std::string>& unknown_names);

/// Everything that compile_seccomp reads, and the versions of what does the reading, as bytes: two
/// profiles with equal keys have equal filters.
std::string seccomp_key(const Seccomp& profile);

/// "2.5.4", of the library that this program is linked with.
std::string libseccomp_version();

}  // namespace config
