// SPDX-License-Identifier: Apache-2.0
#include "sys/mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"

namespace sys {
namespace {

// What the kernel says in the log of a filesystem context, which is better than its errno.
std::string context_log(int context) {
  char buffer[512];
  const ssize_t length = ::read(context, buffer, sizeof(buffer));
  if (length <= 2) return {};
  std::string_view line(buffer, static_cast<std::size_t>(length));
  line.remove_prefix(2);  // "e ", the level
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  return std::string(line);
}

[[noreturn]] void fail_context(int context, std::string_view what, int code) {
  const std::string log = context_log(context);
  const Error error = errno_error(what, code);
  if (log.empty()) throw error;
  throw Error(format("{} (the kernel says: {})", error.what(), log), code);
}

void configure(int context, const std::string& parameter) {
  const std::size_t equals = parameter.find('=');
  int result = 0;
  if (equals == std::string::npos) {
    result = ::fsconfig(context, FSCONFIG_SET_FLAG, parameter.c_str(), nullptr, 0);
  } else {
    result = ::fsconfig(context, FSCONFIG_SET_STRING, parameter.substr(0, equals).c_str(),
                        parameter.c_str() + equals + 1, 0);
  }
  if (result < 0) fail_context(context, format("option \"{}\"", parameter), errno);
}

}  // namespace

Fd clone_mount(int dir, const std::string& path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (recursive) flags |= AT_RECURSIVE;
  const int fd = ::open_tree(dir, path.c_str(), flags);
  if (fd < 0) throw errno_error(format("clone the mount at \"{}\"", path));
  return Fd(fd);
}

Fd clone_mount(int fd, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
  if (recursive) flags |= AT_RECURSIVE;
  const int clone = ::open_tree(fd, "", flags);
  if (clone < 0) throw errno_error("clone a mount");
  return Fd(clone);
}

Fd make_filesystem(const std::string& type, const std::string& source,
                   const std::vector<std::string>& parameters, std::uint64_t attributes) {
  const Fd context(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context) {
    const int code = errno;
    Error error = errno_error(format("fsopen {}", type), code);
    if (code == ENODEV) error.set_hint(format("this kernel has no filesystem \"{}\"", type));
    throw error;
  }
  if (!source.empty() &&
      ::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", source.c_str(), 0) < 0) {
    fail_context(context.get(), format("source \"{}\"", source), errno);
  }
  for (const std::string& parameter : parameters) configure(context.get(), parameter);
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) {
    fail_context(context.get(), format("create {}", type), errno);
  }
  Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!mount) fail_context(context.get(), format("fsmount {}", type), errno);
  return mount;
}

void set_mount_attributes(int mount, std::uint64_t set, std::uint64_t clear, bool recursive) {
  if (set == 0 && clear == 0) return;
  mount_attr attributes = {};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(mount, "", flags, &attributes, sizeof(attributes)) < 0) {
    throw errno_error("mount_setattr");
  }
}

void set_mount_idmap(int mount, int userns, bool recursive) {
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(userns);
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(mount, "", flags, &attributes, sizeof(attributes)) == 0) return;
  Error error = errno_error("mount_setattr MOUNT_ATTR_IDMAP");
  if (error.code() == EPERM) {
    error.set_hint(
        "the kernel maps ids only for who has CAP_SYS_ADMIN in the user namespace that the file "
        "system was mounted in: for a disk's that is the host's root; a rootless caller can't");
  } else if (error.code() == EINVAL) {
    error.set_hint(
        "this kind of file system can't have its ids mapped, or they are mapped already, or to "
        "what they are; see mount_setattr(2), \"ID-mapped mounts\"");
  }
  throw error;
}

void set_propagation(int mount, std::uint64_t propagation, bool recursive) {
  mount_attr attributes = {};
  attributes.propagation = propagation;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(mount, "", flags, &attributes, sizeof(attributes)) < 0) {
    throw errno_error("set the propagation");
  }
}

void set_root_propagation(std::uint64_t propagation, bool recursive) {
  const unsigned long flags = static_cast<unsigned long>(propagation) |
                              (recursive ? static_cast<unsigned long>(MS_REC) : 0UL);
  if (::mount(nullptr, "/", nullptr, flags, nullptr) < 0) {
    throw errno_error("set the propagation of \"/\"");
  }
}

void attach_mount(int mount, int target) {
  if (::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
    throw errno_error("move_mount");
  }
}

void attach_mount_at(int mount, int dir, const std::string& name) {
  if (::move_mount(mount, "", dir, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    throw errno_error("move_mount");
  }
}

bool is_mount_root(int fd) {
  struct statx status = {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0) throw errno_error("statx");
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void unmount(const std::string& path) {
  if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) return;
  Error error = errno_error(format("umount \"{}\"", path));
  if (error.code() == EBUSY) error.set_hint("some process has a file open there, or its directory");
  throw error;
}

void pivot_into(int root) {
  if (::fchdir(root) < 0) throw errno_error("enter the new root");
  // The old root ends up mounted over the new one, and is taken off from there.
  // Source: pivot_root(2), 'pivot_root(".", ".")'.
  if (::syscall(SYS_pivot_root, ".", ".") < 0) throw errno_error("pivot_root");
  if (::umount2(".", MNT_DETACH) < 0) throw errno_error("take off the old root");
  if (::chdir("/") < 0) throw errno_error("chdir \"/\"");
}

void move_root_into(int root) {
  if (::fchdir(root) < 0) throw errno_error("enter the new root");
  if (::mount(".", "/", nullptr, MS_MOVE, nullptr) < 0) throw errno_error("move the root mount");
  if (::chroot(".") < 0) throw errno_error("chroot");
  if (::chdir("/") < 0) throw errno_error("chdir \"/\"");
}

void change_root(int root) {
  if (::fchdir(root) < 0) throw errno_error("enter the new root");
  if (::chroot(".") < 0) throw errno_error("chroot");
  if (::chdir("/") < 0) throw errno_error("chdir \"/\"");
}

}  // namespace sys
