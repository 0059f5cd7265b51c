// SPDX-License-Identifier: Apache-2.0
// What `spec` writes. Scripts and test suites edit this document with jq, so it is runc's, member
// by member, with our version of the specification. Source: `runc spec` and `runc spec --rootless`
// of runc 1.1.5.
#include "config/runtime_spec.h"

namespace config {
namespace {

std::vector<std::string> default_capabilities() {
  return {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
}

Process default_process() {
  const std::vector<std::string> granted = default_capabilities();
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  process.capabilities = Capabilities{.bounding = granted,
                                      .effective = granted,
                                      .inheritable = {},
                                      .permitted = granted,
                                      .ambient = granted};
  process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
  process.no_new_privileges = true;
  return process;
}

Mount make_mount(const char* destination, const char* type, const char* source,
                 std::vector<std::string> options) {
  return {.destination = destination,
          .type = type,
          .source = source,
          .options = std::move(options),
          .uid_mappings = {},
          .gid_mappings = {}};
}

/// What both kinds share: everything but the terminal's group, /sys, cgroups and the namespaces.
RuntimeSpec common_spec() {
  RuntimeSpec spec;
  spec.oci_version = "1.3.0";
  spec.process = default_process();
  spec.root = {.path = "rootfs", .readonly = true};
  spec.hostname = "runc";
  spec.mounts = {
      make_mount("/proc", "proc", "proc", {}),
      make_mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      make_mount("/dev/pts", "devpts", "devpts",
                 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}),
      make_mount("/dev/shm", "tmpfs", "shm",
                 {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      make_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
  };
  spec.linux_.masked_paths = {
      "/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
      "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
      "/sys/firmware",       "/proc/scsi",
  };
  spec.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                "/proc/sysrq-trigger"};
  return spec;
}

void add_namespaces(RuntimeSpec& spec, std::initializer_list<NamespaceType> types) {
  for (const NamespaceType type : types) spec.linux_.namespaces.push_back({type, {}});
}

}  // namespace

RuntimeSpec default_runtime_spec() {
  using enum NamespaceType;
  RuntimeSpec spec = common_spec();
  for (Mount& mount : spec.mounts) {
    if (mount.destination == "/dev/pts") mount.options.emplace_back("gid=5");
  }
  spec.mounts.push_back(make_mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  spec.mounts.push_back(make_mount("/sys/fs/cgroup", "cgroup", "cgroup",
                                   {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  spec.linux_.resources.emplace().devices = {{.allow = false, .access = "rwm"}};
  add_namespaces(spec, {kPid, kNetwork, kIpc, kUts, kMount});
  return spec;
}

RuntimeSpec default_rootless_spec(uint32_t host_uid, uint32_t host_gid) {
  using enum NamespaceType;
  RuntimeSpec spec = common_spec();
  // A new sysfs needs a network namespace of one's own, which this document doesn't ask for.
  spec.mounts.push_back(
      make_mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
  spec.mounts.push_back(make_mount("/sys/fs/cgroup", "cgroup", "cgroup",
                                   {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  spec.linux_.uid_mappings = {{.container_id = 0, .host_id = host_uid, .size = 1}};
  spec.linux_.gid_mappings = {{.container_id = 0, .host_id = host_gid, .size = 1}};
  add_namespaces(spec, {kPid, kIpc, kUts, kMount, kUser});
  return spec;
}

}  // namespace config
