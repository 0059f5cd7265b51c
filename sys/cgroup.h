// SPDX-License-Identifier: Apache-2.0
// Directories and files of the cgroup file systems. A container may own some of them: they are
// opened by descriptor, below the mount, and never through a symlink (INV-1). Source: cgroups(7),
// the kernel's cgroup-v2.rst.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sys {

enum class CgroupVersion { kNone, kLegacy, kUnified };
/// What is mounted where `dir` is open.
CgroupVersion cgroup_version(int dir);

/// Writes `value` into `file` of the cgroup `dir` in one write(2). Returns 0, or the errno of the
/// refusal, which callers tell apart.
int write_cgroup_file(int dir, const std::string& file, std::string_view value);
/// At most 1 MiB. Empty: there is no such file.
std::optional<std::string> read_cgroup_file(int dir, const std::string& file);

/// Makes `uid` the owner of a file of it, or, with "", of the cgroup. Returns 0, or the errno; that
/// there is no such file is fine, for not every controller is enabled.
int give_cgroup_file(int dir, const std::string& file, uid_t uid);

/// Whether one can be made in `dir`: 0, or the errno that says why not.
int may_make_cgroups(int dir);
/// Makes a cgroup. Returns 0 or the errno.
int make_cgroup_at(int dir, const std::string& name);
/// Removes a cgroup with all below it, which must have no processes any more: without following
/// anything, with few descriptors however deep it is. A name that isn't there is fine.
/// Returns 0, or the errno of the refusal: EBUSY when there are processes after all.
int remove_cgroup_at(int dir, const std::string& name);
/// Names of the cgroups in one.
std::vector<std::string> child_cgroups(int dir);

/// Waits until an open file of a cgroup tells of a change (cgroup.events, memory.events).
/// False: not within `timeout`.
bool wait_for_cgroup_event(int file, std::chrono::milliseconds timeout);

enum class CgroupWait { kChanged, kEnded, kTimeout };
/// The same, or until the process of `pidfd` has ended.
CgroupWait wait_for_cgroup(int file, int pidfd, std::chrono::milliseconds timeout);

/// Freezes a cgroup of version 1. False: some are not frozen within `limit`, or it can't be; then
/// it has to be thawed.
bool freeze_legacy_cgroup(int dir, std::chrono::milliseconds limit);

/// An eventfd that the kernel counts up when a cgroup of version 1 is out of memory, and when it is
/// removed. Source: the kernel's cgroup-v1/memory.rst, "OOM Control".
Fd open_oom_eventfd(int dir);
/// As wait_for_cgroup.
CgroupWait wait_for_eventfd(int eventfd, int pidfd, std::chrono::milliseconds timeout);
/// Sets it to 0. Returns whether it wasn't.
bool take_eventfd(int eventfd);

/// The value of extended attribute `name`; empty when there is none, or none to be had. Not of an
/// O_PATH descriptor.
std::string extended_attribute(int fd, const char* name);

}  // namespace sys
