// SPDX-License-Identifier: Apache-2.0
// Putting the files of a tree in place and reading them, by an open directory and a name in it: the
// few calls that an archive of a hundred thousand entries is made of. A name is one component, from
// parse of a path: none of these follows a symlink.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace sys {

/// Opens directory `path` below `root` (O_PATH), through no symlink and no mount. Empty: there is
/// none of that name. Errors: ENOTDIR, ELOOP for what is something else.
std::optional<Fd> open_directory_beneath(int root, const std::string& path);
/// Makes and opens a new file. Empty: the name is taken.
std::optional<Fd> create_file(int dir, const std::string& name, mode_t mode);
/// Opens an existing one for reading, without waiting for anybody.
Fd open_for_reading(int dir, const std::string& name);
/// mknod(2), nothing else. False: the name is taken.
bool make_special_at(int dir, const std::string& name, mode_t mode, dev_t device);
/// A second name for a file; a symlink is linked itself. False: the name is taken.
bool link_at(int from_dir, const std::string& from, int dir, const std::string& name);
/// Makes `name` in `dir` a hard link to the open file. Source: linkat(2), AT_EMPTY_PATH; through
/// /proc where that is not allowed.
void link_open_file(int file, int dir, const std::string& name);
/// The target of a symlink that is open (O_PATH | O_NOFOLLOW). Source: readlinkat(2).
std::string read_open_link(int fd);
/// Empty: there is nothing of that name.
std::optional<struct stat> status_at(int dir, const std::string& name);
/// overlay's mark of a removed name. Source: overlayfs.rst, "whiteouts and opaque directories".
bool is_whiteout(const struct stat& status);

void set_owner(int fd, uid_t uid, gid_t gid);
void set_owner_at(int dir, const std::string& name, uid_t uid, gid_t gid);
void set_mode(int fd, mode_t mode);
void set_mode_at(int dir, const std::string& name, mode_t mode);  // no symlink, says the caller

struct Time {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  bool operator==(const Time&) const = default;
};
Time modified_at(const struct stat& status);
/// Of access and modification.
void set_time(int fd, const Time& time);
void set_time_at(int dir, const std::string& name, const Time& time);

void set_size(int fd, std::uint64_t size);
/// One read; 0 at end of file.
std::size_t read_into(int fd, char* buffer, std::size_t size);

}  // namespace sys
