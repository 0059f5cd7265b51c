// SPDX-License-Identifier: Apache-2.0
// Mounts by descriptor: a mount is made or cloned detached, given its attributes, and placed on an
// open directory or file, so that no path is resolved twice.
// Source: fsopen(2), fsmount(2), open_tree(2), move_mount(2), mount_setattr(2), pivot_root(2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace sys {

/// Clones the mount under path `path` relative to `dir` (AT_FDCWD for a path of the host's) as a
/// detached mount; with `recursive`, everything mounted below it too.
/// Errors: EINVAL for a mount of another mount namespace, or for one with locked mounts inside
/// when not `recursive`.
Fd clone_mount(int dir, const std::string& path, bool recursive);
/// The same for an open file or directory.
Fd clone_mount(int fd, bool recursive);

/// A filesystem parameter: "key=value", or a bare "flag" when `value` is absent.
/// Makes a new filesystem instance of `type` and a detached mount of it with MOUNT_ATTR_*
/// `attributes`. parameters: "key=value" or "flag", in order. Errors: name the parameter or the
/// type.
Fd make_filesystem(const std::string& type, const std::string& source,
                   const std::vector<std::string>& parameters, std::uint64_t attributes);

/// Changes MOUNT_ATTR_* of a mount. Clearing a flag that is locked in this user namespace: EPERM.
void set_mount_attributes(int mount, std::uint64_t set, std::uint64_t clear, bool recursive);
/// Shows the files of a detached mount under other ids: the inside ids of user namespace `userns`
/// are those of the files, the outside ones those that are seen. Errors: EPERM and EINVAL with
/// hints. Source: mount_setattr(2), "ID-mapped mounts".
void set_mount_idmap(int mount, int userns, bool recursive);
/// Changes the propagation (MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE) of a mount.
void set_propagation(int mount, std::uint64_t propagation, bool recursive);
/// The same for the mount at "/".
void set_root_propagation(std::uint64_t propagation, bool recursive);

/// Places a detached mount on an open directory or file.
void attach_mount(int mount, int target);
/// The same on a name in an open directory; a symlink there is not followed.
void attach_mount_at(int mount, int dir, const std::string& name);

/// Whether the open directory or file is where a mount begins. Source: statx(2),
/// STATX_ATTR_MOUNT_ROOT.
bool is_mount_root(int fd);
/// Takes off the topmost mount on a path of the host's. Errors: EBUSY with a hint while it is used.
void unmount(const std::string& path);

/// Makes the mount that `root` is open on the root of this mount namespace and lets go of the old
/// one. Afterwards the working directory is "/".
void pivot_into(int root);
/// The same without pivot_root, for roots on an initial ramdisk: moves the mount onto "/".
void move_root_into(int root);
/// chroot and chdir to an open directory.
void change_root(int root);

}  // namespace sys
