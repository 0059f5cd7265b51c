// SPDX-License-Identifier: Apache-2.0
// What files need that outlive a power cut and are shared by processes: syncs, renames between
// folders, locks with names, removal of whole trees.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace sys {

/// Writes everything of the file system that `fd` is on to the disk, and waits.
/// Errors: EIO, ENOSPC, EDQUOT of any write since `fd` was opened. Source: syncfs(2).
void sync_filesystem(int fd);
/// The same for one file; for a directory: the names in it. Source: fsync(2).
void sync_file(int fd);

/// Renames, replacing a file. Source: rename(2).
void move_at(int from, const std::string& name, int to, const std::string& new_name);
/// The same. False: the new name is taken. Source: renameat2(2), RENAME_NOREPLACE; a file system
/// that doesn't know it can only take directories.
bool move_at_if_free(int from, const std::string& name, int to, const std::string& new_name);
/// The same for what is to be removed. False: the old name isn't there (any more), or it belongs to
/// somebody else. A directory of ours that can't be moved is made writable first.
bool move_if_we_may(int from, const std::string& name, int to, const std::string& new_name);

/// Replaces `name` in `dir`: what a power cut leaves is the old content or the new. `temporary` is
/// the name of a file that may be in the way; the caller holds a lock, so that one alone uses it.
void replace_file_synced(int dir, const std::string& name, const std::string& temporary,
                         std::string_view content, mode_t mode);
/// Writes a new file and syncs it, but not its name.
void create_file_synced(int dir, const std::string& name, std::string_view content, mode_t mode);

/// The status of a name, symlinks not followed.
std::optional<struct stat> status_at_if_exists(int dir, const std::string& name);
/// EROFS, EACCES or another errno when the caller may not make files in the directory; else 0.
int check_writable(int dir);

/// A lock that others can have as well, unless one has it alone (lock, try_lock); waits.
/// Needs no more than a descriptor for reading. Source: fcntl(2), F_OFD_SETLKW.
void lock_shared(int fd);
void unlock(int fd);
/// Opens file `name`, making it when missing, and locks it; waits. Whoever holds the lock may
/// remove or rename the file: who waited then gets a new one.
Fd lock_name(int dir, const std::string& name);
/// The same for a name that is there. Empty: it isn't, or somebody else holds it.
Fd try_lock_name(int dir, const std::string& name);

/// 16 hexadecimal digits that nobody has used or will guess. Source: getrandom(2).
std::string random_name();

void seek_to_end(int fd);
/// The next read starts at this byte.
void seek_to(int fd, std::uint64_t offset);
/// Makes a file that takes `bytes` of the disk. False: there is no room, or the file system can't.
/// One that is there already stays as it is. Source: fallocate(2).
bool reserve_file_at(int dir, const std::string& name, std::uint64_t bytes);

struct FreeSpace {
  std::uint64_t bytes = 0, files = 0;  // that the caller may use
  bool counts_files = false;           // some file systems have no limit
};
/// Source: statvfs(3).
FreeSpace free_space(int fd);

/// Removes `name` in `dir` and all below it, by descriptors, however deep; directories of ours that
/// refuse are made writable first. False: something of somebody else's is left.
/// Errors: those of a broken or read-only disk.
bool remove_what_we_may(int dir, const std::string& name);

struct TreeSize {
  std::uint64_t bytes = 0, entries = 0;  // disk space of files, each counted once; names
};
/// Of a tree as it is now; what can't be read counts nothing.
TreeSize tree_size(int dir, const std::string& name);

}  // namespace sys
