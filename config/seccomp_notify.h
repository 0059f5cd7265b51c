// SPDX-License-Identifier: Apache-2.0
// Profiles with SCMP_ACT_NOTIFY: a seccomp agent answers for the kernel. Source:
// seccomp_unotify(2), config-linux.md, "seccomp".
#pragma once

#include "config/runtime_spec.h"

namespace config {

/// Whether a rule has SCMP_ACT_NOTIFY, so that the filter has a listener.
bool notifies(const Seccomp& profile);

/// A profile as two, which together decide what it does, for of several filters the strictest
/// counts: the first only notifies, and permits the rest; the second permits what the first
/// notifies. Of a profile whose default is not SCMP_ACT_NOTIFY.
struct NotifyParts {
  Seccomp notifying, other;
};
NotifyParts split_notify(const Seccomp& profile);

}  // namespace config
