// SPDX-License-Identifier: Apache-2.0
// The seccomp profile of containers that ask for no other: docker's, resolved for a set of
// capabilities. Where it differs from docker's, and why, says scripts/make-default-seccomp.
#pragma once

#include <string>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

/// architecture: as Platform has it, "amd64". capabilities: those in the bounding set; some system
/// calls are permitted to whoever has one.
Seccomp default_seccomp(const std::string& architecture,
                        const std::vector<std::string>& capabilities);

}  // namespace config
