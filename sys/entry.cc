// SPDX-License-Identifier: Apache-2.0
#include "sys/entry.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstring>
#include <memory>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr std::size_t kListBuffer = 32768;
constexpr std::size_t kMaxAttributeNames = 65536;
constexpr std::size_t kContentBuffer = 65536;

// As the kernel lays it out; glibc has it under another name and readdir(3) only.
struct Record {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

unsigned char type_of(mode_t mode) { return static_cast<unsigned char>((mode & S_IFMT) >> 12U); }

void add_record(int dir, const Record& record, std::vector<Entry>& entries) {
  const std::string_view name(record.name);
  if (name == "." || name == "..") return;
  unsigned char type = record.type;
  if (type == DT_UNKNOWN) {  // some file systems never say
    const std::optional<struct stat> status = entry_status(dir, std::string(name));
    if (!status) return;
    type = type_of(status->st_mode);
  }
  entries.push_back({.name = std::string(name), .type = type});
}

// The path of an entry for the calls that take no directory. The first step is our descriptor, the
// second is the last, which those calls don't follow.
std::string path_of(int dir, const std::string& name) {
  return name.empty() ? fd_path(dir) + "/." : format("/proc/self/fd/{}/{}", dir, name);
}

// What means "none that we can have".
bool is_no_attribute(int code) {
  return code == ENODATA || code == EOPNOTSUPP || code == ENOENT || code == EPERM ||
         code == EACCES || code == ENOTDIR;
}

bool copy_range(int from, int to, off_t start, off_t end) {
  off_t in = start, out = start;
  while (in < end) {
    const auto left = static_cast<std::size_t>(end - in);
    const ssize_t count = retry([&] { return ::copy_file_range(from, &in, to, &out, left, 0); });
    if (count < 0) {
      if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
      throw errno_error("copy a file");
    }
    if (count == 0) return true;  // it has become shorter
  }
  return true;
}

void send_range(int from, int to, off_t start, off_t end) {
  off_t in = start;
  if (::lseek(to, start, SEEK_SET) < 0) throw errno_error("lseek");
  while (in < end) {
    const auto left = static_cast<std::size_t>(end - in);
    const ssize_t count = retry([&] { return ::sendfile(to, from, &in, left); });
    if (count < 0) throw errno_error("copy a file");
    if (count == 0) return;
  }
}

}  // namespace

std::vector<Entry> list_entries(int dir, std::size_t limit) {
  if (::lseek(dir, 0, SEEK_SET) < 0) throw errno_error("list a directory");
  std::vector<Entry> entries;
  alignas(Record) char buffer[kListBuffer];
  for (;;) {
    const long size = retry([&] { return ::syscall(SYS_getdents64, dir, buffer, sizeof(buffer)); });
    if (size < 0) throw errno_error("list a directory");
    if (size == 0) break;
    for (long at = 0; at < size;) {
      const auto& record = *reinterpret_cast<const Record*>(buffer + at);
      add_record(dir, record, entries);
      at += record.length;
    }
    if (entries.size() > limit) throw errno_error("list a directory", EFBIG);
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& one, const Entry& other) { return one.name < other.name; });
  return entries;
}

std::optional<struct stat> entry_status(int dir, const std::string& name) {
  struct stat status = {};
  if (::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw errno_error(format("status of \"{}\"", name));
}

std::optional<Fd> open_directory(int dir, const std::string& name) {
  const int fd = retry([&] {
    return ::openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  });
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
  throw errno_error(format("open directory \"{}\"", name));
}

std::optional<std::string> entry_attribute(int dir, const std::string& name,
                                           const char* attribute) {
  const std::string path = path_of(dir, name);
  char small[256];
  ssize_t size = ::lgetxattr(path.c_str(), attribute, small, sizeof(small));
  if (size >= 0) return std::string(small, static_cast<std::size_t>(size));
  if (is_no_attribute(errno)) return std::nullopt;
  if (errno != ERANGE) throw errno_error(format("attribute \"{}\" of \"{}\"", attribute, name));
  std::string large(XATTR_SIZE_MAX, '\0');
  size = ::lgetxattr(path.c_str(), attribute, large.data(), large.size());
  if (size < 0) {
    if (is_no_attribute(errno)) return std::nullopt;
    throw errno_error(format("attribute \"{}\" of \"{}\"", attribute, name));
  }
  large.resize(static_cast<std::size_t>(size));
  return large;
}

Attributes entry_attributes(int dir, const std::string& name, std::size_t limit) {
  const std::string path = path_of(dir, name);
  char small[1024];
  std::string names;
  ssize_t size = ::llistxattr(path.c_str(), small, sizeof(small));
  if (size >= 0) {
    names.assign(small, static_cast<std::size_t>(size));
  } else if (errno == ERANGE) {
    names.resize(kMaxAttributeNames);
    size = ::llistxattr(path.c_str(), names.data(), names.size());
    if (size < 0) throw errno_error(format("attributes of \"{}\"", name));
    names.resize(static_cast<std::size_t>(size));
  } else if (!is_no_attribute(errno)) {
    throw errno_error(format("attributes of \"{}\"", name));
  }
  Attributes attributes;
  std::size_t total = 0;
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const std::string attribute = names.c_str() + at;
    std::optional<std::string> value = entry_attribute(dir, name, attribute.c_str());
    if (!value) continue;
    total += attribute.size() + value->size();
    if (total > limit) throw errno_error(format("attributes of \"{}\"", name), EFBIG);
    attributes.emplace_back(attribute, std::move(*value));
  }
  std::sort(attributes.begin(), attributes.end());
  return attributes;
}

bool set_entry_attribute(int dir, const std::string& name, const std::string& attribute,
                         const std::string& value) {
  if (::lsetxattr(path_of(dir, name).c_str(), attribute.c_str(), value.data(), value.size(), 0) ==
      0) {
    return true;
  }
  if (errno == EOPNOTSUPP || errno == EPERM || errno == EACCES) return false;
  throw errno_error(format("set attribute \"{}\" of \"{}\"", attribute, name));
}

void set_entry_status(int dir, const std::string& name, const struct stat& status) {
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (::fchownat(dir, name.c_str(), status.st_uid, status.st_gid, flags) < 0) {
    throw errno_error(format("set the owner of \"{}\"", name));
  }
  // After the owner, whose change takes setuid bits off. A symlink has no mode, and fchmodat(2)
  // would follow it.
  if (!S_ISLNK(status.st_mode)) {
    const mode_t mode = status.st_mode & 07777U;
    const int result = name.empty() ? ::fchmod(dir, mode) : ::fchmodat(dir, name.c_str(), mode, 0);
    if (result < 0) throw errno_error(format("set the mode of \"{}\"", name));
  }
  const timespec times[2] = {status.st_atim, status.st_mtim};
  const int result = name.empty() ? ::futimens(dir, times)
                                  : ::utimensat(dir, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  if (result < 0) throw errno_error(format("set the times of \"{}\"", name));
}

void link_entry(int target_dir, const std::string& target, int dir, const std::string& name) {
  if (::linkat(target_dir, target.c_str(), dir, name.c_str(), 0) < 0) {
    throw errno_error(format("link \"{}\"", name));
  }
}

void clone_content(int from, int to) {
  if (::ioctl(to, FICLONE, from) == 0) return;
  const struct stat status = status_of(from);
  const off_t end = status.st_size;
  for (off_t at = 0; at < end;) {
    const off_t data = ::lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole to the end
    const off_t start = data < 0 ? at : data;
    const off_t hole = data < 0 ? end : ::lseek(from, start, SEEK_HOLE);
    const off_t stop = hole < 0 ? end : hole;
    if (!copy_range(from, to, start, stop)) send_range(from, to, start, stop);
    at = stop;
  }
  if (::ftruncate(to, end) < 0) throw errno_error("copy a file");
}

bool have_same_content(int one, int other) {
  const auto left = std::make_unique<char[]>(kContentBuffer);
  const auto right = std::make_unique<char[]>(kContentBuffer);
  const auto fill = [](int fd, char* buffer, off_t at) {
    std::size_t size = 0;
    while (size < kContentBuffer) {
      const ssize_t count = retry([&] {
        return ::pread(fd, buffer + size, kContentBuffer - size, at + static_cast<off_t>(size));
      });
      if (count < 0) throw errno_error("read a file");
      if (count == 0) break;
      size += static_cast<std::size_t>(count);
    }
    return size;
  };
  for (off_t at = 0;; at += static_cast<off_t>(kContentBuffer)) {
    const std::size_t size = fill(one, left.get(), at);
    if (size != fill(other, right.get(), at)) return false;
    if (std::memcmp(left.get(), right.get(), size) != 0) return false;
    if (size < kContentBuffer) return true;
  }
}

void move_entry(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  if (::renameat(from_dir, from.c_str(), to_dir, to.c_str()) < 0) {
    throw errno_error(format("rename \"{}\" to \"{}\"", from, to));
  }
}

void raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) throw errno_error("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) throw errno_error("setrlimit");
}

}  // namespace sys
