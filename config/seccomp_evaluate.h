// SPDX-License-Identifier: Apache-2.0
// Looks at a compiled seccomp filter without loading it.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <string_view>

namespace config {

/// Whether the kernel takes `program` as far as that is seen without loading it: 1 to 4096 whole
/// instructions, of which the last returns.
bool is_plausible_filter(std::string_view program);

/// What the kernel would answer to `call`: SECCOMP_RET_* with its data. Tells before a filter is
/// loaded whether the step after it will be permitted.
/// Errors: an instruction that no filter of libseccomp has.
std::uint32_t evaluate_filter(std::string_view program, const seccomp_data& call);

}  // namespace config
