// SPDX-License-Identifier: Apache-2.0
#include "sys/overlay.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <string_view>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"

namespace sys {
namespace {

constexpr std::size_t kPage = 4096;

// In the kernel's headers since 6.13 or so by the name of FSCONFIG_SET_FD, which takes a number of
// a descriptor, and no path.
bool tell_directory(int context, const char* key, int dir, OverlayInterface how) {
  if (how == OverlayInterface::kDescriptors) {
    return ::fsconfig(context, FSCONFIG_SET_FD, key, nullptr, dir) == 0;
  }
  return ::fsconfig(context, FSCONFIG_SET_STRING, key, fd_path(dir).c_str(), 0) == 0;
}

std::string kernel_words(int context) {
  std::string words;
  char buffer[512];
  for (;;) {
    const ssize_t length = ::read(context, buffer, sizeof(buffer));
    if (length <= 2) return words;
    std::string_view line(buffer, static_cast<std::size_t>(length));
    if (line.front() != 'e') continue;
    line.remove_prefix(2);  // "e ", the level
    while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    if (!words.empty()) words += "; ";
    words += line;
  }
}

[[noreturn]] void fail(int context, std::string_view what) {
  const int code = errno;
  const std::string words = kernel_words(context);
  const Error error = errno_error(what, code);
  if (words.empty()) throw error;
  throw Error(format("{} (the kernel says: {})", error.what(), words), code);
}

void set_option(int context, const std::string& option) {
  const std::size_t equals = option.find('=');
  const int result =
      equals == std::string::npos
          ? ::fsconfig(context, FSCONFIG_SET_FLAG, option.c_str(), nullptr, 0)
          : ::fsconfig(context, FSCONFIG_SET_STRING, option.substr(0, equals).c_str(),
                       option.c_str() + equals + 1, 0);
  if (result < 0) fail(context, format("overlay option \"{}\"", option));
}

// Before 6.5 overlay has the old interface: a descriptor is taken by no key, a word by every one,
// and refused at the end.
bool is_old_interface(int context, int dir) {
  const bool is_old =
      ::fsconfig(context, FSCONFIG_SET_FD, "none", nullptr, dir) < 0 && errno == EOPNOTSUPP;
  (void)kernel_words(context);  // of the key, which is no error
  return is_old;
}

// Empty: this kernel can't be told so.
std::optional<Fd> configure_overlay(const OverlayLayers& layers, OverlayInterface how) {
  const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) {
    Error error = errno_error("fsopen overlay");
    if (error.code() == ENODEV) error.set_hint("this kernel has no overlay file system");
    throw error;
  }
  if (how == OverlayInterface::kPaths && is_old_interface(context.get(), layers.lowers.front())) {
    return std::nullopt;
  }
  for (const int lower : layers.lowers) {
    if (tell_directory(context.get(), "lowerdir+", lower, how)) continue;
    // The first refusal is of the way, all others are of the layer.
    const bool is_of_way = errno == EINVAL || errno == EBADF || errno == EOPNOTSUPP;
    if (is_of_way && lower == layers.lowers.front()) return std::nullopt;
    fail(context.get(), "overlay layer");
  }
  if (layers.upper >= 0 && (!tell_directory(context.get(), "upperdir", layers.upper, how) ||
                            !tell_directory(context.get(), "workdir", layers.work, how))) {
    fail(context.get(), "overlay upper directory");
  }
  for (const std::string& option : layers.options) set_option(context.get(), option);
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) {
    fail(context.get(), "overlay");
  }
  Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mount) fail(context.get(), "fsmount overlay");
  return mount;
}

// Comes back to where we were.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::string& path)
      : before_(open_path(".", O_PATH | O_DIRECTORY)) {
    if (::chdir(path.c_str()) < 0) throw errno_error(format("chdir \"{}\"", path));
  }
  ~WorkingDirectory() {
    if (::fchdir(before_.get()) < 0) ::abort();  // it was there, and is held
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

 private:
  Fd before_;
};

// A tmpfs in the mount namespace, on top of `cover`, whose descriptor still shows what it did.
class ScratchMount {
 public:
  ScratchMount(int cover, const std::vector<std::string>& limits) {
    const Fd mount = make_filesystem("tmpfs", "tilla", limits, 0);
    attach_mount(mount.get(), cover);
    root_ = open_at(mount.get(), ".", O_RDONLY | O_DIRECTORY);
  }
  // Overlay has clones of its own by then.
  ~ScratchMount() { (void)::umount2(fd_path(root_.get()).c_str(), MNT_DETACH); }
  ScratchMount(const ScratchMount&) = delete;
  ScratchMount& operator=(const ScratchMount&) = delete;
  int fd() const { return root_.get(); }

 private:
  Fd root_;
};

// A number in /proc/self/fd is the shortest name that a directory can have, so 128 layers and more
// fit. mount(2) can only attach: the mount is made where nobody else sees it, cloned from there and
// taken off again.
Fd mount_overlay(const OverlayLayers& layers) {
  std::string options;
  for (const int lower : layers.lowers) {
    options += options.empty() ? "lowerdir=" : ":";
    options += std::to_string(lower);
  }
  if (layers.upper >= 0) {
    options += format(",upperdir={},workdir={}", layers.upper, layers.work);
  }
  for (const std::string& option : layers.options) options += "," + option;
  if (options.size() >= kPage) {
    throw Error(
        format("overlay: options of {} bytes, this kernel takes {}", options.size(), kPage - 1),
        E2BIG);
  }
  // The work directory is one container's alone; a layer may be looked for by its path meanwhile.
  const int cover = layers.work >= 0 ? layers.work : layers.lowers.front();
  const ScratchMount scratch(cover, {"mode=0700", "size=4k", "nr_inodes=4"});
  (void)make_directory_at(scratch.fd(), "m", 0700);
  const std::string target = fd_path(scratch.fd()) + "/m";
  const WorkingDirectory there("/proc/self/fd");
  const unsigned long flags = layers.upper < 0 ? MS_RDONLY : 0;
  if (::mount("overlay", target.c_str(), "overlay", flags, options.c_str()) < 0) {
    throw errno_error("mount overlay");
  }
  const int clone = ::open_tree(AT_FDCWD, target.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  const int code = errno;
  if (::umount2(target.c_str(), MNT_DETACH) < 0) throw errno_error("umount overlay");
  if (clone < 0) throw errno_error("clone the overlay mount", code);
  return Fd(clone);
}

}  // namespace

Fd make_overlay(const OverlayLayers& layers, OverlayInterface how) {
  for (const OverlayInterface way : {OverlayInterface::kDescriptors, OverlayInterface::kPaths}) {
    if (how != OverlayInterface::kBest && how != way) continue;
    if (std::optional<Fd> mount = configure_overlay(layers, way)) return std::move(*mount);
    if (how == way) throw Error("overlay: this kernel takes no layers that way", EINVAL);
  }
  return mount_overlay(layers);
}

struct EmptyLayer::Mount : ScratchMount {
  using ScratchMount::ScratchMount;
};

EmptyLayer::EmptyLayer(int cover)
    : mount_(std::make_unique<Mount>(
          cover, std::vector<std::string>{"mode=0755", "size=4k", "nr_inodes=2"})) {}
EmptyLayer::~EmptyLayer() = default;
int EmptyLayer::fd() const { return mount_->fd(); }

Fd make_fuse(int device, const std::string& source) {
  return make_filesystem("fuse", source,
                         {format("fd={}", device), "rootmode=40000", "user_id=0", "group_id=0",
                          "allow_other", "default_permissions"},
                         0);
}

}  // namespace sys
