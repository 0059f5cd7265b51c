// SPDX-License-Identifier: Apache-2.0
// From the structs to JSON: the members in the order of the specification's Go structs, which is
// the order that runc writes, and each left out where those say `omitempty`.
#include <algorithm>

#include "config/json_object.h"
#include "config/names.h"
#include "config/resources_json.h"
#include "config/runtime_spec.h"

namespace config {

// Static, since JsonObject finds these by the namespace of their argument: an unnamed namespace
// would hide them.

template <typename T, size_t N>
static Json name_to_json(T value, const NamedValue<T> (&known)[N]) {
  return {std::string(std::ranges::find(known, value, &NamedValue<T>::value)->name)};
}

static Json to_json(const IdMapping& mapping) {
  return JsonObject()
      .add("containerID", mapping.container_id)
      .add("hostID", mapping.host_id)
      .add("size", mapping.size)
      .take();
}

static Json to_json(const Root& root) {
  return JsonObject().add("path", root.path).add_unless_empty("readonly", root.readonly).take();
}

static Json to_json(const Mount& mount) {
  return JsonObject()
      .add("destination", mount.destination)
      .add_unless_empty("type", mount.type)
      .add_unless_empty("source", mount.source)
      .add_unless_empty("options", mount.options)
      .add_unless_empty("uidMappings", mount.uid_mappings)
      .add_unless_empty("gidMappings", mount.gid_mappings)
      .take();
}

static Json to_json(const ConsoleSize& size) {
  return JsonObject().add("height", size.height).add("width", size.width).take();
}

static Json to_json(const User& user) {
  return JsonObject()
      .add("uid", user.uid)
      .add("gid", user.gid)
      .add_unless_empty("umask", user.umask)
      .add_unless_empty("additionalGids", user.additional_gids)
      .take();
}

static Json to_json(const Rlimit& rlimit) {
  return JsonObject()
      .add("type", rlimit.type)
      .add("hard", rlimit.hard)
      .add("soft", rlimit.soft)
      .take();
}

static Json to_json(const Capabilities& capabilities) {
  return JsonObject()
      .add_unless_empty("bounding", capabilities.bounding)
      .add_unless_empty("effective", capabilities.effective)
      .add_unless_empty("inheritable", capabilities.inheritable)
      .add_unless_empty("permitted", capabilities.permitted)
      .add_unless_empty("ambient", capabilities.ambient)
      .take();
}

static Json to_json(const Scheduler& scheduler) {
  return JsonObject()
      .add("policy", scheduler.policy)
      .add_unless_empty("nice", scheduler.nice)
      .add_unless_empty("priority", scheduler.priority)
      .add_unless_empty("flags", scheduler.flags)
      .add_unless_empty("runtime", scheduler.runtime)
      .add_unless_empty("deadline", scheduler.deadline)
      .add_unless_empty("period", scheduler.period)
      .take();
}

static Json to_json(const IoPriority& priority) {
  return JsonObject().add("class", priority.io_class).add("priority", priority.priority).take();
}

static Json to_json(const ExecCpuAffinity& affinity) {
  return JsonObject()
      .add_unless_empty("initial", affinity.initial)
      .add_unless_empty("final", affinity.final_)
      .take();
}

static Json to_json(const Process& process) {
  return JsonObject()
      .add_unless_empty("terminal", process.terminal)
      .add_unless_empty("consoleSize", process.console_size)
      .add("user", process.user)
      .add_unless_empty("args", process.args)
      .add_unless_empty("env", process.env)
      .add("cwd", process.cwd)
      .add_unless_empty("capabilities", process.capabilities)
      .add_unless_empty("rlimits", process.rlimits)
      .add_unless_empty("noNewPrivileges", process.no_new_privileges)
      .add_unless_empty("apparmorProfile", process.apparmor_profile)
      .add_unless_empty("oomScoreAdj", process.oom_score_adj)
      .add_unless_empty("scheduler", process.scheduler)
      .add_unless_empty("selinuxLabel", process.selinux_label)
      .add_unless_empty("ioPriority", process.io_priority)
      .add_unless_empty("execCPUAffinity", process.exec_cpu_affinity)
      .take();
}

static Json to_json(const Hook& hook) {
  return JsonObject()
      .add("path", hook.path)
      .add_unless_empty("args", hook.args)
      .add_unless_empty("env", hook.env)
      .add_unless_empty("timeout", hook.timeout_seconds)
      .take();
}

static Json to_json(const Hooks& hooks) {
  return JsonObject()
      .add_unless_empty("prestart", hooks.prestart)
      .add_unless_empty("createRuntime", hooks.create_runtime)
      .add_unless_empty("createContainer", hooks.create_container)
      .add_unless_empty("startContainer", hooks.start_container)
      .add_unless_empty("poststart", hooks.poststart)
      .add_unless_empty("poststop", hooks.poststop)
      .take();
}

static Json to_json(const Namespace& ns) {
  return JsonObject()
      .add_json("type", name_to_json(ns.type, kNamespaceTypes))
      .add_unless_empty("path", ns.path)
      .take();
}

static Json to_json(const Device& device) {
  return JsonObject()
      .add("path", device.path)
      .add("type", device.type)
      .add("major", device.major)
      .add("minor", device.minor)
      .add_unless_empty("fileMode", device.file_mode)
      .add_unless_empty("uid", device.uid)
      .add_unless_empty("gid", device.gid)
      .take();
}

static Json to_json(const TimeOffset& offset) {
  return JsonObject()
      .add_unless_empty("secs", offset.secs)
      .add_unless_empty("nanosecs", offset.nanosecs)
      .take();
}

static Json to_json(const SeccompArg& arg) {
  return JsonObject()
      .add("index", arg.index)
      .add("value", arg.value)
      .add_unless_empty("valueTwo", arg.value_two)
      .add_json("op", name_to_json(arg.op, kSeccompOperators))
      .take();
}

static Json to_json(const SeccompRule& rule) {
  return JsonObject()
      .add("names", rule.names)
      .add_json("action", name_to_json(rule.action, kSeccompActions))
      .add_unless_empty("errnoRet", rule.errno_ret)
      .add_unless_empty("args", rule.args)
      .take();
}

static Json to_json(const Seccomp& seccomp) {
  return JsonObject()
      .add_json("defaultAction", name_to_json(seccomp.default_action, kSeccompActions))
      .add_unless_empty("defaultErrnoRet", seccomp.default_errno_ret)
      .add_unless_empty("architectures", seccomp.architectures)
      .add_unless_empty("flags", seccomp.flags)
      .add_unless_empty("listenerPath", seccomp.listener_path)
      .add_unless_empty("listenerMetadata", seccomp.listener_metadata)
      .add_unless_empty("syscalls", seccomp.syscalls)
      .take();
}

static Json to_json(const Personality& personality) {
  return JsonObject()
      .add("domain", personality.domain)
      .add_unless_empty("flags", personality.flags)
      .take();
}

static Json to_json(const NetDevice& device) {
  return JsonObject().add_unless_empty("name", device.name).take();
}

static Json to_json(const MemoryPolicy& policy) {
  return JsonObject()
      .add("mode", policy.mode)
      .add_unless_empty("nodes", policy.nodes)
      .add_unless_empty("flags", policy.flags)
      .take();
}

static Json to_json(const IntelRdt& rdt) {
  return JsonObject()
      .add_unless_empty("closID", rdt.clos_id)
      .add_unless_empty("schemata", rdt.schemata)
      .add_unless_empty("l3CacheSchema", rdt.l3_cache_schema)
      .add_unless_empty("memBwSchema", rdt.mem_bw_schema)
      .add_unless_empty("enableMonitoring", rdt.enable_monitoring)
      .take();
}

static Json to_json(const Linux& linux_) {
  JsonObject object;
  object.add_unless_empty("uidMappings", linux_.uid_mappings)
      .add_unless_empty("gidMappings", linux_.gid_mappings)
      .add_unless_empty("sysctl", linux_.sysctl)
      .add_unless_empty("resources", linux_.resources)
      .add_unless_empty("cgroupsPath", linux_.cgroups_path)
      .add_unless_empty("namespaces", linux_.namespaces)
      .add_unless_empty("devices", linux_.devices)
      .add_unless_empty("netDevices", linux_.net_devices)
      .add_unless_empty("seccomp", linux_.seccomp)
      .add_unless_empty("personality", linux_.personality)
      .add_unless_empty("rootfsPropagation", linux_.rootfs_propagation)
      .add_unless_empty("maskedPaths", linux_.masked_paths)
      .add_unless_empty("readonlyPaths", linux_.readonly_paths)
      .add_unless_empty("mountLabel", linux_.mount_label)
      .add_unless_empty("intelRdt", linux_.intel_rdt)
      .add_unless_empty("memoryPolicy", linux_.memory_policy);
  return object.add_unless_empty("timeOffsets", linux_.time_offsets).take();
}

std::string write_runtime_spec(const RuntimeSpec& spec) {
  const Json json = JsonObject()
                        .add("ociVersion", spec.oci_version)
                        .add_unless_empty("process", spec.process)
                        .add_unless_empty("root", spec.root)
                        .add_unless_empty("hostname", spec.hostname)
                        .add_unless_empty("domainname", spec.domainname)
                        .add_unless_empty("mounts", spec.mounts)
                        .add_unless_empty("hooks", spec.hooks)
                        .add_unless_empty("annotations", spec.annotations)
                        .add_unless_empty("linux", spec.linux_)
                        .take();
  return write_json(json, "\t");
}

std::string write_process(const Process& process) { return write_json(to_json(process), "\t"); }

const char* name_of(NamespaceType type) {
  // The tables are made of literals, so each name ends with a NUL.
  return std::ranges::find(kNamespaceTypes, type, &NamedValue<NamespaceType>::value)->name.data();
}

}  // namespace config
