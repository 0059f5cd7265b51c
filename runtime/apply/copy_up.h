// SPDX-License-Identifier: Apache-2.0
// tmpcopyup: a tmpfs that starts with what the image has at its mount point.
#pragma once

namespace runtime {

/// Copies directories, regular files and symlinks, with modes and owners, from directory `from` (an
/// O_PATH descriptor inside the image) into directory `to`, whose own stay. No symlink is followed,
/// nothing on another file system is copied; sockets, FIFOs and devices are left out. Errors:
/// ENOSPC when the tmpfs is too small, ELOOP below 64 levels.
void copy_up(int from, int to);

}  // namespace runtime
