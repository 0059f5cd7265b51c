// SPDX-License-Identifier: Apache-2.0
// The plan as text: what `tilla-runtime plan` prints and golden tests compare.
#include <linux/sched.h>
#include <sys/mount.h>

#include <array>
#include <string_view>
#include <utility>

#include "config/json.h"
#include "runtime/plan/namespace_kinds.h"
#include "runtime/plan/plan.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::array<std::pair<std::uint64_t, const char*>, 8> kAttributes = {
    {{config::kMountAttrRdonly, "ro"},
     {config::kMountAttrNosuid, "nosuid"},
     {config::kMountAttrNodev, "nodev"},
     {config::kMountAttrNoexec, "noexec"},
     {config::kMountAttrNoatime, "noatime"},
     {config::kMountAttrStrictatime, "strictatime"},
     {config::kMountAttrNodiratime, "nodiratime"},
     {config::kMountAttrNosymfollow, "nosymfollow"}}};

std::string quoted(std::string_view text) { return config::quote_json(text); }

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) line += " " + quoted(text);
  return line;
}

const char* name_of_writer(MapWriter writer) {
  switch (writer) {
    case MapWriter::kNobody:
      return "nobody";
    case MapWriter::kItself:
      return "the container itself";
    case MapWriter::kParent:
      return "the runtime";
    case MapWriter::kHelpers:
      return "newuidmap and newgidmap";
  }
  return "nobody";
}

const char* name_of_propagation(std::uint64_t flag) {
  switch (flag) {
    case MS_SHARED:
      return "shared";
    case MS_SLAVE:
      return "slave";
    case MS_PRIVATE:
      return "private";
    case MS_UNBINDABLE:
      return "unbindable";
    default:
      return "kept";
  }
}

std::string attributes_text(std::uint64_t set, std::uint64_t clear) {
  std::string text;
  for (const auto& [flag, name] : kAttributes) {
    if ((set & flag) != 0) text += sys::format(" +{}", name);
    if ((clear & flag & ~set) != 0 && (flag & config::kMountAttrAtimeField) == 0) {
      text += sys::format(" -{}", name);
    }
  }
  if ((clear & config::kMountAttrAtimeField) != 0 && (set & config::kMountAttrAtimeField) == 0) {
    text += " +relatime";
  }
  return text;
}

std::string map_text(const char* what, const sys::IdMap& map) {
  std::string text;
  for (const sys::IdExtent& extent : map) {
    text += sys::format("{} {} is {} outside, {} of them\n", what, extent.inside, extent.outside,
                        extent.count);
  }
  return text;
}

std::string source_text(const MountStep& step) {
  switch (step.kind) {
    case MountKind::kBind:
      return sys::format("{} of {}", step.recursive ? "rbind" : "bind", quoted(step.source));
    case MountKind::kRemount:
      return "remount";
    case MountKind::kSysfs:
      return "sysfs, else the host's /sys read-only";
    case MountKind::kProc:
      return "proc, else the host's /proc";
    case MountKind::kCgroup:
      return "cgroup2, else the host's /sys/fs/cgroup read-only";
    case MountKind::kFilesystem:
      return step.type;
  }
  return {};
}

std::string idmap_text(const IdmapStep& idmap) {
  std::string text = idmap.recursive ? " ridmap" : " idmap";
  if (idmap.uids.empty()) return text + " of the user namespace";
  const auto add = [&](const char* what, const sys::IdMap& map) {
    for (const sys::IdExtent& one : map) {
      text += sys::format(" {} {}-{}-{}", what, one.inside, one.outside, one.count);
    }
  };
  add("uid", idmap.uids);
  add("gid", idmap.gids);
  return text;
}

std::string mount_text(const MountStep& step) {
  std::string line =
      sys::format("mount {} on {}", source_text(step), quoted("/" + step.target.str()));
  line += attributes_text(step.attr_set, step.attr_clear);
  const std::string below = attributes_text(step.rec_attr_set, step.rec_attr_clear);
  if (!below.empty()) line += " below:" + below;
  for (const config::PropagationChange& change : step.propagation) {
    line += sys::format(" {}{}", change.recursive ? "r" : "", name_of_propagation(change.type));
  }
  if (!step.parameters.empty()) line += " options" + quoted_list(step.parameters);
  if (!step.root_label.empty()) line += " label " + quoted(step.root_label);
  if (step.source_fd) line += sys::format(" source-descriptor-{}", *step.source_fd);
  if (step.idmap) line += idmap_text(*step.idmap);
  if (step.target_nofollow) line += " no-symlinks";
  if (step.source_nofollow) line += " source-no-symlink";
  if (step.copy_symlink) line += " copy-symlink";
  if (step.copy_up) line += " copy-up";
  if (step.takes_mode) line += " mode-of-directory";
  if (step.takes_owner) line += " owner-of-directory";
  return line + "\n";
}

std::string namespaces_text(const Plan& plan) {
  std::string text;
  for (const NamespaceJoin& join : plan.namespaces.joins) {
    text +=
        sys::format("join {} namespace {}\n", kind_of_namespace(join.type).name, quoted(join.path));
  }
  std::string made;
  for (const NamespaceKind& kind : kNamespaceKinds) {
    if (plan.namespaces.makes(kind.type)) made += sys::format(" {}", kind.name);
  }
  if (!made.empty()) text += "new namespaces" + made + "\n";
  if (plan.namespaces.network_beside) text += "new network namespace, made beside, lo up\n";
  if (!plan.namespaces.joined_time.empty()) {
    text += sys::format("join time namespace {}\n", quoted(plan.namespaces.joined_time));
  }
  if (plan.namespaces.new_time) {
    text += sys::format("new time namespace, offsets {}\n", quoted(plan.namespaces.time_offsets));
  }
  text += sys::format("id maps written by {}\n", name_of_writer(plan.ids.writer));
  return text + map_text("uid", plan.ids.uids) + map_text("gid", plan.ids.gids);
}

std::string root_text(const RootPlan& root) {
  std::string text =
      sys::format("root {}{}\n", quoted(root.path), root.readonly ? " read-only" : "");
  if (root.propagation != 0) {
    text += sys::format("all mounts {}\n", name_of_propagation(root.propagation));
  }
  for (const MountStep& step : root.mounts) text += mount_text(step);
  if (!root.makes_devices) text += "no devices: the bundle binds its own /dev\n";
  for (const DeviceStep& device : root.devices) {
    if (!root.makes_devices) break;
    text +=
        sys::format("{} {} {} {}:{} mode {:04o} owner {}:{}\n",
                    is_bound(root, device) ? "bind device" : "make device", quoted(device.path),
                    device.type, device.major, device.minor, device.mode, device.uid, device.gid);
  }
  for (const MaskStep& mask : root.masks) {
    text += (mask.hides ? "mask " : "read-only ") + quoted(mask.path) + "\n";
  }
  text += sys::format("enter the root by {}\n",
                      root.built_aside      ? "chroot, as a tree that is in no mount namespace"
                      : !root.has_namespace ? "chroot"
                      : root.no_pivot       ? "moving it over /"
                                            : "pivot_root");
  if (root.final_propagation != 0) {
    text += sys::format("root becomes {}{}\n", root.final_recursive ? "r" : "",
                        name_of_propagation(root.final_propagation));
  }
  return text;
}

std::string set_text(const char* name, sys::CapabilitySet set) {
  std::string line = sys::format("capabilities {}", name);
  for (int number = 0; number < 64; ++number) {
    if (((set >> number) & 1U) != 0) line += " " + sys::capability_name(number);
  }
  return line + "\n";
}

std::string scheduling_text(const ProcessPlan& process) {
  std::string text;
  if (process.scheduler) {
    const sys::SchedulerAttributes& it = process.scheduler->attributes;
    text += sys::format(
        "scheduler {} nice {} priority {} runtime {} deadline {} period {} flags {:#x}\n",
        process.scheduler->policy_name, it.nice, it.priority, it.runtime, it.deadline, it.period,
        it.flags);
  }
  if (process.io_priority) {
    text += sys::format("I/O priority {} {}\n", process.io_class, *process.io_priority & 7);
  }
  if (process.memory_policy) {
    text += sys::format("memory policy {} ({:#x}) nodes {}\n", process.memory_policy->name,
                        process.memory_policy->mode, quoted(process.memory_policy->node_list));
  }
  if (process.personality) text += sys::format("personality {:#x}\n", *process.personality);
  return text;
}

std::string process_text(const ProcessPlan& process) {
  std::string text;
  if (process.oom_score_adj) text += sys::format("oom score {}\n", *process.oom_score_adj);
  if (process.terminal) text += "terminal of the container's own devpts\n";
  if (process.terminal && process.window) {
    text += sys::format("window of {} rows and {} columns\n", process.window->rows,
                        process.window->columns);
  }
  for (const LimitStep& limit : process.limits) {
    text += sys::format("limit {} soft {} hard {}\n", limit.name, limit.soft, limit.hard);
  }
  text += scheduling_text(process);
  if (process.new_keyring) text += "new session keyring\n";
  text += sys::format("working directory {}\n", quoted(process.cwd));
  text += sys::format("user {} group {} groups", process.uid, process.gid);
  for (const gid_t group : process.groups) text += sys::format(" {}", group);
  text += sys::format("\numask {:04o}\n", process.umask);
  text += set_text("bounding", process.capabilities.bounding);
  text += set_text("permitted", process.capabilities.permitted);
  text += set_text("effective", process.capabilities.effective);
  text += set_text("inheritable", process.capabilities.inheritable);
  text += set_text("ambient", process.capabilities.ambient);
  if (process.no_new_privileges) text += "no new privileges\n";
  if (!process.labels.apparmor.empty()) {
    text += sys::format("AppArmor profile {}\n", quoted(process.labels.apparmor));
  }
  if (!process.labels.selinux.empty()) {
    text += sys::format("SELinux label {}\n", quoted(process.labels.selinux));
  }
  if (process.seccomp) {
    text += sys::format("seccomp filter of {} rules\n", process.seccomp->syscalls.size());
  }
  if (process.preserved_fds > 0) {
    text += sys::format("descriptors 3 to {} stay open\n", 2 + process.preserved_fds);
  }
  text += "environment" + quoted_list(process.env) +
          (process.find_home ? " and HOME of the user\n" : "\n");
  return text + "execute" + quoted_list(process.argv) + "\n";
}

std::string hooks_text(const char* kind, const std::vector<config::Hook>& hooks) {
  std::string text;
  for (const config::Hook& hook : hooks) {
    text += sys::format("{} hook {}{}", kind, quoted(hook.path), quoted_list(hook.args));
    if (!hook.env.empty()) text += " environment" + quoted_list(hook.env);
    if (hook.timeout_seconds) text += sys::format(" for {} s at most", *hook.timeout_seconds);
    text += "\n";
  }
  return text;
}

std::string hooks_text(const HooksPlan& plan) {
  const config::Hooks& hooks = plan.hooks;
  return hooks_text("prestart", hooks.prestart) +
         hooks_text("createRuntime", hooks.create_runtime) +
         hooks_text("createContainer", hooks.create_container) +
         hooks_text("startContainer", hooks.start_container) +
         hooks_text("poststart", hooks.poststart) +
         (plan.poststart_may_fail ? "a failed poststart hook is a warning\n" : "") +
         hooks_text("poststop", hooks.poststop);
}

std::string intel_rdt_text(const IntelRdtStep& step) {
  std::string text =
      sys::format("class of service {}{}", quoted(step.name.empty() ? "/" : step.name),
                  step.is_own     ? ", made"
                  : step.may_make ? ", made if it is not there"
                                  : "");
  if (!step.combined.empty()) text += " schemata " + quoted(step.combined);
  if (!step.schemata.empty()) text += " schemata " + quoted(step.schemata);
  return text + (step.monitor.empty() ? "\n" : ", monitored\n");
}

}  // namespace

std::string describe(const Plan& plan) {
  std::string text = sys::format("container {} bundle {}\n", quoted(plan.id), quoted(plan.bundle));
  for (const std::string& warning : plan.warnings) text += "warning " + quoted(warning) + "\n";
  text += namespaces_text(plan);
  text += describe(plan.cgroup);
  text += root_text(plan.root);
  if (!plan.hostname.empty()) text += "host name " + quoted(plan.hostname) + "\n";
  if (!plan.domainname.empty()) text += "domain name " + quoted(plan.domainname) + "\n";
  if (plan.intel_rdt) text += intel_rdt_text(*plan.intel_rdt);
  for (const NetDeviceStep& step : plan.net_devices) {
    text += sys::format("network device {} of the host as {}\n", quoted(step.host_name),
                        quoted(step.name));
  }
  for (const SysctlStep& step : plan.sysctls) {
    text += sys::format("sysctl {} is {}\n", quoted(step.path), quoted(step.value));
  }
  return text + process_text(plan.process) + hooks_text(plan.hooks);
}

}  // namespace runtime
