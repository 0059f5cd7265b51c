// SPDX-License-Identifier: Apache-2.0
#include "sys/attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "sys/error.h"
#include "sys/open.h"

namespace sys {
namespace {

/// The names, each with its NUL.
std::string list_attributes(int fd) {
  for (;;) {
    const ssize_t size = ::flistxattr(fd, nullptr, 0);
    if (size < 0 && errno == ENOTSUP) return {};
    if (size < 0) throw errno_error("flistxattr");
    std::string names(static_cast<std::size_t>(size), '\0');
    const ssize_t got = ::flistxattr(fd, names.data(), names.size());
    if (got < 0 && errno == ERANGE) continue;  // it has grown
    if (got < 0) throw errno_error("flistxattr");
    names.resize(static_cast<std::size_t>(got));
    return names;
  }
}

void copy_attribute(int from, int to, const char* name) {
  std::string value(std::size_t{64} << 10, '\0');  // the kernel's limit
  const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
  if (size < 0) throw errno_error("fgetxattr");
  if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) != 0) {
    throw errno_error("fsetxattr");
  }
}

}  // namespace

void copy_attributes(int from, int to, std::string_view without) {
  const struct stat status = status_of(from);
  if (::fchown(to, status.st_uid, status.st_gid) != 0) throw errno_error("fchown");
  const std::string names = list_attributes(from);
  for (std::size_t at = 0; at < names.size();) {
    const std::string_view name(names.data() + at);
    if (!name.starts_with(without) && name != "security.selinux") {
      copy_attribute(from, to, names.data() + at);
    }
    at += name.size() + 1;
  }
  if (::fchmod(to, status.st_mode & 07777) != 0) throw errno_error("fchmod");  // chown takes bits
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (::futimens(to, times) != 0) throw errno_error("futimens");
}

std::string get_attribute(int fd, const std::string& name) {
  std::string value(std::size_t{64} << 10, '\0');
  const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
  if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) return {};
  if (size < 0) throw errno_error("fgetxattr");
  value.resize(static_cast<std::size_t>(size));
  return value;
}

void link_open_file(int file, int dir, const std::string& name) {
  if (::linkat(file, "", dir, name.c_str(), AT_EMPTY_PATH) == 0) return;
  if (errno != ENOENT && errno != EPERM) throw errno_error("linkat");
  if (::linkat(AT_FDCWD, fd_path(file).c_str(), dir, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    throw errno_error("linkat");
  }
}

std::string read_open_link(int fd) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(fd, "", target.data(), target.size());
  if (size < 0) throw errno_error("readlinkat");
  target.resize(static_cast<std::size_t>(size));
  return target;
}

}  // namespace sys
