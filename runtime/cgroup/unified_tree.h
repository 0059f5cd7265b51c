// SPDX-License-Identifier: Apache-2.0
// The tree of cgroup v2 as we see it: its mount, and our own place in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sys/fd.h"
#include "sys/open.h"
#include "sys/procfs.h"

namespace runtime {

struct UnifiedTree {
  sys::Fd root;      // the mount's root
  sys::RelPath own;  // our cgroup, from there
};

/// Opens the mount of /sys/fs/cgroup. Empty: there is none of version 2.
std::optional<sys::Fd> open_unified_root();
/// The same with our place in it. Empty as well when our cgroup isn't below that mount.
std::optional<UnifiedTree> find_unified_tree(const sys::Procfs& proc);

/// The cgroup of process `who` ("self", or a pid) below `root`, a mount's. Empty: it isn't there.
std::optional<sys::RelPath> place_of_process(const sys::Procfs& proc, const std::string& who,
                                             int root);

/// `path`, cleaned, below `parent`.
sys::RelPath below(const sys::RelPath& parent, const std::string& path);
/// What an option names is never above what it is below. Errors: EINVAL for a "..".
void refuse_way_up(const std::string& path);

/// Cgroup `own` of a hierarchy below a mount of it, of which `mount_root` is the root. Empty: it is
/// not below that, or we may not know.
std::optional<sys::RelPath> place_below(std::string_view own, std::string_view mount_root);
/// Our cgroup of version 2 below a mount. cgroup: the text of /proc/PID/cgroup; mount_root: what is
/// mounted, of the same hierarchy, as /proc/self/mountinfo has it. Empty: it is not below it.
std::optional<sys::RelPath> own_place(const std::string& cgroup, const std::string& mount_root);
/// Whether the kernel keeps limits from who is in a cgroup namespace of its own, whoever owns them.
/// Source: cgroup-v2 of the kernel's documentation, "nsdelegate".
bool has_nsdelegate(const std::string& mountinfo);
/// The fourth field of the last line about `mount_point`.
std::optional<std::string> mounted_root(const std::string& mountinfo,
                                        const std::string& mount_point);

}  // namespace runtime
