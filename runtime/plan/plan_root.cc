// SPDX-License-Identifier: Apache-2.0
// The root file system: mounts in order, devices, masks.
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "runtime/plan/plan.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

struct DefaultDevice {
  const char* path;
  unsigned major, minor;
};
// Source: runtime-spec config-linux.md, "Default Devices"; console and ptmx come from the devpts.
constexpr std::array<DefaultDevice, 6> kDefaultDevices = {{{"/dev/null", 1, 3},
                                                           {"/dev/zero", 1, 5},
                                                           {"/dev/full", 1, 7},
                                                           {"/dev/random", 1, 8},
                                                           {"/dev/urandom", 1, 9},
                                                           {"/dev/tty", 5, 0}}};

struct Propagation {
  std::string_view word;
  std::uint64_t flag;
  bool recursive;
};
constexpr std::array<Propagation, 8> kPropagations = {{{"shared", MS_SHARED, false},
                                                       {"rshared", MS_SHARED, true},
                                                       {"slave", MS_SLAVE, false},
                                                       {"rslave", MS_SLAVE, true},
                                                       {"private", MS_PRIVATE, false},
                                                       {"rprivate", MS_PRIVATE, true},
                                                       {"unbindable", MS_UNBINDABLE, false},
                                                       {"runbindable", MS_UNBINDABLE, true}}};

std::string in_bundle(const std::string& path, const std::string& bundle) {
  return path.starts_with('/') ? path : bundle + "/" + path;
}

bool is_cgroup_type(const config::Mount& mount) {
  return mount.type == "cgroup" || mount.type == "cgroup2";
}

MountKind kind_of(const config::Mount& mount, const config::MountOptions& options) {
  if (options.remount) return MountKind::kRemount;
  if (options.bind || mount.type == "bind") return MountKind::kBind;
  if (mount.type == "proc") return MountKind::kProc;
  if (mount.type == "sysfs") return MountKind::kSysfs;
  if (is_cgroup_type(mount)) return MountKind::kCgroup;
  return MountKind::kFilesystem;
}

// A new instance of a file system: flags of the superblock are options of its own, and read-only
// is an attribute of the mount.
std::vector<std::string> parameters_of(const config::MountOptions& options) {
  std::vector<std::string> parameters = options.superblock_flags;
  parameters.insert(parameters.end(), options.data.begin(), options.data.end());
  return parameters;
}

bool has_data(const config::MountOptions& options, std::string_view name) {
  return std::any_of(options.data.begin(), options.data.end(),
                     [&](const std::string& one) { return one.starts_with(name); });
}

bool is_on_or_above(const std::string& target, const std::string& path) {
  return target.empty() || target == path || path.starts_with(target + "/");
}

// CVE-2023-25809: cgroups that a container sees may be its caller's, or the host's, so none is
// writable, whatever the options say, before it is known that they are its own.
void make_readonly(MountStep& step, std::vector<std::string>& warnings) {
  const bool is_asked_for = ((step.attr_set | step.rec_attr_set) & config::kMountAttrRdonly) != 0;
  for (std::uint64_t* set : {&step.attr_set, &step.rec_attr_set}) *set |= config::kMountAttrRdonly;
  for (std::uint64_t* clear : {&step.attr_clear, &step.rec_attr_clear}) {
    *clear &= ~config::kMountAttrRdonly;
  }
  if (is_asked_for) return;
  step.asks_to_write = step.kind == MountKind::kCgroup;
  if (!step.asks_to_write) warnings.push_back(readonly_warning(step));
}

// A later remount could make them writable again from above.
void refuse_writable_cgroups(const RootPlan& plan, const MountStep& step) {
  if (step.kind != MountKind::kRemount || (step.rec_attr_clear & config::kMountAttrRdonly) == 0) {
    return;
  }
  const bool has_cgroups =
      std::any_of(plan.mounts.begin(), plan.mounts.end(), [&](const MountStep& other) {
        return (other.type == "cgroup" || other.type == "cgroup2") &&
               is_on_or_above(step.target.str(), other.target.str());
      });
  if (!has_cgroups) return;
  throw sys::Error(sys::format("{}: \"rrw\" would make the cgroups below it writable", step.label),
                   ENOTSUP);
}

// A path that goes through a descriptor which our caller has left open: "/proc/self/fd/7/x".
std::optional<int> descriptor_in(const std::string& path) {
  for (const std::string_view prefix : {"/proc/self/fd/", "/dev/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    const char* end = path.data() + path.size();
    int number = -1;
    const auto [stop, code] = std::from_chars(path.data() + prefix.size(), end, number);
    if (code == std::errc() && number >= 0 && (stop == end || *stop == '/')) return number;
  }
  return std::nullopt;
}

MountStep plan_mount(const config::Mount& mount, std::size_t index, const std::string& bundle) {
  MountStep step;
  step.label = sys::format("mount {} \"{}\"", index, mount.destination);
  const config::MountOptions options = config::parse_mount_options(mount.options);
  step.kind = kind_of(mount, options);
  step.type = mount.type;
  step.target = sys::RelPath::parse(mount.destination);
  if (step.target.empty() && step.kind != MountKind::kRemount) {
    throw sys::Error(
        sys::format("/mounts/{}/destination: the root itself can't be mounted over", index),
        EINVAL);
  }
  step.recursive = options.recursive_bind;
  step.source_nofollow = options.src_nofollow;
  step.copy_symlink = options.copy_symlink;
  step.attr_set = options.attr_set;
  step.attr_clear = options.attr_clear;
  step.rec_attr_set = options.rec_attr_set;
  step.rec_attr_clear = options.rec_attr_clear;
  step.propagation = options.propagation;
  const bool is_kernel_fs = step.kind == MountKind::kProc || step.kind == MountKind::kSysfs ||
                            step.kind == MountKind::kCgroup;
  step.target_is_kernels =
      step.target.str() == "dev" || step.target.str() == "proc" || step.target.str() == "sys";
  step.target_nofollow = options.dest_nofollow || is_kernel_fs || step.target_is_kernels;
  if (step.kind == MountKind::kBind) {
    if (mount.source.empty()) {
      throw sys::Error(sys::format("/mounts/{}/source: a bind needs one", index), EINVAL);
    }
    step.source = in_bundle(mount.source, bundle);
    step.source_fd = descriptor_in(step.source);
    if (!options.data.empty()) {
      throw sys::Error(sys::format("/mounts/{}/options: \"{}\" means nothing to a bind", index,
                                   options.data.front()),
                       EINVAL);
    }
  } else {
    step.source = mount.source;
    step.parameters = parameters_of(options);
  }
  if (options.tmpcopyup && mount.type != "tmpfs") {
    throw sys::Error(sys::format("/mounts/{}/options: tmpcopyup is for tmpfs", index), EINVAL);
  }
  step.copy_up = options.tmpcopyup;
  step.takes_mode = mount.type == "tmpfs" && !has_data(options, "mode=");
  step.takes_owner = step.copy_up && !has_data(options, "uid=") && !has_data(options, "gid=");
  if (options.copy_symlink && step.kind != MountKind::kBind) {
    throw sys::Error(sys::format("/mounts/{}/options: copy-symlink is for binds", index), EINVAL);
  }
  return step;
}

// As runc: file systems of the kernel's have labels of their own, and a bind its source's.
void label_mount(MountStep& step, const std::string& label) {
  if (label.empty() || step.kind != MountKind::kFilesystem || step.type == "proc") return;
  if (step.type == "mqueue") {
    step.root_label = label;
  } else {
    step.parameters.push_back("context=" + label);
  }
}

const Propagation* find_propagation(const std::string& word) {
  const auto* found = std::find_if(kPropagations.begin(), kPropagations.end(),
                                   [&](const Propagation& one) { return one.word == word; });
  return found == kPropagations.end() ? nullptr : found;
}

void plan_propagation(const config::RuntimeSpec& spec, bool in_user_namespace, RootPlan& plan) {
  const Propagation* wanted = find_propagation(spec.linux_.rootfs_propagation);
  if (wanted == nullptr || wanted->flag == MS_SLAVE) {
    // The mounts of a less privileged namespace are slaves from the start.
    // Source: mount_namespaces(7), "Restrictions on mount namespaces".
    if (!in_user_namespace) {
      plan.propagation = MS_SLAVE;
      plan.propagation_recursive = true;
    }
    return;
  }
  plan.propagation = wanted->flag == MS_SHARED ? MS_SLAVE : MS_PRIVATE;
  plan.propagation_recursive = true;
  plan.final_propagation = wanted->flag;
  plan.final_recursive = wanted->recursive;
}

// Nothing to mount, nothing to build: a chroot will do. A user namespace has no rights over the
// mount namespace of its maker, to which the container would have to come back.
bool is_built_aside(const config::RuntimeSpec& spec, const NamespacePlan& namespaces) {
  if (namespaces.has(CLONE_NEWNS)) return false;
  const bool is_mounted = !spec.mounts.empty() || spec.root.readonly ||
                          !spec.linux_.devices.empty() || !spec.linux_.masked_paths.empty() ||
                          !spec.linux_.readonly_paths.empty();
  if (is_mounted && namespaces.has(CLONE_NEWUSER)) {
    throw sys::Error(
        "config.json: /linux/namespaces: mounts, devices, a read-only root and masked paths need a "
        "mount namespace where there is a user namespace",
        EINVAL);
  }
  return is_mounted;
}

// What is in no mount namespace has no peers and no master, and an unbindable mount can't be taken
// along.
void refuse_propagation(const config::RuntimeSpec& spec) {
  const Propagation* wanted = find_propagation(spec.linux_.rootfs_propagation);
  if (wanted == nullptr || wanted->flag == MS_PRIVATE) return;
  throw sys::Error(
      sys::format("config.json: /linux/rootfsPropagation: \"{}\" needs a mount namespace",
                  wanted->word),
      EINVAL);
}

void refuse_propagation(const MountStep& step, std::size_t index) {
  for (const auto& change : step.propagation) {
    if (change.type == MS_PRIVATE) continue;
    throw sys::Error(
        sys::format("config.json: /mounts/{}/options: a propagation other than private needs a "
                    "mount namespace",
                    index),
        EINVAL);
  }
}

// A bind is cloned before the propagation of all that is there changes, as a peer of its source:
// the container's mounts in it would appear on the host, which only a shared root may have.
void leave_peers(const RootPlan& plan, MountStep& step) {
  if (plan.propagation == 0 || plan.final_propagation == MS_SHARED) return;
  step.propagation.insert(step.propagation.begin(), {.type = plan.propagation, .recursive = true});
}

DeviceStep plan_device(const config::Device& device) {
  DeviceStep step;
  step.path = device.path;
  step.target = sys::RelPath::parse(device.path);
  step.type = device.type == "u" ? 'c' : device.type.at(0);
  step.major = static_cast<unsigned>(device.major);
  step.minor = static_cast<unsigned>(device.minor);
  step.mode = device.file_mode.value_or(0666) & 07777;
  step.uid = device.uid.value_or(0);
  step.gid = device.gid.value_or(0);
  return step;
}

// Right after the last mount on, in or above /dev or any place of a device.
std::size_t position_of_devices(const RootPlan& plan) {
  for (std::size_t i = plan.mounts.size(); i > 0; --i) {
    const std::string& target = plan.mounts[i - 1].target.str();
    const bool hides_one = std::any_of(
        plan.devices.begin(), plan.devices.end(),
        [&](const DeviceStep& device) { return is_on_or_above(target, device.target.str()); });
    if (hides_one || target.starts_with("dev/")) return i;
  }
  return 0;
}

void plan_masks(const config::Linux& spec, RootPlan& plan) {
  for (const std::string& path : spec.masked_paths) {
    plan.masks.push_back({.path = path, .target = sys::RelPath::parse(path)});
  }
  for (const std::string& path : spec.readonly_paths) {
    plan.masks.push_back({.path = path, .target = sys::RelPath::parse(path), .hides = false});
  }
  const std::string proc = "proc";
  for (std::size_t i = plan.mounts.size(); i > 0 && plan.early_masks_before == 0; --i) {
    const std::string& target = plan.mounts[i - 1].target.str();
    const bool is_proc = target == proc && plan.mounts[i - 1].type == proc;
    if (is_proc) plan.early_masks_before = i;
    // Any other there may concern a mask.
    if (!is_proc && (is_on_or_above(target, proc) || target.starts_with(proc + "/"))) return;
  }
  if (plan.early_masks_before == 0) return;
  const auto end = std::stable_partition(
      plan.masks.begin(), plan.masks.end(),
      [&](const MaskStep& mask) { return mask.target.str().starts_with(proc + "/"); });
  plan.early_masks = static_cast<std::size_t>(end - plan.masks.begin());
}

}  // namespace

std::vector<DeviceStep> plan_devices(const config::RuntimeSpec& spec) {
  std::vector<DeviceStep> devices;
  for (const DefaultDevice& known : kDefaultDevices) {
    devices.push_back({.path = known.path,
                       .target = sys::RelPath::parse(known.path),
                       .major = known.major,
                       .minor = known.minor,
                       .is_default = true});
  }
  for (const config::Device& device : spec.linux_.devices) {
    DeviceStep step = plan_device(device);
    const auto same = std::find_if(devices.begin(), devices.end(), [&](const DeviceStep& other) {
      return other.target == step.target;
    });
    if (same == devices.end()) {
      devices.push_back(std::move(step));
    } else {
      *same = std::move(step);
    }
  }
  return devices;
}

RootPlan plan_root(const config::RuntimeSpec& spec, const Request& request,
                   std::vector<std::string>& warnings) {
  RootPlan plan;
  const NamespacePlan namespaces = plan_namespaces(spec);
  // Cleaned: behind "rootfs/" or "rootfs/." the kernel would follow a symlink "rootfs".
  plan.path = "/" + sys::RelPath::parse(in_bundle(spec.root.path, request.bundle)).str();
  plan.readonly = spec.root.readonly;
  plan.has_namespace = namespaces.makes(CLONE_NEWNS);
  plan.built_aside = is_built_aside(spec, namespaces);
  plan.no_pivot = request.no_pivot;
  const bool in_user_namespace = namespaces.has(CLONE_NEWUSER);
  if (plan.built_aside) refuse_propagation(spec);
  if (plan.has_namespace || plan.built_aside) {
    plan_propagation(spec, namespaces.makes(CLONE_NEWUSER), plan);
  }
  if (plan.built_aside) plan.final_propagation = 0;  // it has no peers, come what may
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
    const config::Mount& mount = spec.mounts[i];
    MountStep step = plan_mount(mount, i, request.bundle);
    step.idmap = plan_idmap(mount, spec.linux_, i);
    if (step.idmap && step.kind != MountKind::kBind) {
      throw sys::Error(sys::format("/mounts/{}: idmap is for binds", i), EINVAL);
    }
    if (!mount.destination.starts_with('/')) {
      warnings.push_back(
          sys::format("/mounts/{}/destination: \"{}\" is not absolute, taken from \"/\"", i,
                      mount.destination));
    }
    if (step.kind == MountKind::kProc && namespaces.has(CLONE_NEWPID)) {
      step.kind = MountKind::kFilesystem;  // the host's would show the wrong processes
    }
    if (step.kind == MountKind::kCgroup && !namespaces.has(CLONE_NEWCGROUP)) {
      step.kind = MountKind::kBind;
      step.source = "/sys/fs/cgroup";
      step.recursive = true;
      step.parameters.clear();
    }
    if (is_cgroup_type(mount)) make_readonly(step, warnings);
    // The host's, when the kernel refuses a new one, stays read-only below as well.
    if (step.kind == MountKind::kSysfs) step.rec_attr_clear &= ~config::kMountAttrRdonly;
    refuse_writable_cgroups(plan, step);
    if (plan.built_aside) refuse_propagation(step, i);
    if (step.kind == MountKind::kBind) leave_peers(plan, step);
    label_mount(step, spec.linux_.mount_label);
    if (step.kind == MountKind::kBind && step.target.str() == "dev") plan.makes_devices = false;
    plan.mounts.push_back(std::move(step));
  }
  plan.label = spec.linux_.mount_label;
  plan.binds_devices = in_user_namespace;
  if (namespaces.has(CLONE_NEWNS) || plan.built_aside) plan.devices = plan_devices(spec);
  plan.devices_before = position_of_devices(plan);
  plan_masks(spec.linux_, plan);
  return plan;
}

std::string readonly_warning(const MountStep& step) {
  return sys::format(
      "{}: read-only, though not asked for: the cgroups that would be seen there are not the "
      "container's own",
      step.label);
}

}  // namespace runtime
