// SPDX-License-Identifier: Apache-2.0
// What will be done to run a container, with every default resolved and every name a number. Made
// by pure functions out of the specification and the host's facts; carried out by runtime/apply,
// which decides nothing. `tilla-runtime plan BUNDLE` prints it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/cpu_list.h"
#include "config/mount_options.h"
#include "config/runtime_spec.h"
#include "runtime/plan/cgroup_plan.h"
#include "sys/capability.h"
#include "sys/idmap.h"
#include "sys/label.h"
#include "sys/open.h"
#include "sys/scheduling.h"
#include "sys/terminal.h"

namespace runtime {

/// What a plan needs to know of the machine and the caller.
struct HostFacts {
  uid_t uid = 0;
  gid_t gid = 0;
  /// CAP_SETUID and CAP_SETGID: we may write any map of ids that we hold.
  bool can_set_ids = false;
  bool can_raise_limits = false;  // CAP_SYS_RESOURCE in the initial user namespace
  bool is_host_root = false;      // of the initial user namespace
  sys::IdMap own_uids, own_gids;  // of our own user namespace; empty: not looked up
};

/// What the command line asks for.
struct Request {
  std::string id;
  std::string bundle;  // absolute
  bool no_pivot = false;
  bool new_keyring = true;
  unsigned preserved_fds = 0;  // descriptors 3.. that the program gets
  unsigned listen_fds = 0;     // how many of them are socket activation's
  CgroupRequest cgroup = {};
};

struct NamespaceJoin {
  std::string path;
  int type = 0;  // CLONE_NEW*
  bool operator==(const NamespaceJoin&) const = default;
};

/// Who writes the id maps of a new user namespace.
enum class MapWriter {
  kNobody,   // no new user namespace
  kItself,   // the child: its own single id, no word from the parent needed
  kParent,   // we hold the ids
  kHelpers,  // newuidmap and newgidmap
};

struct IdPlan {
  MapWriter writer = MapWriter::kNobody;
  sys::IdMap uids, gids;
  /// Ids that the child takes to set up the container; empty: it stays as it is.
  std::optional<uid_t> setup_uid;
  std::optional<gid_t> setup_gid;
  bool operator==(const IdPlan&) const = default;
};

struct NamespacePlan {
  std::uint64_t made = 0;            // CLONE_NEW*, without the time namespace
  std::vector<NamespaceJoin> joins;  // in the order of joining, without the time namespace
  /// A new network namespace that the parent makes while the child mounts (CLONE_NEWNET is then not
  /// in `made`): it takes as long as the rest of the clone.
  bool network_beside = false;
  bool new_time = false;
  std::string time_offsets;  // the lines of timens_offsets
  std::string joined_time;   // path of a time namespace to join
  bool operator==(const NamespacePlan&) const = default;

  bool has(int type) const;
  /// A new one that the clone itself makes.
  bool makes(int type) const { return (made & static_cast<std::uint64_t>(type)) != 0; }
};

enum class MountKind {
  kBind,        // of a path of the host's
  kFilesystem,  // a new instance
  kSysfs,       // a new one, else the host's, read-only
  kProc,        // a new one, else, in a shared pid namespace, the host's
  kCgroup,      // of our own cgroup namespace, else the host's, read-only
  kRemount,     // other attributes for what is mounted there
};

/// Other ids for a bind: whom the source's files belong to in the container.
struct IdmapStep {
  bool recursive = false;
  sys::IdMap uids, gids;  // both empty: the container's own user namespace's
  bool operator==(const IdmapStep&) const = default;
};

struct MountStep {
  std::string label;  // `mount 3 "/proc"`
  MountKind kind = MountKind::kFilesystem;
  std::string type;
  std::string source;  // of a bind: absolute
  /// `source` is what this descriptor of the caller's is open on, and a path from there on.
  std::optional<int> source_fd;
  std::optional<IdmapStep> idmap;
  sys::RelPath target;
  bool recursive = false;
  bool source_nofollow = false;
  /// No symlink may lead there: kernel file systems, /dev, and whoever asks for it.
  bool target_nofollow = false;
  bool target_is_kernels = false;  // /dev, /proc, /sys
  /// A source that is a symlink becomes one of the container's, and nothing is mounted.
  bool copy_symlink = false;
  bool copy_up = false;
  /// Of cgroups: read-only all the same, unless the container gets its own (CgroupPlan::new_owner).
  bool asks_to_write = false;
  /// A tmpfs has these of the directory that it covers, where there was one.
  bool takes_mode = false, takes_owner = false;
  std::uint64_t attr_set = 0, attr_clear = 0;
  std::uint64_t rec_attr_set = 0, rec_attr_clear = 0;
  std::vector<config::PropagationChange> propagation;
  std::vector<std::string> parameters;
  std::string root_label;  // SELinux's, of the mount's root; others have theirs as a parameter
  bool operator==(const MountStep&) const = default;
};

struct DeviceStep {
  std::string path;  // below /dev or anywhere: from the container's root
  sys::RelPath target;
  char type = 'c';  // c, b, p
  unsigned major = 0, minor = 0;
  mode_t mode = 0666;
  uid_t uid = 0;
  gid_t gid = 0;
  bool is_default = false;
  bool operator==(const DeviceStep&) const = default;
};

/// A path that is hidden, or read-only with all that is mounted below it.
struct MaskStep {
  std::string path;
  sys::RelPath target;
  bool hides = true;
  bool operator==(const MaskStep&) const = default;
};

struct RootPlan {
  std::string path;  // absolute
  bool readonly = false;
  bool has_namespace = true;  // a new mount namespace
  /// The container's mount namespace is the runtime's: the root is built in one that is left again,
  /// and taken along as a tree that is in none, so that nothing is mounted where others see it.
  bool built_aside = false;
  bool no_pivot = false;
  std::uint64_t propagation = 0;  // MS_* of all that is there, before anything is mounted; 0: none
  bool propagation_recursive = false;
  std::uint64_t final_propagation = 0;  // of the container's root, at the end; 0: as it is
  bool final_recursive = false;
  std::vector<MountStep> mounts;
  bool makes_devices = true;  // not when the bundle binds a /dev of its own
  /// The mounts before which the devices are made: no later one concerns /dev.
  std::size_t devices_before = 0;
  bool binds_devices = false;  // in a user namespace nodes can't be made
  std::vector<DeviceStep> devices;
  std::vector<MaskStep> masks;
  /// The first of `masks`, those below /proc, are applied before this mount: no later one concerns
  /// them. The rest comes after all mounts.
  std::size_t early_masks = 0, early_masks_before = 0;
  std::string label;  // SELinux's, of what is mounted; the mounts have it already
  bool operator==(const RootPlan&) const = default;
};

/// Whether the device is the host's, bound. A pipe never is: everybody can make one.
inline bool is_bound(const RootPlan& root, const DeviceStep& device) {
  return root.binds_devices && device.type != 'p';
}

/// A kernel parameter of one of the container's namespaces.
struct SysctlStep {
  std::string name;  // as the bundle writes it
  std::string path;  // below /proc/sys
  std::string value;
  int type = 0;  // CLONE_NEW* of its namespace
  bool operator==(const SysctlStep&) const = default;
};

/// A network device of the host's, and what it is called in the container; "%d" is a free number.
struct NetDeviceStep {
  std::string host_name, name;
  bool operator==(const NetDeviceStep&) const = default;
};

/// A class of service in the resctrl file system.
struct IntelRdtStep {
  std::string name = {};  // empty: the default class
  bool is_own = false;    // of the container's name: made, and removed with it
  bool may_make = false;  // else it must be there
  /// For its schemata file, in this order, a line for each resource.
  std::string combined = {}, schemata = {};
  std::string monitor = {};  // a monitoring group to make in it
  bool operator==(const IntelRdtStep&) const = default;
};

struct LimitStep {
  std::string name;
  int resource = 0;
  std::uint64_t soft = 0, hard = 0;
  bool operator==(const LimitStep&) const = default;
};

struct SchedulerStep {
  std::string policy_name;
  sys::SchedulerAttributes attributes;
  bool operator==(const SchedulerStep&) const = default;
};

struct MemoryPolicyStep {
  std::string name;  // "MPOL_BIND"
  int mode = 0;      // MPOL_* and MPOL_F_*
  std::string node_list;
  config::CpuMask nodes;
  bool operator==(const MemoryPolicyStep&) const = default;
};

/// The program and what it is allowed; the same for a container's init and for an exec.
struct ProcessPlan {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // without HOME when `find_home`
  bool find_home = false;
  std::string cwd;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  mode_t umask = 022;
  std::vector<LimitStep> limits;
  /// The caller may raise hard limits, which the child, in its user namespace, may not.
  bool raises_limits = false;
  sys::CapabilitySets capabilities;
  bool no_new_privileges = false;
  sys::ExecLabels labels;
  std::optional<int> oom_score_adj;
  std::optional<SchedulerStep> scheduler;
  std::optional<int> io_priority;  // class and priority as the kernel packs them
  std::string io_class;
  config::CpuMask initial_cpus, final_cpus;  // of an exec; empty: as they are
  std::optional<unsigned long> personality;
  std::optional<MemoryPolicyStep> memory_policy;
  bool terminal = false;
  std::optional<sys::WindowSize> window;
  std::optional<config::Seccomp> seccomp;
  bool new_keyring = true;
  unsigned preserved_fds = 0;
  bool operator==(const ProcessPlan&) const = default;
};

/// Programs of the bundle's, run around the container's life, and what they are told.
struct HooksPlan {
  config::Hooks hooks;
  std::string id, bundle, oci_version;
  config::StringMap annotations;
  /// The root is built and not entered before these have run.
  bool has_creation() const {
    return !hooks.prestart.empty() || !hooks.create_runtime.empty() ||
           !hooks.create_container.empty();
  }
  /// While the runtime's hooks run, the init lets its owner look into it: they need its namespaces.
  bool shows_init = false;
  /// A failed poststart hook is a warning, as it was before version 1.3 of the specification.
  bool poststart_may_fail = false;
  bool operator==(const HooksPlan&) const = default;
};

struct Plan {
  std::string id;
  std::string bundle;
  NamespacePlan namespaces;
  IdPlan ids;
  CgroupPlan cgroup;
  RootPlan root;
  std::string hostname, domainname;
  std::vector<NetDeviceStep> net_devices;
  std::optional<IntelRdtStep> intel_rdt;
  std::vector<SysctlStep> sysctls;
  HooksPlan hooks;
  ProcessPlan process;
  std::vector<std::string> warnings;
  bool operator==(const Plan&) const = default;
};

/// The whole plan. Errors: whatever `validate` finds, what is not supported yet, by name, and what
/// can't be had on this host.
Plan make_plan(const config::RuntimeSpec& spec, const HostFacts& facts, const Request& request);

/// The plan of one more process in a running container.
ProcessPlan plan_process(const config::Process& process, const config::RuntimeSpec& spec,
                         const HostFacts& facts, std::vector<std::string>& warnings);

/// The plan as text, a line per decision, in the order of doing.
std::string describe(const Plan& plan);
std::string describe(const CgroupPlan& plan);  // nothing when nothing is asked for

// The parts of make_plan.
NamespacePlan plan_namespaces(const config::RuntimeSpec& spec);
IdPlan plan_ids(const config::RuntimeSpec& spec, const HostFacts& facts);
RootPlan plan_root(const config::RuntimeSpec& spec, const Request& request,
                   std::vector<std::string>& warnings);
void plan_scheduling(const config::Process& process, const config::Linux& platform,
                     ProcessPlan& plan);
HooksPlan plan_hooks(const config::RuntimeSpec& spec, const Request& request);
std::vector<SysctlStep> plan_sysctls(const config::RuntimeSpec& spec);
std::vector<DeviceStep> plan_devices(const config::RuntimeSpec& spec);
/// Of a mount of cgroups that asks to be written and is not.
std::string readonly_warning(const MountStep& step);

/// plan: all but the cgroup.
CgroupPlan plan_cgroup(const config::RuntimeSpec& spec, const HostFacts& facts,
                       const Request& request, Plan& plan);

std::optional<IntelRdtStep> plan_intel_rdt(const config::Linux& platform, const std::string& id);
std::optional<IdmapStep> plan_idmap(const config::Mount& mount, const config::Linux& platform,
                                    std::size_t index);

/// The specification's mappings as the kernel's.
sys::IdMap to_map(const std::vector<config::IdMapping>& mappings);

/// CLONE_NEW* of a namespace type.
int clone_flag(config::NamespaceType type);

}  // namespace runtime
