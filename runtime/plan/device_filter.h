// SPDX-License-Identifier: Apache-2.0
// Device rules as a program for the kernel: `linux.resources.devices`, and what every container may
// use, become instructions that cgroup v2 asks before a device is opened or made.
#pragma once

#include <vector>

#include "config/resources.h"
#include "sys/bpf.h"

namespace runtime {

/// Every access to every device: what was said before is void.
bool is_about_all(const config::DeviceRule& rule);

/// `rules`, and after them those of runc for all containers: /dev/null and its like, terminals,
/// tun, and that any node may be made. Rules that a later one makes void are left out.
/// Source: runc, libcontainer/specconv, AllowedDevices.
std::vector<config::DeviceRule> effective_device_rules(
    const std::vector<config::DeviceRule>& rules);

/// For each of the letters that an access asks for, the last rule with this letter that fits the
/// device decides; what no rule decides is denied, so that an empty list denies everything.
/// rules: valid.
/// Source: config-linux.md, "Allowed Device list": entries are applied in the listed order.
sys::BpfProgram compile_device_rules(const std::vector<config::DeviceRule>& rules);

}  // namespace runtime
