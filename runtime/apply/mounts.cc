// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/mounts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "runtime/apply/copy_up.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/label.h"
#include "sys/mount.h"

namespace runtime {
namespace {

// What may be laid over single files of /proc: what lxcfs and engines fake there. Anything else
// could redirect our own writes, or the container's labels. Source: CVE-2019-16884.
constexpr std::array<std::string_view, 12> kProcFiles = {"proc/cpuinfo",
                                                         "proc/diskstats",
                                                         "proc/loadavg",
                                                         "proc/meminfo",
                                                         "proc/net/dev",
                                                         "proc/slabinfo",
                                                         "proc/stat",
                                                         "proc/swaps",
                                                         "proc/uptime",
                                                         "proc/version",
                                                         "proc/sys/kernel/ns_last_pid",
                                                         "proc/sys/crypto/fips_enabled"};

std::string hint_for(const MountStep& step, int code) {
  if (step.type == "sysfs" && code == EPERM) {
    return "in a user namespace the kernel refuses a new /sys without a network namespace that the "
           "user namespace owns, and while parts of the one around it are hidden: start the outer "
           "container without masks on /sys (podman: --security-opt unmask=ALL)";
  }
  if (step.type == "proc" && code == EPERM) {
    return "in a user namespace the kernel refuses a new /proc while parts of the one around it "
           "are "
           "hidden: start the outer container without masks on /proc (podman: --security-opt "
           "unmask=ALL); and when the pid namespace is another user namespace's: join that one as "
           "well, or bind /proc from where it is";
  }
  if (step.type == "mqueue" && code == EPERM) {
    return "a message queue file system needs an ipc namespace of the container's own";
  }
  const bool has_ids = std::any_of(
      step.parameters.begin(), step.parameters.end(),
      [](const std::string& one) { return one.starts_with("gid=") || one.starts_with("uid="); });
  if (code == EINVAL && has_ids) {
    return "uid= and gid= must be ids that the container's user namespace maps";
  }
  return {};
}

sys::Fd make_instance(const MountStep& step) {
  const std::string type = step.kind == MountKind::kCgroup ? "cgroup2" : step.type;
  if (type.empty() || type == "none") {
    throw sys::Error("no type, and neither bind nor rbind among the options", EINVAL);
  }
  try {  // only to add what the errno does not say
    return sys::make_filesystem(type, step.source, step.parameters, step.attr_set);
  } catch (sys::Error& error) {
    if (error.hint().empty()) error.set_hint(hint_for(step, error.code()));
    throw;
  }
}

const char* host_path_of(MountKind kind) {
  switch (kind) {
    case MountKind::kSysfs:
      return "/sys";
    case MountKind::kProc:
      return "/proc";
    case MountKind::kCgroup:
      return "/sys/fs/cgroup";
    default:
      return nullptr;
  }
}

sys::Fd clone_of_host(const MountStep& step, const char* path) {
  sys::Fd mount = sys::clone_mount(AT_FDCWD, path, true);
  constexpr std::uint64_t kTimes = config::kMountAttrAtimeField | config::kMountAttrNodiratime;
  const std::uint64_t read_only =
      step.kind == MountKind::kProc ? 0 : std::uint64_t{config::kMountAttrRdonly};
  sys::set_mount_attributes(mount.get(), (step.attr_set & ~kTimes) | read_only, 0, true);
  return mount;
}

// The documented ladder: an instance of our own; where the kernel refuses that, the host's. Nothing
// of the host's /sys or cgroups is writable then (CVE-2023-25809).
sys::Fd make_instance_or_clone(const MountStep& step) {
  const char* host_path = host_path_of(step.kind);
  if (host_path == nullptr) return make_instance(step);
  std::optional<sys::Error> refusal;
  try {  // the refusal is expected: nested in a container, or a shared network or pid namespace
    return make_instance(step);
  } catch (const sys::Error& error) {
    if (error.code() != EPERM && error.code() != EBUSY && error.code() != ENODEV) throw;
    refusal = error;
  }
  try {  // both ways failed, and the first says why there had to be a second
    return clone_of_host(step, host_path);
  } catch (const sys::Error& error) {
    throw sys::Error(sys::format("{}; instead the host's: {}", refusal->what(), error.what()),
                     error.code(), refusal->hint());
  }
}

// Asking for less protection than the source has is an error that names the source; access times
// are no protection, so they follow the source.
void set_bind_attributes(int mount, const MountStep& step, std::uint64_t set, std::uint64_t clear,
                         bool recursive) {
  try {  // EPERM needs a second look, and then an explanation
    return sys::set_mount_attributes(mount, set, clear, recursive);
  } catch (const sys::Error& error) {
    if (error.code() != EPERM) throw;
  }
  try {
    constexpr std::uint64_t kTimes = config::kMountAttrAtimeField | config::kMountAttrNodiratime;
    sys::set_mount_attributes(mount, set & ~kTimes, clear & ~kTimes, recursive);
  } catch (sys::Error& error) {
    error.add_context(sys::format("source \"{}\"", step.source));
    error.set_hint(
        "the source is mounted with a flag (ro, nosuid, nodev or noexec) that a user namespace may "
        "not take off; leave rw, suid, dev and exec out of the mount's options");
    throw;
  }
}

bool is_symlink(int fd) { return S_ISLNK(sys::status_of(fd).st_mode); }

sys::Symlinks symlinks_of(const MountStep& step) {
  return step.target_nofollow ? sys::Symlinks::kRefuse : sys::Symlinks::kFollow;
}

[[noreturn]] void fail_kinds(const MountStep& step, bool is_directory) {
  const std::string source = step.kind == MountKind::kBind
                                 ? sys::format("source \"{}\"", step.source)
                                 : sys::format("a {}", step.type);
  throw sys::Error(sys::format("{} is a {}, and \"/{}\" in the container is a {}", source,
                               is_directory ? "directory" : "file", step.target.str(),
                               is_directory ? "file" : "directory"),
                   ENOTDIR);
}

// Whether it is there, and no directory.
bool is_file_in(int root, const MountStep& step) {
  try {  // a file on the way is another matter
    const auto found = sys::open_in_root_if_exists(root, step.target, O_PATH);
    return found && !sys::is_directory(found->get());
  } catch (const sys::Error&) {
    return false;
  }
}

sys::Fd open_target(int root, const MountStep& step, bool is_directory) {
  const sys::Symlinks symlinks = symlinks_of(step);
  try {  // ELOOP and ENOTDIR say too little
    if (is_directory) return sys::make_directories_in_root(root, step.target, 0755, symlinks);
    sys::Fd target = sys::make_file_in_root(root, step.target, 0755, symlinks);
    if (!sys::is_directory(target.get())) return target;
  } catch (sys::Error& error) {
    if (error.code() == ENOTDIR && is_directory && is_file_in(root, step)) fail_kinds(step, true);
    if (error.code() == ELOOP) {
      error.set_hint(
          sys::format("\"/{}\" in the image is or goes through a symlink; this mount must "
                      "be on an ordinary directory",
                      step.target.str()));
    }
    throw;
  }
  fail_kinds(step, false);
}

void check_target(int target, int mount, const MountStep& step) {
  const std::string& path = step.target.str();
  if (path == "proc") {
    if (sys::filesystem_type(mount) != PROC_SUPER_MAGIC) {
      throw sys::Error("only a procfs may be mounted on /proc", EPERM);
    }
    return;
  }
  if (sys::filesystem_type(target) != PROC_SUPER_MAGIC) return;
  if (std::find(kProcFiles.begin(), kProcFiles.end(), path) == kProcFiles.end()) {
    throw sys::Error(sys::format("\"/{}\" is inside /proc, where nothing may be mounted", path),
                     EPERM);
  }
}

bool is_cgroup(int fd) {
  const long type = sys::filesystem_type(fd);
  return type == CGROUP2_SUPER_MAGIC || type == CGROUP_SUPER_MAGIC;
}

void remount(int root, const MountStep& step) {
  // What the plan has checked by name must not be somewhere else, or cgroups would become writable.
  const bool opens_up = (step.rec_attr_clear & config::kMountAttrRdonly) != 0;
  const sys::Fd target = opens_up ? sys::open_beneath(root, step.target, O_PATH)
                                  : sys::open_in_root(root, step.target, O_PATH);
  const std::uint64_t kept = is_cgroup(target.get()) ? config::kMountAttrRdonly : 0;
  set_bind_attributes(target.get(), step, step.attr_set, step.attr_clear & ~kept, false);
  set_bind_attributes(target.get(), step, step.rec_attr_set, step.rec_attr_clear & ~kept, true);
}

// The host's symlink as one of the container's: its text is data, and leads wherever the container
// has it lead. As crun: what is there already must be the same.
void copy_symlink(int root, const MountStep& step, int source) {
  if (step.target_is_kernels) {
    throw sys::Error("the source is a symlink, and this must be a directory", ENOTDIR);
  }
  const sys::Fd parent =
      sys::make_directories_in_root(root, step.target.parent(), 0755, symlinks_of(step));
  const std::string name = step.target.name();
  const std::string text = sys::read_link_at(source, "");
  if (sys::make_symlink_at(text, parent.get(), name)) return;
  const sys::Fd there = sys::open_at(parent.get(), name, O_PATH);
  if (is_symlink(there.get()) && sys::read_link_at(there.get(), "") == text) return;
  throw sys::Error(
      sys::format("\"/{}\" is there already, and no symlink to \"{}\"", step.target.str(), text),
      EEXIST);
}

// A message queue file system is of whoever made the ipc namespace, who need not be mapped; its
// own label then lets a confined container do less.
void label_root(int mount, const std::string& label) {
  (void)sys::set_file_label(sys::open_at(mount, ".", O_RDONLY | O_DIRECTORY).get(), label);
}

// As runc and crun: a tmpfs of which the options say nothing else is like what it covers.
void take_identity(int covered, int mount, const MountStep& step) {
  const struct stat theirs = sys::status_of(covered), ours = sys::status_of(mount);
  const struct stat& owner = step.takes_owner ? theirs : ours;
  const mode_t mode = (step.takes_mode ? theirs : ours).st_mode & 07777U;
  const sys::Fd directory = sys::open_at(mount, ".", O_RDONLY | O_DIRECTORY);
  sys::set_owner_and_mode(directory.get(), owner.st_uid, owner.st_gid, mode);
}

void mount_one(int root, const MountStep& step, sys::Fd source) {
  if (step.kind == MountKind::kRemount) return remount(root, step);
  if (step.copy_symlink && is_symlink(source.get())) {
    return copy_symlink(root, step, source.get());
  }
  const bool is_bind = step.kind == MountKind::kBind;
  const sys::Fd mount = source ? std::move(source) : make_instance_or_clone(step);
  if (is_bind) set_bind_attributes(mount.get(), step, step.attr_set, step.attr_clear, false);
  set_bind_attributes(mount.get(), step, step.rec_attr_set, step.rec_attr_clear, true);
  // What we make has nothing to be taken over.
  const bool takes = (step.takes_mode || step.takes_owner) &&
                     sys::open_in_root_if_exists(root, step.target, O_PATH).has_value();
  const sys::Fd target = open_target(root, step, !is_bind || sys::is_directory(mount.get()));
  check_target(target.get(), mount.get(), step);
  if (!step.root_label.empty()) label_root(mount.get(), step.root_label);
  if (step.copy_up) copy_up(target.get(), mount.get());
  if (takes) take_identity(target.get(), mount.get(), step);
  sys::attach_mount(mount.get(), target.get());
  for (const config::PropagationChange& change : step.propagation) {
    sys::set_propagation(mount.get(), change.type, change.recursive);
  }
}

// The caller's descriptor is on a mount of its mount namespace, and ours is a copy: the file of the
// same path here, if it is the same file.
sys::Fd open_given(int descriptor) {
  const std::string path = sys::read_link(sys::fd_path(descriptor));
  const struct stat given = sys::status_of(descriptor);
  std::optional<sys::Fd> here = sys::open_path_if_exists(path, O_PATH | O_NOFOLLOW);
  if (here) {
    const struct stat found = sys::status_of(here->get());
    if (found.st_dev == given.st_dev && found.st_ino == given.st_ino) return std::move(*here);
  }
  throw sys::Error(
      sys::format("descriptor {} is open on \"{}\", which is another file here", descriptor, path),
      ESTALE, "what it is open on must have a path in the mount namespace of the runtime");
}

// Behind the descriptor, relative to it.
std::string rest_of(const std::string& source) {
  constexpr std::string_view kLast = "fd/";
  const std::size_t slash = source.find('/', source.find(kLast) + kLast.size());
  return slash == std::string::npos ? "" : source.substr(slash + 1);
}

sys::Fd clone_source(const MountStep& step) {
  try {  // EINVAL says too little
    const sys::Fd given = step.source_fd ? open_given(*step.source_fd) : sys::Fd();
    const int dir = given ? given.get() : AT_FDCWD;
    const std::string path = given ? rest_of(step.source) : step.source;
    if (path.empty()) return sys::clone_mount(dir, step.recursive);
    if (!step.source_nofollow && !step.copy_symlink) {
      return sys::clone_mount(dir, path, step.recursive);
    }
    sys::Fd source = sys::open_at(dir, path, O_PATH);
    if (step.copy_symlink && is_symlink(source.get())) return source;
    return sys::clone_mount(source.get(), step.recursive);
  } catch (sys::Error& error) {
    if (error.code() == EINVAL && !step.recursive) {
      error.set_hint(
          "other file systems are mounted inside the source, and a user namespace may "
          "not uncover what is below them: use rbind");
    }
    throw;
  }
}

}  // namespace

sys::Fd make_source(const MountStep& step) {
  return sys::in_context(step.label, [&] { return make_instance_or_clone(step); });
}

std::vector<sys::Fd> clone_sources(const RootPlan& plan) {
  std::vector<sys::Fd> sources(plan.mounts.size());
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    const MountStep& step = plan.mounts[i];
    if (step.kind != MountKind::kBind) continue;
    sources[i] = sys::in_context(step.label, [&] { return clone_source(step); });
  }
  return sources;
}

sys::Fd attach_root(const RootPlan& plan) {
  return sys::in_context([&] { return sys::format("root \"{}\"", plan.path); },
                         [&] {
                           const sys::Fd place =
                               sys::open_path(plan.path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
                           sys::Fd root = sys::clone_mount(place.get(), true);
                           sys::attach_mount(root.get(), place.get());
                           return root;
                         });
}

void apply_mount(int root, const MountStep& step, sys::Fd source) {
  sys::in_context(step.label, [&] { mount_one(root, step, std::move(source)); });
}

}  // namespace runtime
