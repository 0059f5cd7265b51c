// SPDX-License-Identifier: Apache-2.0
#include "sys/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr ino_t kProcRootInode = 1;  // PROC_ROOT_INO
// PF_EXITING and PF_FORKNOEXEC; proc(5), stat field 9.
constexpr unsigned long kExiting = 0x4, kForkedWithoutExec = 0x40;

int open_confined(int root, const std::string& path, int flags, std::uint64_t resolve = 0) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | resolve;
  return static_cast<int>(
      retry([&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); }));
}

}  // namespace

Procfs Procfs::open() {
  Fd root = open_path("/proc", O_PATH | O_DIRECTORY);
  if (filesystem_type(root.get()) != PROC_SUPER_MAGIC) throw Error("/proc is not a procfs", EINVAL);
  if (status_of(root.get()).st_ino != kProcRootInode) {
    throw Error("/proc is a part of a procfs, not its root", EINVAL);
  }
  return Procfs(std::move(root));
}

Fd Procfs::open_file(const std::string& path, int flags) const {
  const int fd = open_confined(root_.get(), path, flags);
  if (fd < 0) throw errno_error(format("open \"/proc/{}\"", path));
  return Fd(fd);
}

std::optional<Fd> Procfs::open_file_if_exists(const std::string& path, int flags) const {
  const int fd = open_confined(root_.get(), path, flags);
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT || errno == ESRCH) return std::nullopt;
  throw errno_error(format("open \"/proc/{}\"", path));
}

Fd Procfs::open_magic_link(const std::string& path, int flags) const {
  const std::size_t slash = path.rfind('/');
  const Fd parent = open_file(path.substr(0, slash), O_PATH | O_DIRECTORY);
  const int fd =
      retry([&] { return ::openat(parent.get(), path.c_str() + slash + 1, flags | O_CLOEXEC); });
  if (fd < 0) throw errno_error(format("open \"/proc/{}\"", path));
  return Fd(fd);
}

std::string Procfs::read(const std::string& path, std::size_t limit) const {
  return read_all(open_file(path, O_RDONLY).get(), limit);
}

void Procfs::write(const std::string& path, std::string_view content) const {
  const Fd file = open_file(path, O_WRONLY);
  if (retry([&] { return ::write(file.get(), content.data(), content.size()); }) < 0) {
    throw errno_error(format("write \"/proc/{}\"", path));
  }
}

void Procfs::write_sysctl(const std::string& path, std::string_view value) const {
  // No mount is crossed, so it is the procfs that was checked when it was opened.
  const Fd file(open_confined(root_.get(), "sys/" + path, O_WRONLY, RESOLVE_NO_SYMLINKS));
  if (file && retry([&] { return ::write(file.get(), value.data(), value.size()); }) >= 0) return;
  Error error = errno_error(format("{} \"/proc/sys/{}\"", file ? "write" : "open", path));
  if (error.code() == EXDEV) {
    error.set_hint("here /proc/sys is a mount of its own, as inside another container");
  } else if (error.code() == ENOENT) {
    error.set_hint("this kernel has no such parameter, or the container's namespace has none");
  } else if (error.code() == EACCES || error.code() == EPERM) {
    error.set_hint(
        "the kernel leaves it to the host's root; those of the ipc namespace until Linux 6.9");
  }
  throw error;
}

Fd reopen(const Procfs& proc, int fd, int flags) {
  return proc.open_magic_link(format("self/fd/{}", fd), flags);
}

std::optional<ProcessTimes> process_times(const Procfs& proc, pid_t pid) {
  const std::optional<Fd> file = proc.open_file_if_exists(format("{}/stat", pid), O_RDONLY);
  if (!file) return std::nullopt;
  char buffer[1024];
  const ssize_t length = retry([&] { return ::read(file->get(), buffer, sizeof(buffer)); });
  if (length <= 0) return std::nullopt;
  return parse_process_times({buffer, static_cast<std::size_t>(length)});
}

std::optional<ProcessTimes> parse_process_times(std::string_view text) {
  // The name is in parentheses and may hold anything, so count from the last one.
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string_view::npos || after_name + 2 >= text.size()) return std::nullopt;
  text.remove_prefix(after_name + 2);
  ProcessTimes times;
  times.is_zombie = text[0] == 'Z' || text[0] == 'X';
  for (int field = 3; field <= 22; ++field) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    // A namespace's init may be long in ending: it waits there until all others have been reaped.
    unsigned long flags = 0;
    if (field == 9) std::from_chars(word.begin(), word.end(), flags);
    if ((flags & kExiting) != 0) times.is_zombie = true;
    if (field == 9) times.has_executed = (flags & kForkedWithoutExec) == 0;
    if (field == 4) std::from_chars(word.begin(), word.end(), times.parent);
    if (field == 22) std::from_chars(word.begin(), word.end(), times.start_time);
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  return times;
}

std::vector<pid_t> all_processes(const Procfs& proc) {
  std::vector<pid_t> pids;
  const Fd dir = proc.open_file(".", O_RDONLY | O_DIRECTORY);
  for (const std::string& name : list_directory(dir.get())) {
    pid_t pid = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (code == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

NamespaceId namespace_id(int ns_fd) {
  const struct stat status = status_of(ns_fd);
  return {.device = status.st_dev, .inode = status.st_ino};
}

std::optional<NamespaceId> namespace_id_of(const Procfs& proc, pid_t pid, const char* name) {
  const std::optional<Fd> dir =
      proc.open_file_if_exists(format("{}/ns", pid), O_PATH | O_DIRECTORY);
  if (!dir) return std::nullopt;
  struct stat status = {};
  if (::fstatat(dir->get(), name, &status, 0) < 0) return std::nullopt;
  return NamespaceId{.device = status.st_dev, .inode = status.st_ino};
}

int namespace_type(int ns_fd) {
  const int type = ::ioctl(ns_fd, NS_GET_NSTYPE);
  if (type < 0) throw Error("not a namespace", EINVAL);
  return type;
}

}  // namespace sys
