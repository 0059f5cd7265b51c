// SPDX-License-Identifier: Apache-2.0
// The part of validate() for linux.seccomp. INV-7: a filter that can't be what was meant is
// refused.
#include <algorithm>

#include "config/problems.h"
#include "config/seccomp_notify.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr uint32_t kMaxErrno = 4095;  // MAX_ERRNO: the kernel caps what a filter returns
constexpr size_t kMaxArgs = 6;        // of any system call

void check_errno(Problems& problems, const std::string& pointer, SeccompAction action,
                 const std::optional<uint32_t>& value) {
  if (!value) return;
  if (action != SeccompAction::kErrno && action != SeccompAction::kTrace) {
    problems.add(pointer, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE return a value");
  } else if (*value > kMaxErrno) {
    problems.add(pointer, sys::format("{} is more than {}", *value, kMaxErrno));
  }
}

void check_rule(Problems& problems, const std::string& place, const SeccompRule& rule) {
  if (rule.names.empty()) problems.add(place + "/names", "must not be empty");
  for (size_t i = 0; i < rule.names.size(); ++i) {
    const std::string pointer = sys::format("{}/names/{}", place, i);
    if (rule.names[i].empty()) problems.add(pointer, "empty");
    problems.check_text(pointer, rule.names[i]);
    // As runc, whose own write would wait for an answer; ours comes from another thread.
    if (rule.action == SeccompAction::kNotify && rule.names[i] == "write") {
      problems.add(pointer, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
    }
  }
  check_errno(problems, place + "/errnoRet", rule.action, rule.errno_ret);
  if (rule.args.size() > kMaxArgs) {
    problems.add(place + "/args", sys::format("more than {} conditions", kMaxArgs));
  }
  for (size_t i = 0; i < rule.args.size(); ++i) {
    if (rule.args[i].index < kMaxArgs) continue;
    problems.add(sys::format("{}/args/{}/index", place, i),
                 sys::format("{} is out of range (0 to 5)", rule.args[i].index));
  }
}

void check_listener(Problems& problems, const Seccomp& seccomp) {
  if (seccomp.default_action == SeccompAction::kNotify) {
    problems.add("/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY cannot be the default");
  } else if (notifies(seccomp) && seccomp.listener_path.empty()) {
    problems.add("/linux/seccomp/listenerPath", "missing, and a rule has SCMP_ACT_NOTIFY");
  }
  if (!seccomp.listener_path.empty()) {
    problems.check_absolute("/linux/seccomp/listenerPath", seccomp.listener_path);
  } else if (!seccomp.listener_metadata.empty()) {
    problems.add("/linux/seccomp/listenerMetadata", "there is no listenerPath");
  }
}

}  // namespace

void check_seccomp(Problems& problems, const Seccomp& seccomp) {
  check_errno(problems, "/linux/seccomp/defaultErrnoRet", seccomp.default_action,
              seccomp.default_errno_ret);
  check_listener(problems, seccomp);
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    check_rule(problems, sys::format("/linux/seccomp/syscalls/{}", i), seccomp.syscalls[i]);
  }
}

}  // namespace config
