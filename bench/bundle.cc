// SPDX-License-Identifier: Apache-2.0
#include "bench/bundle.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sys/error.h"
#include "sys/format.h"

namespace bench {

namespace {

namespace fs = std::filesystem;

// The parts of the specification that never change. Keep in step with `runc spec --rootless`.
constexpr const char* kProcess = R"json(
    "user": { "uid": 0, "gid": 0 },
    "env": [ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm" ],
    "cwd": "/",
    "capabilities": {
      "bounding": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
      "effective": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
      "permitted": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
      "ambient": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ]
    },
    "rlimits": [ { "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 } ],
    "noNewPrivileges": true)json";

constexpr const char* kMounts = R"json([
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
      "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": [ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" ] },
    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
      "options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] },
    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
      "options": [ "nosuid", "noexec", "nodev" ] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs",
      "options": [ "nosuid", "noexec", "nodev", "ro" ] },
    { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
      "options": [ "nosuid", "noexec", "nodev", "relatime", "ro" ] }
  ])json";

constexpr const char* kPaths = R"json(
    "namespaces": [ { "type": "user" }, { "type": "mount" }, { "type": "pid" }, { "type": "ipc" },
      { "type": "uts" }, { "type": "network" }, { "type": "cgroup" } ],
    "maskedPaths": [ "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
      "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
      "/sys/firmware", "/proc/scsi" ],
    "readonlyPaths": [ "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" ])json";

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::string render(const std::vector<Extent>& extents) {
  std::vector<std::string> items;
  for (const Extent& extent : extents) {
    items.push_back(sys::format(R"({{ "containerID": {}, "hostID": {}, "size": {} }})",
                                extent.container_id, extent.host_id, extent.size));
  }
  return "[ " + join(items) + " ]";
}

std::string render(const Bundle& bundle) {
  std::vector<std::string> args;
  for (const std::string& word : bundle.args) args.push_back('"' + word + '"');
  const std::string seccomp = bundle.seccomp.empty() ? "" : ",\n    \"seccomp\": " + bundle.seccomp;
  return sys::format(R"json({{
  "ociVersion": "1.0.2",
  "process": {{
    "terminal": false,
    "args": [ {} ],{}
  }},
  "root": {{ "path": "{}", "readonly": true }},
  "hostname": "bench",
  "mounts": {},
  "linux": {{
    "uidMappings": {},
    "gidMappings": {},{}{}
  }}
}}
)json",
                     join(args), kProcess, bundle.rootfs, kMounts, render(bundle.uid_mappings),
                     render(bundle.gid_mappings), kPaths, seccomp);
}

}  // namespace

void make_rootfs(const std::string& path, const std::string& busybox, const std::string& payload) {
  for (const char* dir : {"bin", "dev", "proc", "sys", "tmp"}) {
    fs::create_directories(path + "/" + dir);
  }
  fs::copy_file(busybox, path + "/bin/busybox");
  fs::copy_file(payload, path + "/bin/true");
}

void write_bundle(const std::string& dir, const Bundle& bundle) {
  fs::create_directories(dir);
  std::ofstream file(dir + "/config.json");
  file << render(bundle);
  file.close();
  if (!file) throw sys::Error("write " + dir + "/config.json");
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) throw sys::Error("read " + path);
  return text.str();
}

}  // namespace bench
