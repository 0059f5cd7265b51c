// SPDX-License-Identifier: Apache-2.0
// Labels of the kernel's security modules: the AppArmor profile and the SELinux context that the
// next exec brings (INV-7). Written through the trusted /proc alone, and read back (INV-2).
// Source: proc(5), "/proc/pid/attr"; CVE-2019-16884, CVE-2025-52881.
#pragma once

#include <string>

#include "sys/procfs.h"

namespace sys {

/// Whether the running kernel confines by AppArmor profiles, or by SELinux contexts.
bool has_apparmor(const Procfs& proc);
bool has_selinux();

/// What the next exec of this process makes of it; empty: nothing asked for. They are lost with
/// that exec whatever comes of it, and a child of fork(2) has them, too.
struct ExecLabels {
  std::string apparmor;  // the name of a profile
  std::string selinux;   // a context
  bool empty() const { return apparmor.empty() && selinux.empty(); }
  bool operator==(const ExecLabels&) const = default;
};
/// Errors: no such profile or context, or not for us; the kernel says afterwards that another one
/// would come. In runc's words.
void set_exec_labels(const Procfs& proc, const ExecLabels& labels);

/// What set_exec_labels writes of a profile, and where below the directory of kAttributes.
std::string apparmor_command(const std::string& profile);
inline constexpr const char* kAttributes = "thread-self/attr";
inline constexpr const char* kApparmorFile = "apparmor/exec";
inline constexpr const char* kSelinuxFile = "exec";

/// The context of keys that this process makes from now on; empty: of the kernel's choice again.
void set_key_label(const Procfs& proc, const std::string& context);

/// Sets the context of an open file. False: its owner has no id in our user namespace, so it keeps
/// the one that the kernel gave it. Source: xattr(7), "Security attributes".
bool set_file_label(int fd, const std::string& context);

}  // namespace sys
