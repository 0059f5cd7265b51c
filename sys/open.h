// SPDX-License-Identifier: Apache-2.0
// Opens, above all confined ones: a path below a root that somebody else controls is resolved by
// the kernel against a descriptor and never leaves it (INV-1). Source: openat2(2),
// path_resolution(7).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace sys {

/// A path below some root: components joined by '/', no leading '/', "", no "..", no NUL, no empty
/// or "." component. The empty string is the root itself.
class RelPath {
 public:
  RelPath() = default;
  /// Cleans `text` as a path from the root down, lexically: "/a//b/./c" and "a/b/c" are "a/b/c".
  /// Errors: a ".." that climbs above the root is cut as the kernel would ("/../a" is "a");
  /// NUL bytes and components over 255 bytes are errors.
  static RelPath parse(std::string_view text);

  const std::string& str() const { return text_; }
  const char* c_str() const { return text_.empty() ? "." : text_.c_str(); }
  bool empty() const { return text_.empty(); }
  RelPath parent() const;
  std::string name() const;
  bool operator==(const RelPath&) const = default;

 private:
  std::string text_;
};

/// Opens a path of the host's, trusted as the caller's own words are. Adds O_CLOEXEC.
Fd open_path(const std::string& path, int flags, mode_t mode = 0);
std::optional<Fd> open_path_if_exists(const std::string& path, int flags);
/// The same relative to a descriptor; for names that we made ourselves. Final symlinks are refused.
Fd open_at(int dir, const std::string& name, int flags, mode_t mode = 0);
std::optional<Fd> open_at_if_exists(int dir, const std::string& name, int flags);

/// Opens `path` as a process whose root is `root` would see it, symlinks included, but neither
/// leaves the root nor follows magic links (/proc/self/fd/N, /proc/self/exe: ELOOP).
Fd open_in_root(int root, const RelPath& path, int flags);
std::optional<Fd> open_in_root_if_exists(int root, const RelPath& path, int flags);
/// Opens without following any symlink and without leaving `root`.
Fd open_beneath(int root, const RelPath& path, int flags);
std::optional<Fd> open_beneath_if_exists(int root, const RelPath& path, int flags);
/// The same, and without crossing a mount below `dir`. Errors: EXDEV.
Fd open_on_mount(int dir, const RelPath& path, int flags);

/// Whether symlinks that are there already are followed (inside the root) or refused (ELOOP).
enum class Symlinks { kFollow, kRefuse };

/// Opens directory `path` in `root` (O_PATH), making those that are missing with `mode`, by
/// descriptor and one by one.
Fd make_directories_in_root(int root, const RelPath& path, mode_t mode,
                            Symlinks symlinks = Symlinks::kFollow);
/// The same for a mount point that is not a directory: an empty regular file.
Fd make_file_in_root(int root, const RelPath& path, mode_t mode,
                     Symlinks symlinks = Symlinks::kFollow);

/// The status of an open descriptor (works for O_PATH too).
struct stat status_of(int fd);
bool is_directory(int fd);

/// "/proc/self/fd/N", for the few calls that take nothing but a path. Only for our own process.
std::string fd_path(int fd);

}  // namespace sys
