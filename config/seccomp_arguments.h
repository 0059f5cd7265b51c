// SPDX-License-Identifier: Apache-2.0
// System calls and those of their arguments that are 32 bits wide to the kernel: what is in the
// upper half of the register doesn't reach it, but a filter sees it.
#pragma once

#include <cstdint>
#include <string_view>

namespace config {

/// Bit i: argument i is an int, or as wide. 0 for a call that isn't known.
/// Source: the kernel's SYSCALL_DEFINEs of 64-bit machines, as
/// /sys/kernel/tracing/events/syscalls/*/format lists them (Linux 6.18), and clone(2)'s flags, of
/// which it takes the lower half.
std::uint32_t narrow_arguments(std::string_view call);

}  // namespace config
