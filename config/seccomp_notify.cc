// SPDX-License-Identifier: Apache-2.0
#include "config/seccomp_notify.h"

#include <algorithm>

namespace config {
namespace {

bool is_notifying(const SeccompRule& rule) { return rule.action == SeccompAction::kNotify; }

}  // namespace

bool notifies(const Seccomp& profile) {
  return std::ranges::any_of(profile.syscalls, is_notifying);
}

NotifyParts split_notify(const Seccomp& profile) {
  NotifyParts parts = {.notifying = profile, .other = profile};
  parts.notifying.default_action = SeccompAction::kAllow;
  parts.notifying.default_errno_ret.reset();
  std::erase_if(parts.notifying.syscalls,
                [](const SeccompRule& rule) { return !is_notifying(rule); });
  for (SeccompRule& rule : parts.other.syscalls) {
    if (is_notifying(rule)) rule.action = SeccompAction::kAllow;
  }
  return parts;
}

}  // namespace config
