// SPDX-License-Identifier: Apache-2.0
#include "sys/attribute.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"

namespace sys {
namespace {

constexpr std::size_t kLargest = 65536;  // XATTR_SIZE_MAX, XATTR_LIST_MAX
using Buffer = std::array<char, 1024>;   // most have less

bool means_none(int code) { return code == ENODATA || code == EOPNOTSUPP || code == EBADF; }

// call: (buffer, size) -> length or -1.
template <typename Call>
std::optional<std::string> read_sized(const Call& call, const char* what) {
  Buffer small;
  ssize_t length = call(small.data(), small.size());
  if (length >= 0) return std::string(small.data(), static_cast<std::size_t>(length));
  if (errno == ERANGE) {
    std::string large(kLargest, '\0');
    length = call(large.data(), large.size());
    if (length >= 0) {
      large.resize(static_cast<std::size_t>(length));
      return large;
    }
  }
  if (means_none(errno)) return std::nullopt;
  throw errno_error(what);
}

}  // namespace

int set_attribute(int fd, const std::string& name, std::string_view value) {
  if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) return 0;
  const int code = errno;
  if (code == EPERM || code == EACCES || code == EOPNOTSUPP || code == EINVAL || code == ERANGE ||
      code == E2BIG) {
    return code;
  }
  throw errno_error(format("set attribute \"{}\"", name), code);
}

std::optional<std::string> attribute(int fd, const char* name) {
  return read_sized(
      [&](char* buffer, std::size_t size) { return ::fgetxattr(fd, name, buffer, size); },
      "read an attribute");
}

std::vector<std::string> attribute_names(int fd) {
  std::vector<std::string> names;
  const auto list =
      read_sized([&](char* buffer, std::size_t size) { return ::flistxattr(fd, buffer, size); },
                 "list attributes");
  if (!list) return names;
  for (std::size_t start = 0; start < list->size();) {
    const std::size_t end = std::min(list->find('\0', start), list->size());
    names.push_back(list->substr(start, end - start));
    start = end + 1;
  }
  std::sort(names.begin(), names.end());
  return names;
}

void copy_attributes(int from, int to, std::string_view without) {
  const struct stat status = status_of(from);
  if (::fchown(to, status.st_uid, status.st_gid) != 0) throw errno_error("fchown");
  for (const std::string& name : attribute_names(from)) {
    if (name.starts_with(without) || name == "security.selinux") continue;
    const std::optional<std::string> value = attribute(from, name.c_str());
    if (!value) continue;
    if (::fsetxattr(to, name.c_str(), value->data(), value->size(), 0) != 0) {
      throw errno_error(format("set attribute \"{}\"", name));
    }
  }
  if (::fchmod(to, status.st_mode & 07777) != 0) throw errno_error("fchmod");  // chown takes bits
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (::futimens(to, times) != 0) throw errno_error("futimens");
}

}  // namespace sys
