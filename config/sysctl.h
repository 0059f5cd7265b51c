// SPDX-License-Identifier: Apache-2.0
// Names of kernel parameters, and which namespace each belongs to. What belongs to none is the
// host's and is nobody's to set. Source: sysctl(8), proc(5), namespaces(7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/runtime_spec.h"

namespace config {

/// The path below /proc/sys that a name means. As in sysctl(8) the first separator decides: after a
/// dot, dots separate and a slash is a dot in a name ("net.ipv4.conf.eth0/1.mtu"); after a slash,
/// slashes separate. No component is empty, "." or "..".
/// Empty: not the name of a parameter.
std::optional<std::string> sysctl_path(std::string_view name);

/// The namespace that the parameter at `path` (of sysctl_path) belongs to; empty: to none.
std::optional<NamespaceType> sysctl_namespace(std::string_view path);

}  // namespace config
