// SPDX-License-Identifier: Apache-2.0
// linux.seccomp to the program that the kernel loads, as runc 1.1 does it. The fence around
// libseccomp: seccomp_filter.cc alone includes it. What can't be expressed is refused (INV-7).
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

struct CompiledFilter {
  std::string program;             // an array of struct sock_filter
  std::uint32_t kernel_flags = 0;  // SECCOMP_FILTER_FLAG_*
  bool operator==(const CompiledFilter&) const = default;
};

/// Compiles a profile. The native architecture is always a part of it; others are killed.
/// Arguments are compared as 64-bit numbers, so a profile that denies a value of an argument of
/// which the kernel takes 32 bits must mask it (CVE-2019-10063). System calls above the highest
/// that the profile names get ENOSYS where the default would refuse them, so that programs fall
/// back. unknown_names: receives each name that libseccomp doesn't know, once; its rules are
/// skipped. Errors: with the JSON pointer: SCMP_ACT_NOTIFY, an unknown architecture, more than 4096
/// instructions.
/// Source: config-linux.md "Seccomp", seccomp_rule_add(3), runc libcontainer/seccomp.
CompiledFilter compile_seccomp(const Seccomp& profile, std::vector<std::string>& unknown_names);

/// Everything that compile_seccomp reads, and the versions of what does the reading, as bytes: two
/// profiles with equal keys have equal filters.
std::string seccomp_key(const Seccomp& profile);

/// Whether the kernel takes `program` as far as that is seen without loading it: 1 to 4096 whole
/// instructions, of which the last returns.
bool is_plausible_filter(std::string_view program);

/// What the kernel would answer to `call`: SECCOMP_RET_* with its data. Tells before a filter is
/// loaded whether the step after it will be permitted.
/// Errors: an instruction that no filter of libseccomp has.
std::uint32_t evaluate_filter(std::string_view program, const seccomp_data& call);

}  // namespace config
