// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/unified_tree.h"

#include <fcntl.h>

#include <string_view>

#include "runtime/cgroup/mount_lines.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr const char* kMountPoint = "/sys/fs/cgroup";
constexpr ino_t kInodeOfTop = 1;                       // of the root of all cgroups, in kernfs
constexpr std::uint64_t kFirstNamespace = 0xEFFFFFFB;  // PROC_CGROUP_INIT_INO

}  // namespace

std::optional<std::string> mounted_root(const std::string& mountinfo,
                                        const std::string& mount_point) {
  std::optional<std::string> root;
  each_line(mountinfo, [&](std::string_view line) {
    if (field(line, 5) == mount_point) root = field(line, 4);
  });
  return root;
}

std::optional<sys::RelPath> place_below(std::string_view own, std::string_view mount_root) {
  // A process outside of our cgroup namespace has a path that begins with "/..".
  if (own.starts_with("/..") || mount_root.starts_with("/..")) return std::nullopt;
  if (mount_root == "/") return sys::RelPath::parse(own);
  if (!own.starts_with(mount_root)) return std::nullopt;
  const std::string_view rest = own.substr(mount_root.size());
  if (!rest.empty() && !rest.starts_with('/')) return std::nullopt;
  return sys::RelPath::parse(rest);
}

std::optional<sys::RelPath> own_place(const std::string& cgroup, const std::string& mount_root) {
  std::optional<std::string_view> own;
  each_line(cgroup, [&](std::string_view line) {
    if (line.starts_with("0::/")) own = line.substr(3);
  });
  return own ? place_below(*own, mount_root) : std::nullopt;
}

std::optional<sys::Fd> open_unified_root() {
  auto root = sys::open_path_if_exists(kMountPoint, O_RDONLY | O_DIRECTORY);
  if (!root || sys::cgroup_version(root->get()) != sys::CgroupVersion::kUnified) {
    return std::nullopt;
  }
  return root;
}

std::optional<sys::RelPath> place_of_process(const sys::Procfs& proc, const std::string& who,
                                             int root) {
  const bool is_top = sys::status_of(root).st_ino == kInodeOfTop;
  const auto own_namespace = sys::namespace_id_of(proc, sys::own_pid(), "cgroup");
  std::optional<std::string> mount_root = "/";
  // On the usual host. Elsewhere, as in a container, the mount may begin further down or up.
  if (!is_top || !own_namespace || own_namespace->inode != kFirstNamespace) {
    mount_root = mounted_root(proc.read("self/mountinfo", kMaxMountinfo), kMountPoint);
  }
  return mount_root ? own_place(proc.read(who + "/cgroup"), *mount_root) : std::nullopt;
}

bool has_nsdelegate(const std::string& mountinfo) {
  bool has = false;
  each_line(mountinfo, [&](std::string_view line) {
    if (field(line, 5) != kMountPoint) return;
    has = (std::string(line.substr(line.rfind(' ') + 1)) + ',').find("nsdelegate,") !=
          std::string::npos;
  });
  return has;
}

std::optional<UnifiedTree> find_unified_tree(const sys::Procfs& proc) {
  auto root = open_unified_root();
  if (!root) return std::nullopt;
  const auto own = place_of_process(proc, "self", root->get());
  if (!own) return std::nullopt;
  return UnifiedTree{.root = std::move(*root), .own = *own};
}

sys::RelPath below(const sys::RelPath& parent, const std::string& path) {
  return sys::RelPath::parse(parent.str() + "/" + path);
}

void refuse_way_up(const std::string& path) {
  if (("/" + path + "/").find("/../") == std::string::npos) return;
  throw sys::Error(sys::format("\"{}\": \"..\" leads out of the container's cgroup", path), EINVAL);
}

}  // namespace runtime
