// SPDX-License-Identifier: Apache-2.0
// From JSON to the structs. It checks types, ranges and the specification's closed lists of names;
// what fields mean to each other is for validate().
#include <algorithm>
#include <iterator>

#include "config/json.h"
#include "config/names.h"
#include "config/read_lists.h"
#include "config/resources_json.h"
#include "config/runtime_spec.h"
#include "sys/format.h"

namespace config {
namespace {

/// `what` is the noun of the error: `unknown limit "RLIMIT_FOO"`.
template <size_t N>
void check_name(const Reader& place, const std::string& name, const std::string_view (&known)[N],
                std::string_view what) {
  if (std::ranges::find(known, name) == std::end(known)) {
    place.fail(sys::format("unknown {} {}", what, quote_for_message(name)));
  }
}

template <size_t N>
void read_name(const Reader& place, std::string& target, const std::string_view (&known)[N],
               std::string_view what) {
  place.read(target);
  check_name(place, target, known, what);
}

template <size_t N>
void get_names(const Reader& parent, std::string_view key, std::vector<std::string>& target,
               const std::string_view (&known)[N], std::string_view what) {
  parent.with(key, [&](const Reader& list) {
    list.read(target);
    size_t i = 0;
    list.each_element(
        [&](const Reader& element) { check_name(element, target[i++], known, what); });
  });
}

template <typename T, size_t N>
void read_enum(const Reader& place, T& target, const NamedValue<T> (&known)[N],
               std::string_view what) {
  std::string name;
  place.read(name);
  const auto* found = std::ranges::find(known, name, &NamedValue<T>::name);
  if (found == std::end(known)) {
    place.fail(sys::format("unknown {} {}", what, quote_for_message(name)));
  }
  target = found->value;
}

void read_id_mapping(const Reader& place, IdMapping& mapping) {
  place.get_required("containerID", mapping.container_id);
  place.get_required("hostID", mapping.host_id);
  place.get_required("size", mapping.size);
}

void read_mount(const Reader& place, Mount& mount) {
  place.get_required("destination", mount.destination);
  place.get("type", mount.type);
  place.get("source", mount.source);
  place.get("options", mount.options);
  get_list(place, "uidMappings", mount.uid_mappings, read_id_mapping);
  get_list(place, "gidMappings", mount.gid_mappings, read_id_mapping);
}

void read_user(const Reader& place, User& user) {
  place.get("uid", user.uid);
  place.get("gid", user.gid);
  place.get("umask", user.umask);
  place.get("additionalGids", user.additional_gids);
}

void read_rlimit(const Reader& place, Rlimit& rlimit) {
  const Reader type = place.required("type");
  read_name(type, rlimit.type, kRlimitTypes, "limit");
  place.get_required("soft", rlimit.soft);
  place.get_required("hard", rlimit.hard);
}

void read_capabilities(const Reader& place, Capabilities& capabilities) {
  place.get("bounding", capabilities.bounding);
  place.get("effective", capabilities.effective);
  place.get("inheritable", capabilities.inheritable);
  place.get("permitted", capabilities.permitted);
  place.get("ambient", capabilities.ambient);
}

void read_scheduler(const Reader& place, Scheduler& scheduler) {
  const Reader policy = place.required("policy");
  read_name(policy, scheduler.policy, kSchedulerPolicies, "scheduling policy");
  place.get("nice", scheduler.nice);
  place.get("priority", scheduler.priority);
  get_names(place, "flags", scheduler.flags, kSchedulerFlags, "scheduling flag");
  place.get("runtime", scheduler.runtime);
  place.get("deadline", scheduler.deadline);
  place.get("period", scheduler.period);
}

void read_io_priority(const Reader& place, IoPriority& priority) {
  const Reader io_class = place.required("class");
  read_name(io_class, priority.io_class, kIoPriorityClasses, "I/O priority class");
  place.get("priority", priority.priority);
}

void read_console_size(const Reader& place, ConsoleSize& size) {
  place.get("height", size.height);
  place.get("width", size.width);
}

void read_affinity(const Reader& place, ExecCpuAffinity& affinity) {
  place.get("initial", affinity.initial);
  place.get("final", affinity.final_);
}

void read_process(const Reader& place, Process& process) {
  place.get("terminal", process.terminal);
  get_optional(place, "consoleSize", process.console_size, read_console_size);
  place.with("user", [&](const Reader& user) { read_user(user, process.user); });
  place.get("args", process.args);
  place.get("env", process.env);
  place.get("cwd", process.cwd);
  get_optional(place, "capabilities", process.capabilities, read_capabilities);
  get_list(place, "rlimits", process.rlimits, read_rlimit);
  place.get("noNewPrivileges", process.no_new_privileges);
  place.get("oomScoreAdj", process.oom_score_adj);
  place.get("apparmorProfile", process.apparmor_profile);
  place.get("selinuxLabel", process.selinux_label);
  get_optional(place, "scheduler", process.scheduler, read_scheduler);
  get_optional(place, "ioPriority", process.io_priority, read_io_priority);
  get_optional(place, "execCPUAffinity", process.exec_cpu_affinity, read_affinity);
}

void read_hook(const Reader& place, Hook& hook) {
  place.get_required("path", hook.path);
  place.get("args", hook.args);
  place.get("env", hook.env);
  place.get("timeout", hook.timeout_seconds);
}

void read_hooks(const Reader& place, Hooks& hooks) {
  get_list(place, "prestart", hooks.prestart, read_hook);
  get_list(place, "createRuntime", hooks.create_runtime, read_hook);
  get_list(place, "createContainer", hooks.create_container, read_hook);
  get_list(place, "startContainer", hooks.start_container, read_hook);
  get_list(place, "poststart", hooks.poststart, read_hook);
  get_list(place, "poststop", hooks.poststop, read_hook);
}

void read_namespace(const Reader& place, Namespace& ns) {
  const Reader type = place.required("type");
  read_enum(type, ns.type, kNamespaceTypes, "namespace");
  place.get("path", ns.path);
}

void read_device(const Reader& place, Device& device) {
  const Reader type = place.required("type");
  read_name(type, device.type, kDeviceTypes, "device type");
  place.get_required("path", device.path);
  if (device.type == "p") {  // whose numbers mean nothing
    place.get("major", device.major);
    place.get("minor", device.minor);
  } else {
    place.get_required("major", device.major);
    place.get_required("minor", device.minor);
  }
  place.get("fileMode", device.file_mode);
  place.get("uid", device.uid);
  place.get("gid", device.gid);
}

void read_time_offset(const Reader& place, TimeOffset& offset) {
  place.get("secs", offset.secs);
  place.get("nanosecs", offset.nanosecs);
}

void read_seccomp_arg(const Reader& place, SeccompArg& arg) {
  place.get_required("index", arg.index);
  place.get_required("value", arg.value);
  place.get("valueTwo", arg.value_two);
  const Reader op = place.required("op");
  read_enum(op, arg.op, kSeccompOperators, "operator");
}

void read_seccomp_rule(const Reader& place, SeccompRule& rule) {
  place.get_required("names", rule.names);
  const Reader action = place.required("action");
  read_enum(action, rule.action, kSeccompActions, "action");
  place.get("errnoRet", rule.errno_ret);
  get_list(place, "args", rule.args, read_seccomp_arg);
}

/// INV-7: an object without a default action is an error, not a container without a filter.
void read_seccomp(const Reader& place, Seccomp& seccomp) {
  const Reader action = place.required("defaultAction");
  read_enum(action, seccomp.default_action, kSeccompActions, "action");
  place.get("defaultErrnoRet", seccomp.default_errno_ret);
  get_names(place, "architectures", seccomp.architectures, kSeccompArchitectures, "architecture");
  get_names(place, "flags", seccomp.flags, kSeccompFlags, "filter flag");
  place.get("listenerPath", seccomp.listener_path);
  place.get("listenerMetadata", seccomp.listener_metadata);
  get_list(place, "syscalls", seccomp.syscalls, read_seccomp_rule);
}

void read_personality(const Reader& place, Personality& personality) {
  const Reader domain = place.required("domain");
  read_name(domain, personality.domain, kPersonalityDomains, "personality");
  place.get("flags", personality.flags);
}

void read_memory_policy(const Reader& place, MemoryPolicy& policy) {
  const Reader mode = place.required("mode");
  read_name(mode, policy.mode, kMemoryPolicyModes, "memory policy");
  place.get("nodes", policy.nodes);
  get_names(place, "flags", policy.flags, kMemoryPolicyFlags, "flag of a memory policy");
}

void read_intel_rdt(const Reader& place, IntelRdt& rdt) {
  place.get("closID", rdt.clos_id);
  place.get("schemata", rdt.schemata);
  place.get("l3CacheSchema", rdt.l3_cache_schema);
  place.get("memBwSchema", rdt.mem_bw_schema);
  for (const char* key : {"enableMonitoring", "enableCMT", "enableMBM"}) {
    bool is_enabled = false;
    place.get(key, is_enabled);
    rdt.enable_monitoring |= is_enabled;
  }
}

void read_linux(const Reader& place, Linux& linux_) {
  get_list(place, "namespaces", linux_.namespaces, read_namespace);
  get_list(place, "uidMappings", linux_.uid_mappings, read_id_mapping);
  get_list(place, "gidMappings", linux_.gid_mappings, read_id_mapping);
  place.with("timeOffsets", [&](const Reader& offsets) {
    offsets.each_member([&](const std::string& clock, const Reader& offset) {
      read_time_offset(offset, linux_.time_offsets[clock]);
    });
  });
  get_list(place, "devices", linux_.devices, read_device);
  place.get("cgroupsPath", linux_.cgroups_path);
  place.get("sysctl", linux_.sysctl);
  get_optional(place, "seccomp", linux_.seccomp, read_seccomp);
  get_optional(place, "personality", linux_.personality, read_personality);
  place.with("rootfsPropagation", [&](const Reader& propagation) {
    propagation.read(linux_.rootfs_propagation);
    // Go's writers leave an empty string where nothing was chosen.
    if (linux_.rootfs_propagation.empty()) return;
    check_name(propagation, linux_.rootfs_propagation, kRootfsPropagations, "propagation");
  });
  place.get("maskedPaths", linux_.masked_paths);
  place.get("readonlyPaths", linux_.readonly_paths);
  place.get("mountLabel", linux_.mount_label);
  get_optional(place, "resources", linux_.resources, read_resources);
  place.with("netDevices", [&](const Reader& devices) {
    devices.each_member([&](const std::string& name, const Reader& device) {
      device.get("name", linux_.net_devices[name].name);
    });
  });
  get_optional(place, "memoryPolicy", linux_.memory_policy, read_memory_policy);
  get_optional(place, "intelRdt", linux_.intel_rdt, read_intel_rdt);
}

void read_spec(const Reader& document, RuntimeSpec& spec) {
  document.get_required("ociVersion", spec.oci_version);
  document.with("root", [&](const Reader& root) {
    root.get("path", spec.root.path);
    root.get("readonly", spec.root.readonly);
  });
  get_list(document, "mounts", spec.mounts, read_mount);
  get_optional(document, "process", spec.process, read_process);
  document.get("hostname", spec.hostname);
  document.get("domainname", spec.domainname);
  get_optional(document, "hooks", spec.hooks, read_hooks);
  document.get("annotations", spec.annotations);
  document.with("linux", [&](const Reader& place) { read_linux(place, spec.linux_); });
}

}  // namespace

RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  RuntimeSpec spec;
  read_spec(Reader(json, name), spec);
  return spec;
}

Process parse_process(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  Process process;
  read_process(Reader(json, name), process);
  return process;
}

}  // namespace config
