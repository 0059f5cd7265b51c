// SPDX-License-Identifier: Apache-2.0
// What the flags of `create` and `run` mean, as typed values; every word is checked here, and
// nothing of the machine is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/container_flags.h"
#include "config/port_mapping.h"
#include "config/runtime_spec.h"

namespace config {

enum class VolumeKind { kBind, kVolume, kTmpfs };

struct VolumeRequest {
  VolumeKind kind = VolumeKind::kBind;
  std::string source = {};  // a path of the host's, or a volume's name; empty: an anonymous volume
  std::string target = {};
  bool is_read_only = false, takes_owner = false /* U */, is_overlay = false /* O */;
  bool copies_up = true;                  // of volumes: the image's files, when it is empty
  bool is_recursive = true;               // of binds
  std::string propagation = {};           // of binds; empty: rprivate
  std::vector<std::string> options = {};  // nosuid, noexec, size=... : as mounts take them
  bool operator==(const VolumeRequest&) const = default;
};

enum class NetworkKind { kNone, kHost, kPath, kPasta, kDefault };
/// "private", "host", "ns:PATH".
struct NamespaceRequest {
  bool is_host = false;
  std::string path = {};
  bool operator==(const NamespaceRequest&) const = default;
};

struct DeviceRequest {
  std::string source, target, access = "rwm";
  bool operator==(const DeviceRequest&) const = default;
};

struct SecurityRequest {
  bool no_new_privileges = false;
  std::string seccomp = {};  // empty: the default; "unconfined"; else the profile's text
  std::string apparmor = {}, selinux = {};
  std::vector<std::string> masked = {}, unmasked = {};  // paths; "ALL" among unmasked: all of them
  bool operator==(const SecurityRequest&) const = default;
};

struct HostLine {
  std::string name, address;
  bool operator==(const HostLine&) const = default;
};

enum class RestartKind { kNo, kOnFailure, kAlways, kUnlessStopped };

struct MonitorRequest {
  RestartKind restart = RestartKind::kNo;
  std::uint32_t restarts = 0;  // at most, of kOnFailure; 0: no limit
  bool has_log = true, has_health_check = true;
  std::uint64_t log_bytes = 0;  // of a file; 0: no limit
  std::uint32_t log_files = 1;
  std::string health_command = {};  // a line of shell; empty: the image's
  // Nanoseconds; 0: the image's, or the default.
  std::int64_t health_interval = 0, health_timeout = 0, health_start_period = 0;
  std::uint32_t health_retries = 0;
  bool operator==(const MonitorRequest&) const = default;
};

struct ContainerOptions {
  std::optional<std::string> entrypoint = {};
  std::vector<std::string> env = {};
  std::string workdir = {}, user = {}, hostname = {}, domainname = {}, timezone = {};
  std::vector<std::string> added_groups = {};
  std::optional<std::uint32_t> umask = {};
  bool has_terminal = false, is_interactive = false, is_removed = false;
  StringMap labels = {}, annotations = {}, sysctl = {};
  bool is_read_only = false, has_read_only_tmpfs = true, is_privileged = false;
  std::uint64_t shm_bytes = 0;
  std::string rootfs = {};
  bool is_rootfs_overlay = false;
  std::vector<VolumeRequest> volumes = {};
  std::vector<DeviceRequest> devices = {};
  NetworkKind network = NetworkKind::kDefault;
  std::string network_path = {};
  std::vector<PortMapping> ports = {};
  std::vector<ExposedPort> exposed_ports = {};  // by the flags
  bool publishes_all = false;
  std::vector<std::string> dns = {}, dns_search = {}, dns_options = {};
  std::vector<HostLine> hosts = {};
  std::vector<std::string> added_capabilities = {}, dropped_capabilities = {};  // "CAP_X", "ALL"
  SecurityRequest security = {};
  NamespaceRequest pid = {}, ipc = {}, uts = {}, cgroup = {};
  bool is_host_userns = false;
  std::vector<Rlimit> limits = {};
  Resources resources = {};
  std::optional<std::int32_t> oom_score_adj = {};
  std::string stop_signal = {};
  std::optional<int> stop_timeout = {};
  bool has_init = false;
  MonitorRequest monitor = {};
};

/// Errors: names the flag and the word: invalid argument "x" for "--cpus" flag: why.
ContainerOptions read_options(const ContainerFlags& flags);

// ---------------------------------------------------------------------------- its parts

/// `-v WORD`: [SOURCE:]TARGET[:OPTIONS]. Errors: what is wrong with it.
VolumeRequest parse_volume(const std::string& word);
/// `--mount WORD`: type=bind,source=...,target=... as docker has them.
VolumeRequest parse_mount(const std::string& word);
/// `--tmpfs WORD`: TARGET[:OPTIONS].
VolumeRequest parse_tmpfs(const std::string& word);
/// Letters, digits, "_", ".", "-"; two at least, the first a letter or digit.
bool is_volume_name(std::string_view text);

/// "512m", "1.5g", "64k", "10b", "100": bytes, powers of 1024. Source: go-units, RAMInBytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// "nofile=1024:2048", "core=-1". Source: go-units, ParseUlimit. Errors: says why.
Rlimit parse_ulimit(const std::string& word);
/// "sys_admin", "CAP_SYS_ADMIN" and "ALL" are CAP_SYS_ADMIN and ALL. Errors: nobody knows it.
std::string parse_capability(const std::string& word);
void read_security(const std::vector<std::string>& words, SecurityRequest& security);
Resources read_resources(const ContainerFlags& flags);
MonitorRequest read_monitor(const ContainerFlags& flags);

}  // namespace config
