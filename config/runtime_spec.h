// SPDX-License-Identifier: Apache-2.0
// The OCI runtime specification's config.json (1.0.0 to 1.3.x, the Linux part) as plain values.
// Fields keep the specification's names in snake_case; what a document leaves out is empty.
// Source: opencontainers/runtime-spec, config.md and config-linux.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/resources.h"

namespace config {

using StringMap = std::map<std::string, std::string>;

struct Root {
  std::string path;
  bool readonly = false;
  bool operator==(const Root&) const = default;
};

struct IdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  bool operator==(const Mount&) const = default;
};

struct ConsoleSize {
  uint32_t height = 0;
  uint32_t width = 0;
  bool operator==(const ConsoleSize&) const = default;
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
  bool operator==(const User&) const = default;
};

struct Rlimit {
  std::string type;  // "RLIMIT_NOFILE"
  uint64_t soft = 0;
  uint64_t hard = 0;
  bool operator==(const Rlimit&) const = default;
};

/// Names as written, "CAP_KILL"; names that nobody knows are kept, the plan warns of them.
struct Capabilities {
  std::vector<std::string> bounding, effective, inheritable, permitted, ambient;
  bool operator==(const Capabilities&) const = default;
};

struct Scheduler {
  std::string policy;  // "SCHED_OTHER"
  int32_t nice = 0;
  int32_t priority = 0;
  std::vector<std::string> flags;
  uint64_t runtime = 0, deadline = 0, period = 0;
  bool operator==(const Scheduler&) const = default;
};

struct IoPriority {
  std::string io_class;  // JSON "class": "IOPRIO_CLASS_BE"
  int32_t priority = 0;
  bool operator==(const IoPriority&) const = default;
};

struct ExecCpuAffinity {
  std::string initial;
  std::string final_;  // JSON "final"
  bool operator==(const ExecCpuAffinity&) const = default;
};

struct Process {
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::optional<int32_t> oom_score_adj;
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::optional<ExecCpuAffinity> exec_cpu_affinity;
  bool operator==(const Process&) const = default;
};

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<int64_t> timeout_seconds;
  bool operator==(const Hook&) const = default;
};

struct Hooks {
  std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart,
      poststop;
  bool operator==(const Hooks&) const = default;
};

enum class NamespaceType { kPid, kNetwork, kMount, kIpc, kUts, kUser, kCgroup, kTime };

struct Namespace {
  NamespaceType type = NamespaceType::kPid;
  std::string path;  // empty: a new one
  bool operator==(const Namespace&) const = default;
};

struct Device {
  std::string type;  // "c", "b", "u", "p"
  std::string path;
  int64_t major = 0;
  int64_t minor = 0;
  std::optional<uint32_t> file_mode = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  bool operator==(const Device&) const = default;
};

struct TimeOffset {
  int64_t secs = 0;
  uint32_t nanosecs = 0;
  bool operator==(const TimeOffset&) const = default;
};

enum class SeccompOperator { kNe, kLt, kLe, kEq, kGe, kGt, kMaskedEq };

struct SeccompArg {
  uint32_t index = 0;
  uint64_t value = 0;
  uint64_t value_two = 0;
  SeccompOperator op = SeccompOperator::kEq;
  bool operator==(const SeccompArg&) const = default;
};

enum class SeccompAction {
  kKillThread,  // SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD
  kKillProcess,
  kTrap,
  kErrno,
  kTrace,
  kAllow,
  kLog,
  kNotify,
};

struct SeccompRule {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::kAllow;
  std::optional<uint32_t> errno_ret;
  std::vector<SeccompArg> args;
  bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
  SeccompAction default_action = SeccompAction::kErrno;
  std::optional<uint32_t> default_errno_ret;
  std::vector<std::string> architectures;  // "SCMP_ARCH_X86_64"
  std::vector<std::string> flags;          // "SECCOMP_FILTER_FLAG_LOG"
  std::string listener_path;
  std::string listener_metadata;
  std::vector<SeccompRule> syscalls;
  bool operator==(const Seccomp&) const = default;
};

struct Personality {
  std::string domain;  // "LINUX", "LINUX32"
  std::vector<std::string> flags;
  bool operator==(const Personality&) const = default;
};

/// A network device of the host's that is moved into the container.
struct NetDevice {
  std::string name;  // in the container; empty: as on the host; one "%d" in it stands for a number
  bool operator==(const NetDevice&) const = default;
};

struct MemoryPolicy {
  std::string mode;  // "MPOL_BIND"
  std::string nodes;
  std::vector<std::string> flags;  // "MPOL_F_STATIC_NODES"
  bool operator==(const MemoryPolicy&) const = default;
};

struct IntelRdt {
  std::string clos_id = {};  // empty: of the container's own name; "/": the default class
  std::vector<std::string> schemata = {};
  std::string l3_cache_schema = {};
  std::string mem_bw_schema = {};
  bool enable_monitoring = false;  // as well what enableCMT and enableMBM asked for before 1.3
  bool operator==(const IntelRdt&) const = default;
};

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  std::map<std::string, TimeOffset> time_offsets;  // "monotonic", "boottime"
  std::vector<Device> devices;
  std::string cgroups_path;
  StringMap sysctl;
  std::optional<Seccomp> seccomp;
  std::optional<Personality> personality;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<Resources> resources;
  std::map<std::string, NetDevice> net_devices;  // by their names on the host
  std::optional<MemoryPolicy> memory_policy;
  std::optional<IntelRdt> intel_rdt;
  bool operator==(const Linux&) const = default;
};

struct RuntimeSpec {
  std::string oci_version;
  Root root;
  std::vector<Mount> mounts;
  std::optional<Process> process;
  std::string hostname;
  std::string domainname;
  std::optional<Hooks> hooks;
  StringMap annotations;
  Linux linux_;  // JSON "linux"; the plain word is a macro of GNU compilers
  bool operator==(const RuntimeSpec&) const = default;
};

/// Reads a whole config.json. `name` is what errors call it, usually the path.
/// Unknown properties are ignored, as the specification demands.
/// Errors: every wrong value, with a JSON pointer:
/// `config.json: /process/rlimits/0/type: unknown limit "RLIMIT_FOO"`.
RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& name);

/// Reads a single `process` object, as `exec --process FILE` gets it. Pointers start at the object.
Process parse_process(const std::string& text, const std::string& name);

/// The document as JSON, indented by tabs as runc's `spec` writes it; members that are empty are
/// left out, as the specification's own `omitempty` has them. parse(write(x)) == x. No final
/// newline, as runc's.
std::string write_runtime_spec(const RuntimeSpec& spec);
std::string write_process(const Process& process);

/// Every problem that can be seen without looking at the machine, each as "/json/pointer: reason";
/// empty when there is none. parse_runtime_spec has checked types and names of enumerations.
std::vector<std::string> validate(const RuntimeSpec& spec);
/// The same for the process of an `exec`; pointers start with "/process".
std::vector<std::string> validate_process(const Process& process);

/// runc's default configuration (`runc spec`, `runc spec --rootless`), field by field.
RuntimeSpec default_runtime_spec();
RuntimeSpec default_rootless_spec(uint32_t host_uid, uint32_t host_gid);

/// The name of a namespace as the specification writes it: "pid", "network", ...
const char* name_of(NamespaceType type);

}  // namespace config
