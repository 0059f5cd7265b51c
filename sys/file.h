// SPDX-License-Identifier: Apache-2.0
// Files and directories that are ours: state, caches, staging. Bounded reads, atomic replacement.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sys {

/// Reads a regular file of at most `limit` bytes. Never blocks on a FIFO.
/// Errors: EFBIG when it is longer, EINVAL when it is no regular file.
std::string read_file(const std::string& path, std::size_t limit);
/// The same for `name` in directory `dir`; symlinks are refused.
std::string read_file_at(int dir, const std::string& name, std::size_t limit);
std::optional<std::string> read_file_at_if_exists(int dir, const std::string& name,
                                                  std::size_t limit);

/// Creates or replaces `name` in `dir` in one step (temporary file, rename). Not synced: for state
/// that does not outlive the boot.
void replace_file_at(int dir, const std::string& name, std::string_view content, mode_t mode);
/// The same by path, as for a caller's --pid-file.
void replace_file(const std::string& path, std::string_view content, mode_t mode);
/// Writes a file that must not exist yet.
void create_file_at(int dir, const std::string& name, std::string_view content, mode_t mode);

/// Makes a directory. False: the name is taken already.
bool make_directory_at(int dir, const std::string& name, mode_t mode);
/// Opens directory `path`, making it and its parents, mode 0700, when missing; ours alone: owner is
/// the caller and nobody else can write it, or the call fails (INV-11). A symlink is followed when
/// it is the caller's or root's.
Fd open_private_directory(const std::string& path);

void rename_at(int dir, const std::string& from, const std::string& to);
bool unlink_at_if_exists(int dir, const std::string& name);
/// False: the name is taken already.
bool make_symlink_at(const std::string& target, int dir, const std::string& name);
/// Makes an empty regular file. False: the name is taken already.
bool make_file_at(int dir, const std::string& name, mode_t mode);
/// Makes a device node or FIFO (S_IF... in `mode`) with exactly this mode and owner.
/// False: the name is taken already.
bool make_node_at(int dir, const std::string& name, mode_t mode, dev_t device, uid_t uid,
                  gid_t gid);
/// False: the file refuses (a read-only file system, an id that is not mapped, somebody else's).
bool change_owner(int fd, uid_t uid, gid_t gid);
void set_owner_and_mode(int fd, uid_t uid, gid_t gid, mode_t mode);
/// Copies what is left of one open file into another.
void copy_content(int from, int to);
std::string read_link_at(int dir, const std::string& name);
/// Removes `name` in `dir` and, if it is a directory, all below it, by descriptors. A name that is
/// not there is fine.
void remove_tree_at(int dir, const std::string& name);
/// Removes an empty directory; one that is not, or not there, is left as it is.
void remove_directory_if_empty(int dir, const std::string& name);
/// Names in a directory, sorted, without "." and "..".
std::vector<std::string> list_directory(int dir);

std::string absolute_path(const std::string& path);
std::string current_directory();
std::string read_link(const std::string& path);
/// Enters a directory. False: its permissions don't let us.
bool change_directory(int dir);
/// Whether the effective user may execute `path`, looked at from the working directory; 0, or the
/// errno of the refusal.
int check_executable(const std::string& path);

/// fstatfs's f_type. Source: statfs(2).
long filesystem_type(int fd);
/// An advisory exclusive lock on the open file description, kept until its last descriptor closes
/// (dup, fork and exec included). False: somebody else holds one. Source: fcntl(2), F_OFD_SETLK.
bool try_lock(int fd);
/// The same, waiting.
void lock(int fd);
/// Whether some other open file description holds a lock.
bool is_locked(int fd);

}  // namespace sys
