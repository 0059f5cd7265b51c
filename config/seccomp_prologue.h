// SPDX-License-Identifier: Apache-2.0
// What goes before libseccomp's part of a filter: checks that a rule can't express.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace config {

/// A call of which some arguments are compared in a way that only 32-bit numbers are meant for.
struct GuardedCall {
  std::uint32_t number = 0;
  std::uint32_t arguments = 0;  // bit i: the upper half of argument i extends the lower one
  std::uint32_t unsigned_arguments = 0;  // of these: with zeros only, never with its sign
  bool operator==(const GuardedCall&) const = default;
};

/// What is checked for one AUDIT_ARCH_*.
struct Prologue {
  std::uint32_t highest = 0;      // ENOSYS above it; 0: no such check
  std::uint32_t highest_x32 = 0;  // x32 shares x86_64's number in seccomp_data, but not its calls
  std::vector<GuardedCall> guarded;  // EINVAL for what no caller of these would say
};

/// Instructions that end behind their last one when they have nothing against the call; as bytes,
/// an array of struct sock_filter. Source: seccomp(2).
std::string make_prologue(const std::map<std::uint32_t, Prologue>& by_architecture);

}  // namespace config
