// SPDX-License-Identifier: Apache-2.0
#include "sys/place.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr int kMaxRaces = 128;

void check(int result, const char* what, const std::string& name) {
  if (result >= 0) return;
  const int code = errno;
  throw errno_error(format("{} \"{}\"", what, name), code);
}

}  // namespace

std::optional<Fd> open_directory_beneath(int root, const std::string& path) {
  open_how how = {};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  for (int race = 0;; ++race) {
    const long fd =
        retry([&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); });
    if (fd >= 0) return Fd(static_cast<int>(fd));
    if (errno == ENOENT) return std::nullopt;
    if (errno != EAGAIN || race >= kMaxRaces) throw errno_error(format("open \"{}\"", path));
  }
}

std::optional<Fd> create_file(int dir, const std::string& name, mode_t mode) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = retry([&] { return ::openat(dir, name.c_str(), kNew, mode); });
  if (fd >= 0) return Fd(fd);
  if (errno == EEXIST) return std::nullopt;
  throw errno_error(format("make file \"{}\"", name));
}

Fd open_for_reading(int dir, const std::string& name) {
  constexpr int kRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const int fd = retry([&] { return ::openat(dir, name.c_str(), kRead); });
  if (fd < 0) throw errno_error(format("open \"{}\"", name));
  return Fd(fd);
}

bool make_special_at(int dir, const std::string& name, mode_t mode, dev_t device) {
  if (::mknodat(dir, name.c_str(), mode, device) == 0) return true;
  if (errno == EEXIST) return false;
  throw errno_error(format("make node \"{}\"", name));
}

bool link_at(int from_dir, const std::string& from, int dir, const std::string& name) {
  if (::linkat(from_dir, from.c_str(), dir, name.c_str(), 0) == 0) return true;
  if (errno == EEXIST) return false;
  throw errno_error(format("link \"{}\" to \"{}\"", name, from));
}

std::optional<struct stat> status_at(int dir, const std::string& name) {
  struct stat status = {};
  if (::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw errno_error(format("look at \"{}\"", name));
}

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

void set_owner(int fd, uid_t uid, gid_t gid) {
  if (::fchown(fd, uid, gid) < 0) throw errno_error(format("set the owner {}:{}", uid, gid));
}

void set_owner_at(int dir, const std::string& name, uid_t uid, gid_t gid) {
  if (::fchownat(dir, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) < 0) {
    throw errno_error(format("set the owner {}:{}", uid, gid));
  }
}

void set_mode(int fd, mode_t mode) {
  if (::fchmod(fd, mode) < 0) throw errno_error(format("set the mode {:04o}", mode));
}

void set_mode_at(int dir, const std::string& name, mode_t mode) {
  check(::fchmodat(dir, name.c_str(), mode, 0), "set the mode of", name);
}

Time modified_at(const struct stat& status) {
  return {.seconds = status.st_mtim.tv_sec,
          .nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
}

void set_time(int fd, const Time& time) {
  const timespec one = {.tv_sec = time.seconds, .tv_nsec = time.nanoseconds};
  const timespec both[2] = {one, one};
  if (::futimens(fd, both) < 0) throw errno_error("set the time");
}

void set_time_at(int dir, const std::string& name, const Time& time) {
  const timespec one = {.tv_sec = time.seconds, .tv_nsec = time.nanoseconds};
  const timespec both[2] = {one, one};
  check(::utimensat(dir, name.c_str(), both, AT_SYMLINK_NOFOLLOW), "set the time of", name);
}

void set_size(int fd, std::uint64_t size) {
  if (::ftruncate(fd, static_cast<off_t>(size)) < 0) {
    throw errno_error(format("set the size {}", size));
  }
}

std::size_t read_into(int fd, char* buffer, std::size_t size) {
  const ssize_t count = retry([&] { return ::read(fd, buffer, size); });
  if (count < 0) throw errno_error("read");
  return static_cast<std::size_t>(count);
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
