// SPDX-License-Identifier: Apache-2.0
// The trees of cgroup v1: which there are, where they are mounted, and our own place in each.
#pragma once

#include <string>
#include <vector>

#include "sys/open.h"
#include "sys/procfs.h"

namespace runtime {

/// The hierarchy of version 2 beside those of version 1 has no controller that we use there, but
/// holds the processes.
constexpr const char* kUnifiedHierarchy = "unified";

struct LegacyHierarchy {
  std::string name;  // "memory", "cpu,cpuacct", "name=systemd" or kUnifiedHierarchy
  std::string mount_point;
  sys::RelPath own;  // our cgroup, from the mount's root
  bool operator==(const LegacyHierarchy&) const = default;
};

/// Those with controllers, systemd's and that of version 2, of which a mount shows our own cgroup.
/// Empty: this machine has none of version 1.
std::vector<LegacyHierarchy> find_legacy_hierarchies(const sys::Procfs& proc);
/// The same of the texts of /proc/self/mountinfo and /proc/self/cgroup.
std::vector<LegacyHierarchy> legacy_hierarchies(const std::string& mountinfo,
                                                const std::string& cgroup);

/// Whether "cpu,cpuacct" has "cpu".
bool has_controller(std::string_view hierarchy, std::string_view controller);

}  // namespace runtime
