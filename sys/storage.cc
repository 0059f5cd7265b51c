// SPDX-License-Identifier: Apache-2.0
#include "sys/storage.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <set>
#include <utility>
#include <vector>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

// A tree may be deeper than we may have descriptors.
constexpr int kMaxDepth = 64;

int set_lock(int fd, int command, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return retry([&] { return ::fcntl(fd, command, &range); });
}

bool is_refusal(int code) { return code == EACCES || code == EPERM; }

// Whether `file` is what `name` stands for.
bool is_named(int file, int dir, const std::string& name) {
  const struct stat mine = status_of(file);
  const std::optional<struct stat> named = status_at_if_exists(dir, name);
  return named && named->st_ino == mine.st_ino && named->st_dev == mine.st_dev;
}

Error rename_error(const std::string& name, const std::string& new_name) {
  return errno_error(format("rename \"{}\" to \"{}\"", name, new_name));
}

// Empties directories, and moves those that are too deep to `top`, in which it started.
class Remover {
 public:
  explicit Remover(int top) : top_(top) {}

  bool remove(const std::string& name) {
    remove_at(top_, name, 0);
    while (!deep_.empty()) {
      const std::string next = std::move(deep_.back());
      deep_.pop_back();
      remove_at(top_, next, 0);
    }
    return all_gone_;
  }

 private:
  void remove_at(int dir, const std::string& name, int depth) {
    if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (is_refusal(errno)) {
      const std::optional<struct stat> status = status_at_if_exists(dir, name);
      if (!status) return;
      if (!S_ISDIR(status->st_mode)) {
        all_gone_ = false;
        return;
      }
    } else if (errno != EISDIR) {
      throw errno_error(format("remove \"{}\"", name));
    }
    if (depth >= kMaxDepth) {
      std::string higher = "deep-" + random_name();
      if (::renameat(dir, name.c_str(), top_, higher.c_str()) == 0) {
        deep_.push_back(std::move(higher));
        return;
      }
    }
    empty(dir, name, depth);
    if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (!is_refusal(errno) && errno != ENOTEMPTY && errno != EEXIST) {
      throw errno_error(format("remove directory \"{}\"", name));
    }
    all_gone_ = false;
  }

  void empty(int dir, const std::string& name, int depth) {
    const Fd place(::openat(dir, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!place) return;  // it went, or became something that unlinkat refuses or takes
    if (::faccessat(place.get(), ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0 &&
        ::chmod(fd_path(place.get()).c_str(), 0700) < 0 && !is_refusal(errno) && errno != EROFS) {
      throw errno_error(format("change the mode of \"{}\"", name));
    }
    const Fd child(::openat(place.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!child && is_refusal(errno)) return;
    if (!child) throw errno_error(format("open \"{}\"", name));
    for (const std::string& entry : list_directory(child.get())) {
      remove_at(child.get(), entry, depth + 1);
    }
  }

  int top_;
  std::vector<std::string> deep_;
  bool all_gone_ = true;
};

void add_size(int dir, const std::string& name, int depth, TreeSize& size,
              std::set<std::pair<dev_t, ino_t>>& linked) {
  const std::optional<struct stat> status = status_at_if_exists(dir, name);
  if (!status) return;
  ++size.entries;
  const bool is_directory = S_ISDIR(status->st_mode);
  const bool is_new = is_directory || status->st_nlink == 1 ||
                      linked.emplace(status->st_dev, status->st_ino).second;
  constexpr std::uint64_t kBlock = 512;  // stat(2): of st_blocks
  if (is_new) size.bytes += static_cast<std::uint64_t>(status->st_blocks) * kBlock;
  if (!is_directory || depth > 4 * kMaxDepth) return;
  const Fd child(::openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!child) return;
  for (const std::string& entry : list_directory(child.get())) {
    add_size(child.get(), entry, depth + 1, size, linked);
  }
}

}  // namespace

void sync_filesystem(int fd) {
  if (::syncfs(fd) < 0) throw errno_error("sync the file system");
}

void sync_file(int fd) {
  if (::fsync(fd) < 0) throw errno_error("sync");
}

void move_at(int from, const std::string& name, int to, const std::string& new_name) {
  if (::renameat(from, name.c_str(), to, new_name.c_str()) < 0) throw rename_error(name, new_name);
}

bool move_at_if_free(int from, const std::string& name, int to, const std::string& new_name) {
  if (::renameat2(from, name.c_str(), to, new_name.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL) throw rename_error(name, new_name);
  // NFS, for one: a directory replaces an empty one at most.
  const std::optional<struct stat> status = status_at_if_exists(from, name);
  if (!status || !S_ISDIR(status->st_mode)) throw errno_error("rename", EINVAL);
  if (::renameat(from, name.c_str(), to, new_name.c_str()) == 0) return true;
  if (errno == EEXIST || errno == ENOTEMPTY) return false;
  throw rename_error(name, new_name);
}

bool move_if_we_may(int from, const std::string& name, int to, const std::string& new_name) {
  if (::renameat(from, name.c_str(), to, new_name.c_str()) == 0) return true;
  if (errno == EACCES) {  // the new parent is written into a directory
    const Fd place(::openat(from, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!place || ::chmod(fd_path(place.get()).c_str(), 0700) < 0) return false;
    if (::renameat(from, name.c_str(), to, new_name.c_str()) == 0) return true;
  }
  if (errno == ENOENT || is_refusal(errno)) return false;
  throw rename_error(name, new_name);
}

void create_file_synced(int dir, const std::string& name, std::string_view content, mode_t mode) {
  in_context(name, [&] {
    const Fd file = open_at(dir, name, O_WRONLY | O_CREAT | O_EXCL, mode);
    write_all(file.get(), content);
    sync_file(file.get());
  });
}

void replace_file_synced(int dir, const std::string& name, const std::string& temporary,
                         std::string_view content, mode_t mode) {
  (void)unlink_at_if_exists(dir, temporary);
  try {
    create_file_synced(dir, temporary, content, mode);
    rename_at(dir, temporary, name);
  } catch (const Error&) {
    (void)::unlinkat(dir, temporary.c_str(), 0);  // on a full disk it would take room
    throw;
  }
  sync_file(open_at(dir, ".", O_RDONLY | O_DIRECTORY).get());
}

std::optional<struct stat> status_at_if_exists(int dir, const std::string& name) {
  struct stat status = {};
  if (::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw errno_error(format("stat \"{}\"", name));
}

int check_writable(int dir) {
  return ::faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

void lock_shared(int fd) {
  if (set_lock(fd, F_OFD_SETLKW, F_RDLCK) < 0) throw errno_error("lock");
}

void unlock(int fd) {
  if (set_lock(fd, F_OFD_SETLKW, F_UNLCK) < 0) throw errno_error("unlock");
}

Fd lock_name(int dir, const std::string& name) {
  for (;;) {
    Fd file = open_at(dir, name, O_RDWR | O_CREAT, 0600);
    lock(file.get());
    if (is_named(file.get(), dir, name)) return file;
  }
}

Fd try_lock_name(int dir, const std::string& name) {
  std::optional<Fd> file = open_at_if_exists(dir, name, O_RDWR);
  if (!file || !try_lock(file->get()) || !is_named(file->get(), dir, name)) return {};
  return std::move(*file);
}

std::string random_name() {
  std::array<unsigned char, 8> bytes = {};
  const ssize_t count = retry([&] { return ::getrandom(bytes.data(), bytes.size(), 0); });
  if (count != static_cast<ssize_t>(bytes.size())) throw errno_error("getrandom");
  std::string name;
  for (const unsigned char byte : bytes) name += format("{:02x}", byte);
  return name;
}

void seek_to_end(int fd) {
  if (::lseek(fd, 0, SEEK_END) < 0) throw errno_error("seek");
}

void seek_to(int fd, std::uint64_t offset) {
  if (::lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0) throw errno_error("lseek");
}

bool reserve_file_at(int dir, const std::string& name, std::uint64_t bytes) {
  if (::faccessat(dir, name.c_str(), F_OK, 0) == 0) return true;
  const Fd file(::openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return errno == EEXIST;
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)) == 0) return true;
  (void)::unlinkat(dir, name.c_str(), 0);  // an empty one would be no reserve
  return false;
}

FreeSpace free_space(int fd) {
  struct statvfs status = {};
  if (::fstatvfs(fd, &status) < 0) throw errno_error("fstatvfs");
  return {.bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize,
          .files = status.f_favail,
          .counts_files = status.f_files != 0};
}

bool remove_what_we_may(int dir, const std::string& name) { return Remover(dir).remove(name); }

TreeSize tree_size(int dir, const std::string& name) {
  TreeSize size;
  std::set<std::pair<dev_t, ino_t>> linked;
  add_size(dir, name, 0, size, linked);
  return size;
}

}  // namespace sys
