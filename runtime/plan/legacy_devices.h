// SPDX-License-Identifier: Apache-2.0
// Device rules for cgroup v1, which keeps a list of exceptions and not an order of rules: the same
// rules that device_filter.h makes a program of, merged into such a list as runc does.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/resources.h"

namespace runtime {

struct LegacyDevices {
  bool allows_rest = false;             // what is no exception
  std::vector<std::string> exceptions;  // "c 1:3 rwm", in the order of the rules
  bool operator==(const LegacyDevices&) const = default;
};

/// rules: valid, in order; what none decides is denied.
/// Errors: ENOTSUP for a rule that makes a hole into a wider one, which such a list can't have.
/// Source: runc, libcontainer/cgroups/devices, Emulator.
LegacyDevices merge_device_rules(const std::vector<config::DeviceRule>& rules);

/// The files and what is written into them, in order, so that a cgroup whose devices.list is
/// `current` gets to `wanted`. Not by way of denying everything, if that can be: a container may
/// be running in it.
std::vector<std::pair<std::string, std::string>> device_writes(const std::string& current,
                                                               const LegacyDevices& wanted);

}  // namespace runtime
