// SPDX-License-Identifier: Apache-2.0
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr int kReadOnce = O_RDONLY | O_NONBLOCK | O_NOCTTY;

std::string read_regular(const Fd& file, const std::string& path, std::size_t limit) {
  return in_context(path, [&] {
    const struct stat status = status_of(file.get());
    if (S_ISDIR(status.st_mode)) throw errno_error("read", EISDIR);
    if (!S_ISREG(status.st_mode)) throw Error("not a regular file", EINVAL);
    return read_all(file.get(), limit);
  });
}

void write_new(int dir, const std::string& name, std::string_view content, mode_t mode) {
  const Fd file = open_at(dir, name, O_WRONLY | O_CREAT | O_EXCL, mode);
  write_all(file.get(), content);
}

// INV-11: parents are ours alone as well, when it is we who make them.
void make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string prefix = path.substr(0, slash);
    const bool is_last = slash == std::string::npos;
    if (!prefix.empty() && ::mkdir(prefix.c_str(), 0700) < 0 && errno != EEXIST && errno != EROFS &&
        (errno != EACCES || is_last)) {
      throw errno_error(format("make directory \"{}\"", prefix));
    }
    if (is_last) break;
  }
}

// In /tmp somebody else may have made the name first: a symlink to a directory of ours.
std::optional<Fd> open_own_name(const std::string& path) {
  const std::optional<Fd> name = open_at_if_exists(AT_FDCWD, path, O_PATH);  // not followed
  if (!name) return std::nullopt;
  const struct stat status = status_of(name->get());
  if (!S_ISLNK(status.st_mode)) return open_at(name->get(), ".", O_RDONLY | O_DIRECTORY);
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    throw Error(format("\"{}\" is a symlink of user {}, not of the caller", path, status.st_uid),
                EPERM);
  }
  return open_path(path, O_RDONLY | O_DIRECTORY);
}

struct CloseDirectory {
  void operator()(DIR* stream) const { (void)::closedir(stream); }  // only reads were made
};

}  // namespace

std::string read_file(const std::string& path, std::size_t limit) {
  return read_regular(open_path(path, kReadOnce), path, limit);
}

std::string read_file_at(int dir, const std::string& name, std::size_t limit) {
  return read_regular(open_at(dir, name, kReadOnce), name, limit);
}

std::optional<std::string> read_file_at_if_exists(int dir, const std::string& name,
                                                  std::size_t limit) {
  const std::optional<Fd> file = open_at_if_exists(dir, name, kReadOnce);
  if (!file) return std::nullopt;
  return read_regular(*file, name, limit);
}

void create_file_at(int dir, const std::string& name, std::string_view content, mode_t mode) {
  write_new(dir, name, content, mode);
}

void replace_file_at(int dir, const std::string& name, std::string_view content, mode_t mode) {
  const std::string temporary = format(".{}.{}", name, ::getpid());
  (void)unlink_at_if_exists(dir, temporary);  // of a process that died and had our number
  write_new(dir, temporary, content, mode);
  rename_at(dir, temporary, name);
}

void replace_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd dir = open_path(parent, O_PATH | O_DIRECTORY);
  replace_file_at(dir.get(), path.substr(slash + 1), content, mode);
}

bool make_directory_at(int dir, const std::string& name, mode_t mode) {
  if (::mkdirat(dir, name.c_str(), mode) == 0) return true;
  if (errno == EEXIST) return false;
  throw errno_error(format("make directory \"{}\"", name));
}

Fd open_private_directory(const std::string& path) {
  std::string name = path;
  while (name.size() > 1 && name.back() == '/') name.pop_back();  // would follow a symlink
  std::optional<Fd> dir = open_own_name(name);
  if (!dir) {
    make_directories(name);
    dir = open_own_name(name);
    if (!dir) throw errno_error(format("open \"{}\"", name), ENOENT);
  }
  const struct stat status = status_of(dir->get());
  if (status.st_uid != ::geteuid()) {
    throw Error(format("\"{}\" belongs to user {}, not to the caller", name, status.st_uid), EPERM);
  }
  if ((status.st_mode & 022) != 0) {
    throw Error(
        format("\"{}\" can be written by others (mode {:04o})", name, status.st_mode & 07777U),
        EPERM);
  }
  return std::move(*dir);
}

void rename_at(int dir, const std::string& from, const std::string& to) {
  if (::renameat(dir, from.c_str(), dir, to.c_str()) < 0) {
    throw errno_error(format("rename \"{}\" to \"{}\"", from, to));
  }
}

bool unlink_at_if_exists(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  throw errno_error(format("remove \"{}\"", name));
}

bool make_symlink_at(const std::string& target, int dir, const std::string& name) {
  if (::symlinkat(target.c_str(), dir, name.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  throw errno_error(format("make symlink \"{}\"", name));
}

bool make_file_at(int dir, const std::string& name, mode_t mode) {
  if (::mknodat(dir, name.c_str(), S_IFREG | mode, 0) == 0) return true;
  if (errno == EEXIST) return false;
  throw errno_error(format("make file \"{}\"", name));
}

bool make_node_at(int dir, const std::string& name, mode_t mode, dev_t device, uid_t uid,
                  gid_t gid) {
  const mode_t mask = ::umask(0);
  const int made = ::mknodat(dir, name.c_str(), mode, device);
  const int code = errno;
  (void)::umask(mask);
  if (made < 0) {
    if (code == EEXIST) return false;
    throw errno_error(format("make node \"{}\"", name), code);
  }
  // INV-1: another container may share the directory and put something else in the node's place.
  const Fd node = open_at(dir, name, O_PATH);
  const struct stat status = status_of(node.get());
  const bool is_ours =
      (status.st_mode & S_IFMT) == (mode & S_IFMT) && (S_ISFIFO(mode) || status.st_rdev == device);
  if (!is_ours) throw Error(format("\"{}\" was replaced by somebody", name), EEXIST);
  if (::fchownat(node.get(), "", uid, gid, AT_EMPTY_PATH) < 0) {
    throw errno_error(format("set the owner of \"{}\"", name));
  }
  return true;
}

bool change_owner(int fd, uid_t uid, gid_t gid) {
  if (::fchown(fd, uid, gid) == 0) return true;
  if (errno == EINVAL || errno == EPERM || errno == EROFS) return false;
  throw errno_error("fchown");
}

void remove_tree_at(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  if (errno == ENOTDIR && (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT)) return;
  if (errno != ENOTEMPTY && errno != EEXIST) throw errno_error(format("remove \"{}\"", name));
  {
    const std::optional<Fd> child = open_at_if_exists(dir, name, O_RDONLY | O_DIRECTORY);
    if (!child) return;  // somebody else removes it as well
    for (const std::string& entry : list_directory(child->get())) {
      remove_tree_at(child->get(), entry);
    }
  }
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
    throw errno_error(format("remove directory \"{}\"", name));
  }
}

void remove_directory_if_empty(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0) return;
  if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT) {
    throw errno_error(format("remove directory \"{}\"", name));
  }
}

std::vector<std::string> list_directory(int dir) {
  Fd copy = open_at(dir, ".", O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(copy.get()));
  if (!stream) throw errno_error("list a directory");
  (void)copy.release();  // the stream owns it now
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw errno_error("list a directory");
  std::sort(names.begin(), names.end());
  return names;
}

void set_owner_and_mode(int fd, uid_t uid, gid_t gid, mode_t mode) {
  // The owner first: changing it takes setuid bits off.
  if (::fchown(fd, uid, gid) < 0 || ::fchmod(fd, mode) < 0) {
    throw errno_error("set owner and mode");
  }
}

void copy_content(int from, int to) {
  constexpr std::size_t kChunk = std::size_t{1} << 30;
  for (;;) {
    const ssize_t count = retry([&] { return ::sendfile(to, from, nullptr, kChunk); });
    if (count < 0) throw errno_error("copy a file");
    if (count == 0) return;
  }
}

std::string current_directory() {
  char buffer[PATH_MAX];
  if (::getcwd(buffer, sizeof(buffer)) == nullptr) throw errno_error("current directory");
  return buffer;
}

std::string absolute_path(const std::string& path) {
  if (!path.empty() && path[0] == '/') return path;
  return current_directory() + "/" + path;
}

std::string read_link(const std::string& path) { return read_link_at(AT_FDCWD, path); }

std::string read_link_at(int dir, const std::string& name) {
  char buffer[PATH_MAX];
  const ssize_t length = ::readlinkat(dir, name.c_str(), buffer, sizeof(buffer));
  if (length < 0) throw errno_error(format("read link \"{}\"", name));
  return std::string(buffer, static_cast<std::size_t>(length));
}

bool change_directory(int dir) {
  if (::fchdir(dir) == 0) return true;
  if (errno == EACCES || errno == EPERM) return false;
  throw errno_error("fchdir");
}

int check_executable(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0) return 0;
  return errno;
}

long filesystem_type(int fd) {
  struct statfs status = {};
  if (::fstatfs(fd, &status) < 0) throw errno_error("fstatfs");
  return static_cast<long>(status.f_type);
}

namespace {
int lock_command(int fd, int command, struct flock& range) {
  range = {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return retry([&] { return ::fcntl(fd, command, &range); });
}
}  // namespace

bool try_lock(int fd) {
  struct flock range;
  if (lock_command(fd, F_OFD_SETLK, range) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw errno_error("lock");
}

void lock(int fd) {
  struct flock range;
  if (lock_command(fd, F_OFD_SETLKW, range) < 0) throw errno_error("lock");
}

bool is_locked(int fd) {
  struct flock range;
  if (lock_command(fd, F_OFD_GETLK, range) < 0) throw errno_error("query a lock");
  return range.l_type != F_UNLCK;
}

}  // namespace sys
