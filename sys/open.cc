// SPDX-License-Identifier: Apache-2.0
#include "sys/open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr int kMaxRaces = 128;

// EAGAIN: a rename or mount elsewhere raced with "..": the kernel asks to try again.
int openat2_retrying(int dir, const char* path, int flags, mode_t mode, std::uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve;
  for (int race = 0;; ++race) {
    const long fd = retry([&] { return ::syscall(SYS_openat2, dir, path, &how, sizeof(how)); });
    if (fd >= 0 || errno != EAGAIN || race >= kMaxRaces) return static_cast<int>(fd);
  }
}

constexpr std::uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr std::uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

std::uint64_t resolve_by(Symlinks symlinks) {
  return symlinks == Symlinks::kFollow ? kInRoot : kBeneath;
}

Fd checked(int fd, std::string_view path) {
  if (fd < 0) throw errno_error(format("open \"{}\"", path));
  return Fd(fd);
}

std::optional<Fd> if_exists(int fd, std::string_view path) {
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  return checked(fd, path);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= text.size()) {
    std::size_t end = text.find('/', start);
    if (end == std::string_view::npos) end = text.size();
    if (end > start) parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace

RelPath RelPath::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw Error("a path with a NUL byte", EINVAL);
  std::vector<std::string> kept;
  for (std::string& part : split(text)) {
    if (part == ".") continue;
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
      continue;
    }
    if (part.size() > kLongestName)
      throw errno_error(format("\"{}...\"", part.substr(0, 40)), ENAMETOOLONG);
    kept.push_back(std::move(part));
  }
  RelPath path;
  for (const std::string& part : kept) {
    if (!path.text_.empty()) path.text_ += '/';
    path.text_ += part;
  }
  return path;
}

RelPath RelPath::parent() const {
  RelPath up;
  const std::size_t slash = text_.rfind('/');
  if (slash != std::string::npos) up.text_ = text_.substr(0, slash);
  return up;
}

std::string RelPath::name() const { return text_.substr(text_.rfind('/') + 1); }

Fd open_path(const std::string& path, int flags, mode_t mode) {
  return checked(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }), path);
}

std::optional<Fd> open_path_if_exists(const std::string& path, int flags) {
  return if_exists(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0); }), path);
}

Fd open_at(int dir, const std::string& name, int flags, mode_t mode) {
  const int how = flags | O_CLOEXEC | O_NOFOLLOW;
  return checked(retry([&] { return ::openat(dir, name.c_str(), how, mode); }), name);
}

std::optional<Fd> open_at_if_exists(int dir, const std::string& name, int flags) {
  const int how = flags | O_CLOEXEC | O_NOFOLLOW;
  return if_exists(retry([&] { return ::openat(dir, name.c_str(), how, 0); }), name);
}

Fd open_in_root(int root, const RelPath& path, int flags) {
  return checked(openat2_retrying(root, path.c_str(), flags, 0, kInRoot), "/" + path.str());
}

std::optional<Fd> open_in_root_if_exists(int root, const RelPath& path, int flags) {
  return if_exists(openat2_retrying(root, path.c_str(), flags, 0, kInRoot), "/" + path.str());
}

Fd open_beneath(int root, const RelPath& path, int flags) {
  return checked(openat2_retrying(root, path.c_str(), flags, 0, kBeneath), "/" + path.str());
}

std::optional<Fd> open_beneath_if_exists(int root, const RelPath& path, int flags) {
  return if_exists(openat2_retrying(root, path.c_str(), flags, 0, kBeneath), "/" + path.str());
}

Fd open_on_mount(int dir, const RelPath& path, int flags) {
  return checked(openat2_retrying(dir, path.c_str(), flags, 0, kBeneath | RESOLVE_NO_XDEV),
                 path.str());
}

Fd make_directories_in_root(int root, const RelPath& path, mode_t mode, Symlinks symlinks) {
  constexpr int kDirectory = O_PATH | O_DIRECTORY;
  const int whole = openat2_retrying(root, path.c_str(), kDirectory, 0, resolve_by(symlinks));
  if (whole >= 0) return Fd(whole);
  if (errno != ENOENT) throw errno_error(format("open \"/{}\"", path.str()));
  // The longest prefix that is there is opened as the container would see it, so that its symlinks
  // stay inside; what is missing is made by descriptor, and what is made is never a symlink.
  const Fd parent = make_directories_in_root(root, path.parent(), mode, symlinks);
  const std::string name = path.name();
  if (::mkdirat(parent.get(), name.c_str(), mode) < 0 && errno != EEXIST) {
    throw errno_error(format("make directory \"/{}\"", path.str()));
  }
  const int made = openat2_retrying(parent.get(), name.c_str(), kDirectory | O_NOFOLLOW, 0,
                                    kBeneath | RESOLVE_NO_XDEV);
  return checked(made, "/" + path.str());
}

Fd make_file_in_root(int root, const RelPath& path, mode_t mode, Symlinks symlinks) {
  const int whole = openat2_retrying(root, path.c_str(), O_PATH, 0, resolve_by(symlinks));
  if (whole >= 0) return Fd(whole);
  if (errno != ENOENT) throw errno_error(format("open \"/{}\"", path.str()));
  const Fd parent = make_directories_in_root(root, path.parent(), 0755, symlinks);
  const std::string name = path.name();
  constexpr int kNew = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW;
  int made = openat2_retrying(parent.get(), name.c_str(), kNew, mode, kBeneath);
  // Of somebody who was faster, in a volume that others share: a device or a FIFO, for all we know.
  if (made < 0 && errno == EEXIST) {
    made = openat2_retrying(parent.get(), name.c_str(), O_PATH, 0, kBeneath);
  }
  return checked(made, "/" + path.str());
}

struct stat status_of(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) < 0) throw errno_error("fstat");
  return status;
}

bool is_directory(int fd) { return S_ISDIR(status_of(fd).st_mode); }

std::string fd_path(int fd) { return format("/proc/self/fd/{}", fd); }

}  // namespace sys
