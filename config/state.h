// SPDX-License-Identifier: Apache-2.0
// What the runtime tells of a container (`state`, `list`) and what it remembers of one (the record
// under its state directory). The words are runc's, since its callers parse them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

/// One container as `state` and `list --format json` print it.
struct ContainerState {
  std::string oci_version;
  std::string id;
  int pid = 0;         // 0 once stopped
  std::string status;  // "creating", "created", "running", "paused", "stopped"
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339 with nanoseconds, UTC: format_time
  StringMap annotations;
  std::string owner;  // a user's name; runc's `state` leaves it empty, its `list` fills it
  bool operator==(const ContainerState&) const = default;
};

/// What `state` prints, indented by two spaces; no final newline, as runc.
std::string write_state(const ContainerState& state);

/// What `list --format json` prints: one line with its newline; "null" without containers, as runc.
std::string write_state_list(const std::vector<ContainerState>& states);

/// What hooks get: the specification's fields alone, on one line.
std::string write_hook_state(const ContainerState& state);

/// What a seccomp agent gets with the listener of process `pid`. Source: config-linux.md, "The
/// Container Process State".
std::string write_process_state(const ContainerState& container, int pid,
                                const std::string& metadata);

/// `time` as Go's RFC3339Nano in UTC: "2026-11-03T10:00:00.5Z".
std::string format_time(std::chrono::sys_time<std::chrono::nanoseconds> time);

/// What the runtime remembers of a container. Stored; see docs/.
struct Record {
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::string oci_version;
  int pid = 0;              // of the container's init, 0 before there is one
  uint64_t start_time = 0;  // field 22 of /proc/PID/stat: tells a reused pid
  std::string created;
  uint32_t owner_uid = 0;
  std::vector<NamespaceType> namespaces;  // those the container doesn't share with its creator
  StringMap annotations;
  bool no_pivot = false;
  bool has_hooks = false;      // in its config.json
  bool has_intel_rdt = false;  // the same
  bool has_agent = false;      // its seccomp profile has rules that notify one
  bool operator==(const Record&) const = default;
};

std::string write_record(const Record& record);

/// Where the container's cgroup is: written down before it is made. Stored; see docs/.
struct CgroupRecord {
  std::string driver;  // "unified", or "legacy" for cgroup v1
  std::string path;    // from the root of the mount, "/a/b"
  std::string unit;    // systemd's, "tilla-web.scope"; empty: we made the directory
  // What nobody else's unit or directory has, though it took the name since; of `unit` alone:
  std::string invocation = {};  // systemd's id of it
  std::uint64_t inode = 0;      // of the directory
  bool of_user = false;         // that systemd is the user's own
  StringMap hierarchies;        // legacy: the path by controller, where it isn't `path`
  bool operator==(const CgroupRecord&) const = default;
};

std::string write_cgroup_record(const CgroupRecord& record);
CgroupRecord parse_cgroup_record(const std::string& text, const std::string& name);

/// Errors: a field that is missing, unknown or of the wrong type; a version that we don't know.
Record parse_record(const std::string& text, const std::string& name);

}  // namespace config
