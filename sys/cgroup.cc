// SPDX-License-Identifier: Apache-2.0
#include "sys/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

struct CloseDirectory {
  void operator()(DIR* dir) const { (void)::closedir(dir); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory read_directory(int dir) {
  const int copy = ::openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) throw errno_error("open a cgroup");
  Directory directory(::fdopendir(copy));
  if (!directory) {
    const Error error = errno_error("read a cgroup");
    (void)::close(copy);
    throw error;
  }
  return directory;
}

bool is_child(const dirent& entry) {
  const std::string_view name = entry.d_name;
  return entry.d_type == DT_DIR && name != "." && name != "..";
}

// Removes every leaf below `dir` until none is left. The tree may be deeper than we have
// descriptors, so it is walked by "..": a cgroup can't be moved, and none is a symlink.
int remove_below(int dir) {
  Fd place(::openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return errno;
  std::vector<std::string> names;
  for (;;) {
    const std::vector<std::string> children = child_cgroups(place.get());
    if (!children.empty()) {
      Fd child(::openat(place.get(), children.back().c_str(),
                        O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child && errno == ENOENT) continue;
      if (!child) return errno;
      names.push_back(children.back());
      place = std::move(child);
      continue;
    }
    if (names.empty()) return 0;
    place = Fd(::openat(place.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) return errno;
    if (::unlinkat(place.get(), names.back().c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
      return errno;
    }
    names.pop_back();
  }
}

CgroupWait wait_for(int fd, short what, int pidfd, std::chrono::milliseconds timeout) {
  std::array<pollfd, 2> events = {
      {{.fd = fd, .events = what, .revents = 0}, {.fd = pidfd, .events = POLLIN, .revents = 0}}};
  const int count = retry(
      [&] { return ::poll(events.data(), events.size(), static_cast<int>(timeout.count())); });
  if (count < 0) throw errno_error("wait for a cgroup");
  if (events[1].revents != 0) return CgroupWait::kEnded;
  return count > 0 ? CgroupWait::kChanged : CgroupWait::kTimeout;
}

}  // namespace

CgroupVersion cgroup_version(int dir) {
  const long type = filesystem_type(dir);
  if (type == CGROUP2_SUPER_MAGIC) return CgroupVersion::kUnified;
  return type == CGROUP_SUPER_MAGIC ? CgroupVersion::kLegacy : CgroupVersion::kNone;
}

int write_cgroup_file(int dir, const std::string& file, std::string_view value) {
  const Fd fd(::openat(dir, file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno;
  const auto written = retry([&] { return ::write(fd.get(), value.data(), value.size()); });
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) == value.size() ? 0 : EIO;
}

int give_cgroup_file(int dir, const std::string& file, uid_t uid) {
  constexpr auto kSameGroup = static_cast<gid_t>(-1);
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
  const bool is_done = ::fchownat(dir, file.c_str(), uid, kSameGroup, kFlags) == 0;
  return is_done || errno == ENOENT ? 0 : errno;
}

std::optional<std::string> read_cgroup_file(int dir, const std::string& file) {
  const Fd fd(::openat(dir, file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENODEV) return std::nullopt;
    throw errno_error(file);
  }
  try {
    return read_all(fd.get(), kMaxFile);
  } catch (const Error& error) {  // a cgroup that was removed, or of threads and not of processes
    if (error.code() == ENODEV || error.code() == EOPNOTSUPP) return std::nullopt;
    throw;
  }
}

int may_make_cgroups(int dir) { return ::faccessat(dir, ".", W_OK, AT_EACCESS) < 0 ? errno : 0; }

int make_cgroup_at(int dir, const std::string& name) {
  return ::mkdirat(dir, name.c_str(), 0755) < 0 ? errno : 0;
}

int remove_cgroup_at(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno != EBUSY) return errno;  // of one with others in it as well
  const Fd cgroup(::openat(dir, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!cgroup) return errno == ENOENT ? 0 : errno;
  if (const int code = remove_below(cgroup.get())) return code;
  return ::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

std::vector<std::string> child_cgroups(int dir) {
  const Directory directory = read_directory(dir);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (is_child(*entry)) names.emplace_back(entry->d_name);
  }
  return names;
}

bool wait_for_cgroup_event(int file, std::chrono::milliseconds timeout) {
  return wait_for_cgroup(file, -1, timeout) == CgroupWait::kChanged;
}

CgroupWait wait_for_cgroup(int file, int pidfd, std::chrono::milliseconds timeout) {
  return wait_for(file, POLLPRI, pidfd, timeout);
}

bool freeze_legacy_cgroup(int dir, std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  constexpr const char* kFile = "freezer.state";
  const Clock::time_point deadline = Clock::now() + limit;
  for (;;) {
    // Once more each time, for what was forked meanwhile.
    if (write_cgroup_file(dir, kFile, "FROZEN") != 0) return false;
    if (read_cgroup_file(dir, kFile).value_or("").starts_with("FROZEN")) return true;
    if (Clock::now() >= deadline) return false;
    (void)::poll(nullptr, 0, 1);  // nobody is told of the end of it
  }
}

Fd open_oom_eventfd(int dir) {
  Fd events(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!events) throw errno_error("make an eventfd");
  const Fd control = open_at(dir, "memory.oom_control", O_RDONLY);
  const int code =
      write_cgroup_file(dir, "cgroup.event_control", format("{} {}", events.get(), control.get()));
  if (code != 0) throw errno_error("cgroup.event_control", code);
  return events;
}

CgroupWait wait_for_eventfd(int eventfd, int pidfd, std::chrono::milliseconds timeout) {
  return wait_for(eventfd, POLLIN, pidfd, timeout);
}

bool take_eventfd(int eventfd) {
  eventfd_t count = 0;
  return ::eventfd_read(eventfd, &count) == 0;
}

std::string extended_attribute(int fd, const char* name) {
  std::array<char, 256> value = {};
  const ssize_t length = ::fgetxattr(fd, name, value.data(), value.size());
  return length < 0 ? std::string() : std::string(value.data(), static_cast<std::size_t>(length));
}

}  // namespace sys
