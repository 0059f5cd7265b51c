// SPDX-License-Identifier: Apache-2.0
// Capability sets and identities of this process. Source: capabilities(7), credentials(7).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys {

/// Bit n is capability number n (linux/capability.h).
using CapabilitySet = std::uint64_t;

/// Number of "CAP_KILL" (any case); empty for a name that nobody knows.
std::optional<int> capability_number(const std::string& name);
/// "CAP_KILL" of 5.
std::string capability_name(int number);
/// All that the running kernel knows, as names, in the order of their numbers.
std::vector<std::string> all_capability_names();

struct CapabilitySets {
  CapabilitySet bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
  bool operator==(const CapabilitySets&) const = default;
};
/// The effective, permitted and inheritable sets of this process.
CapabilitySets own_capabilities();

/// Drops everything from the bounding set that is not in `keep`; needs CAP_SETPCAP unless there
/// is nothing to drop.
void limit_bounding_set(CapabilitySet keep);
/// Sets effective, permitted and inheritable, then the ambient set.
void set_capabilities(const CapabilitySets& sets);

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};
/// Supplementary groups, gid and uid, real, effective and saved; keeps the permitted capabilities
/// over the change when `keep_capabilities`.
/// may_set_groups: false where the namespace denies setgroups(2) (INV-6: then `groups` is empty).
/// Errors: EINVAL with a hint which ids the user namespace has, when one of these is not there.
void become(const Identity& identity, bool may_set_groups, bool keep_capabilities);

}  // namespace sys
