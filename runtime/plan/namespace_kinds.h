// SPDX-License-Identifier: Apache-2.0
// The kinds of namespaces and what each is called where.
#pragma once

#include <linux/sched.h>

#include <array>

namespace runtime {

struct NamespaceKind {
  int type;          // CLONE_NEW*
  const char* name;  // the specification's
  const char* file;  // in /proc/PID/ns
};

/// The user namespace first: it gives the right to join the others.
inline constexpr std::array<NamespaceKind, 8> kNamespaceKinds = {{
    {CLONE_NEWUSER, "user", "user"},
    {CLONE_NEWNS, "mount", "mnt"},
    {CLONE_NEWPID, "pid", "pid"},
    {CLONE_NEWNET, "network", "net"},
    {CLONE_NEWIPC, "ipc", "ipc"},
    {CLONE_NEWUTS, "uts", "uts"},
    {CLONE_NEWCGROUP, "cgroup", "cgroup"},
    {CLONE_NEWTIME, "time", "time"},
}};

/// Of a flag that the kernel may have named; "unknown" for none of ours.
constexpr NamespaceKind kind_of_namespace(int type) {
  for (const NamespaceKind& kind : kNamespaceKinds) {
    if (kind.type == type) return kind;
  }
  return {.type = type, .name = "unknown", .file = "unknown"};
}

}  // namespace runtime
