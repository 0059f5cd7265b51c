// SPDX-License-Identifier: Apache-2.0
// Extended attributes, by descriptor. Source: xattr(7), fsetxattr(2), flistxattr(2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sys {

/// 0, or the errno with which the kernel or the file system refuses: what comes of that is the
/// caller's to say. Errors: ENOSPC, EDQUOT, EIO and the like.
int set_attribute(int fd, const std::string& name, std::string_view value);
/// Empty: there is none of that name, or none at all here.
std::optional<std::string> attribute(int fd, const char* name);
/// All names, sorted; none where there can be none.
std::vector<std::string> attribute_names(int fd);

/// Gives the open file `to` the owner, mode, times and extended attributes of `from`, without those
/// attributes whose name starts with `without`, and without labels. What `to` had besides stays.
/// Errors: as fchown(2), fchmod(2), futimens(3), flistxattr(2), fsetxattr(2).
void copy_attributes(int from, int to, std::string_view without);

}  // namespace sys
