// SPDX-License-Identifier: Apache-2.0
#include "config/container_defaults.h"

#include "sys/format.h"

namespace config {
namespace {

Mount make_mount(const char* destination, const char* type, const char* source,
                 std::vector<std::string> options) {
  return {.destination = destination,
          .type = type,
          .source = source,
          .options = std::move(options),
          .uid_mappings = {},
          .gid_mappings = {}};
}

}  // namespace

std::vector<std::string> default_capabilities() {
  return {"CAP_CHOWN",  "CAP_DAC_OVERRIDE",     "CAP_FOWNER",      "CAP_FSETID",  "CAP_KILL",
          "CAP_SETGID", "CAP_SETUID",           "CAP_SETPCAP",     "CAP_NET_RAW", "CAP_SYS_CHROOT",
          "CAP_MKNOD",  "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE", "CAP_SETFCAP"};
}

std::vector<std::string> default_masked_paths() {
  return {"/proc/acpi",        "/proc/asound",  "/proc/interrupts",
          "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
          "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
          "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
}

std::vector<std::string> default_readonly_paths() {
  return {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

std::vector<DeviceRule> default_device_rules() {
  return {{.allow = false, .access = "rwm"},
          {.allow = true, .type = "c", .access = "m"},
          {.allow = true, .type = "b", .access = "m"}};
}

std::vector<Mount> kernel_mounts(const KernelMounts& wanted) {
  std::vector<Mount> mounts;
  if (wanted.is_host_pid) {
    mounts.push_back(make_mount("/proc", "bind", "/proc", {"rbind", "nosuid", "noexec", "nodev"}));
  } else {
    mounts.push_back(make_mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  }
  mounts.push_back(
      make_mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  mounts.push_back(make_mount("/dev/pts", "devpts", "devpts",
                              {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}));
  if (wanted.has_tty_group) mounts.back().options.emplace_back("gid=5");
  if (wanted.is_host_network) {
    mounts.push_back(
        make_mount("/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", "rro"}));
  } else {
    mounts.push_back(make_mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  }
  mounts.push_back(
      make_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime"}));
  if (!wanted.is_cgroup_writable) mounts.back().options.emplace_back("ro");
  if (wanted.is_host_ipc) {
    mounts.push_back(
        make_mount("/dev/mqueue", "bind", "/dev/mqueue", {"bind", "nosuid", "noexec", "nodev"}));
    mounts.push_back(
        make_mount("/dev/shm", "bind", "/dev/shm", {"bind", "nosuid", "noexec", "nodev"}));
    return mounts;
  }
  mounts.push_back(make_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(make_mount(
      "/dev/shm", "tmpfs", "shm",
      {"nosuid", "noexec", "nodev", "mode=1777", sys::format("size={}", wanted.shm_bytes)}));
  return mounts;
}

}  // namespace config
