// SPDX-License-Identifier: Apache-2.0
// Roots of containers and images that people have mounted to look at them: each below the runtime
// directory, in the mount namespace of `tilla unshare`'s shell (or of the host's root), with which
// they go. Where something is mounted, the kernel says; nothing is written down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace engine {

/// Whether this process could mount anything that would outlive it: root of its user namespace.
bool may_mount_here();

/// Where `id` (64 hexadecimal digits) is mounted in this mount namespace; empty: nowhere.
std::optional<std::string> find_mounted(const std::string& runtime_directory,
                                        const std::string& id);
/// Attaches a detached mount; returns the path.
std::string attach_mounted(const std::string& runtime_directory, const std::string& id,
                           const sys::Fd& mount);
/// False: it isn't mounted here. Errors: EBUSY while it is in use.
bool detach_mounted(const std::string& runtime_directory, const std::string& id);
/// Their ids.
std::vector<std::string> list_mounted(const std::string& runtime_directory);

}  // namespace engine
