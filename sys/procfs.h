// SPDX-License-Identifier: Apache-2.0
// The trusted /proc: opened once, checked to be procfs and its root, and never left through an
// overmount or a magic link (INV-2). Source: proc(5), openat2(2), CVE-2019-16884, CVE-2025-52881.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sys {

class Procfs {
 public:
  /// Opens the host's /proc. Errors: when it is not procfs, or a subdirectory of one.
  static Procfs open();

  /// Opens a file below it, such as "self/uid_map".
  Fd open_file(const std::string& path, int flags) const;
  std::optional<Fd> open_file_if_exists(const std::string& path, int flags) const;
  /// Follows the last component, a magic link, on purpose: "123/ns/net", "123/root".
  Fd open_magic_link(const std::string& path, int flags) const;

  std::string read(const std::string& path, std::size_t limit = 65536) const;
  void write(const std::string& path, std::string_view content) const;

  /// Sets the kernel parameter at `path` below /proc/sys, of the namespaces that we are in.
  /// Errors: with hints where the kernel's word misleads.
  void write_sysctl(const std::string& path, std::string_view value) const;

  int fd() const { return root_.get(); }

 private:
  explicit Procfs(Fd root) : root_(std::move(root)) {}
  Fd root_;
};

/// Opens once more, with other flags, what our descriptor `fd` (O_PATH will do) is open on: the
/// very object that was looked at, whatever its name leads to by now.
Fd reopen(const Procfs& proc, int fd, int flags);

/// Start time of a process in clock ticks since boot; with the pid it names a process for ever.
/// Empty when there is no such process or only its corpse. Source: proc(5), stat field 22.
struct ProcessTimes {
  std::uint64_t start_time = 0;
  bool is_zombie = false;     // or on its way there
  bool has_executed = false;  // since it was cloned; a corpse tells, too
  pid_t parent = 0;
};
std::optional<ProcessTimes> process_times(const Procfs& proc, pid_t pid);
/// Of the text of /proc/PID/stat, in which the process's name is what the process says it is.
std::optional<ProcessTimes> parse_process_times(std::string_view text);

/// Numbers of all processes that this /proc shows.
std::vector<pid_t> all_processes(const Procfs& proc);

/// What a namespace file says of itself: device and inode number. Source: namespaces(7).
struct NamespaceId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const NamespaceId&) const = default;
};
NamespaceId namespace_id(int ns_fd);
std::optional<NamespaceId> namespace_id_of(const Procfs& proc, pid_t pid, const char* name);
/// The CLONE_NEW* type of an open namespace file. Errors: EINVAL when it is none.
/// Source: ioctl_ns(2), NS_GET_NSTYPE.
int namespace_type(int ns_fd);

}  // namespace sys
