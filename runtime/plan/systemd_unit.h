// SPDX-License-Identifier: Apache-2.0
// A container's scope as systemd is asked for it: names, and properties as the words that
// tilla-systemd takes, "NAME=TYPE:VALUE".
// Source: systemd.scope(5), systemd.resource-control(5), org.freedesktop.systemd1(5).
#pragma once

#include "config/runtime_spec.h"
#include "runtime/plan/cgroup_plan.h"

namespace runtime {

/// cgroupsPath is "slice:prefix:name", or empty.
/// Errors: EINVAL with the place in the document: another form, a name that no unit has, an
/// `org.systemd.property.*` annotation that isn't in the list of those that are passed on, or not
/// of its type.
SystemdUnit plan_systemd_unit(const CgroupPlan& plan, const config::StringMap& annotations);

/// What systemd has to know of the limits, so that it doesn't take them back. Those that it has no
/// property for are left out, and so are values that aren't plain numbers.
std::vector<std::string> systemd_limits(const std::vector<CgroupWrite>& writes);

}  // namespace runtime
