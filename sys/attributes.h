// SPDX-License-Identifier: Apache-2.0
// What a file has besides its content, from one to another, by descriptors.
#pragma once

#include <string>
#include <string_view>

namespace sys {

/// Gives the open file `to` the owner, mode, times and extended attributes of `from`, without those
/// attributes whose name starts with `without`. What `to` had besides stays.
/// Errors: as fchown(2), fchmod(2), futimens(3), flistxattr(2), fsetxattr(2).
void copy_attributes(int from, int to, std::string_view without);

/// The value of one attribute; empty when the file has none of that name.
std::string get_attribute(int fd, const std::string& name);

/// Makes `name` in `dir` a hard link to the open file. Source: linkat(2), AT_EMPTY_PATH; through
/// /proc where that is not allowed.
void link_open_file(int file, int dir, const std::string& name);

/// The target of a symlink that is open (O_PATH | O_NOFOLLOW). Source: readlinkat(2).
std::string read_open_link(int fd);

}  // namespace sys
