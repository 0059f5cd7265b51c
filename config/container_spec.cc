// SPDX-License-Identifier: Apache-2.0
#include "config/container_spec.h"

#include <algorithm>

#include "config/container_defaults.h"
#include "config/default_seccomp.h"
#include "config/environment.h"
#include "config/process_merge.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::uint32_t kTtyGroup = 5;

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool maps(const std::vector<IdMapping>& map, std::uint32_t id) {
  return map.empty() || std::ranges::any_of(map, [&](const IdMapping& extent) {
           return id >= extent.container_id && id - extent.container_id < extent.size;
         });
}

/// How many ids there are from 0 on without a gap.
std::uint32_t ids_from_zero(std::vector<IdMapping> map) {
  if (map.empty()) return INT32_MAX;
  std::ranges::sort(map, {}, &IdMapping::container_id);
  std::uint32_t next = 0;
  for (const IdMapping& extent : map) {
    if (extent.container_id == next) next += extent.size;
  }
  return std::min<std::uint32_t>(next, INT32_MAX);
}

std::vector<std::string> grant_capabilities(const ContainerOptions& options,
                                            const SpecFacts& facts) {
  std::vector<std::string> granted = default_capabilities();
  if (has(options.dropped_capabilities, "ALL")) granted.clear();
  if (options.is_privileged || has(options.added_capabilities, "ALL")) {
    granted = facts.all_capabilities;
  }
  for (const std::string& name : options.added_capabilities) {
    if (name != "ALL" && !has(granted, name)) granted.push_back(name);
  }
  std::erase_if(granted,
                [&](const std::string& name) { return has(options.dropped_capabilities, name); });
  return granted;
}

/// An image's may be relative: it is below "/", as docker has it.
std::string working_directory(const ContainerConfig& image, const ContainerOptions& options) {
  std::string directory = options.workdir.empty() ? image.working_dir : options.workdir;
  if (!directory.starts_with('/')) directory.insert(0, "/");
  return directory;
}

Process make_process(const ContainerConfig& image, const ContainerOptions& options,
                     const std::vector<std::string>& arguments, const SpecFacts& facts,
                     std::vector<std::string>& warnings) {
  Process process;
  process.terminal = options.has_terminal;
  process.args = merge_program({.image_entrypoint = image.entrypoint,
                                .image_cmd = image.cmd,
                                .entrypoint = options.entrypoint,
                                .arguments = arguments});
  if (options.has_init) process.args.insert(process.args.begin(), "/dev/init");
  std::vector<std::string> given = options.env;
  if (!options.timezone.empty()) given.insert(given.begin(), "TZ=" + options.timezone);
  process.env = merge_environment({.image = image.env,
                                   .given = std::move(given),
                                   .hostname = hostname_of(options, facts.id),
                                   .has_terminal = options.has_terminal},
                                  warnings);
  process.cwd = working_directory(image, options);
  process.user.uid = facts.user.uid;
  process.user.gid = facts.user.gid;
  process.user.umask = options.umask;
  if (facts.may_set_groups) process.user.additional_gids = facts.user.groups;
  const std::vector<std::string> granted = grant_capabilities(options, facts);
  process.capabilities = Capabilities{.bounding = granted,
                                      .effective = granted,
                                      .inheritable = {},
                                      .permitted = granted,
                                      .ambient = {}};
  process.rlimits = options.limits;
  process.no_new_privileges = options.security.no_new_privileges;
  process.oom_score_adj = options.oom_score_adj;
  process.apparmor_profile =
      options.security.apparmor == "unconfined" ? "" : options.security.apparmor;
  return process;
}

void add_namespaces(const ContainerOptions& options, const SpecFacts& facts, Linux& linux_) {
  using enum NamespaceType;
  const auto add = [&](NamespaceType type, const NamespaceRequest& wanted) {
    if (!wanted.is_host) linux_.namespaces.push_back({type, wanted.path});
  };
  add(kMount, {});
  add(kPid, options.pid);
  add(kIpc, options.ipc);
  add(kUts, options.uts);
  add(kCgroup, options.cgroup);
  if (facts.network != NetworkKind::kHost) {
    linux_.namespaces.push_back(
        {kNetwork, facts.network == NetworkKind::kPath ? options.network_path : ""});
  }
  if (facts.uids.empty()) return;
  linux_.namespaces.push_back({kUser, {}});
  linux_.uid_mappings = facts.uids;
  linux_.gid_mappings = facts.gids;
}

void add_sysctls(const ContainerOptions& options, const SpecFacts& facts, Linux& linux_) {
  if (facts.network == NetworkKind::kNone || facts.network == NetworkKind::kPasta) {
    // Of a network namespace of its own: ping(8) without privileges, and any port for any user, as
    // docker has it.
    linux_.sysctl["net.ipv4.ping_group_range"] = sys::format("0 {}", ids_from_zero(facts.gids) - 1);
    linux_.sysctl["net.ipv4.ip_unprivileged_port_start"] = "0";
  }
  for (const auto& [name, value] : options.sysctl) linux_.sysctl[name] = value;
}

std::vector<std::string> without(std::vector<std::string> paths,
                                 const std::vector<std::string>& unmasked) {
  if (has(unmasked, "ALL")) return {};
  std::erase_if(paths, [&](const std::string& path) { return has(unmasked, path); });
  return paths;
}

void add_protection(const ContainerOptions& options, const SpecFacts& facts, RuntimeSpec& spec) {
  const SecurityRequest& security = options.security;
  if (!options.is_privileged) {
    spec.linux_.masked_paths = without(default_masked_paths(), security.unmasked);
    spec.linux_.readonly_paths = without(default_readonly_paths(), security.unmasked);
  }
  for (const std::string& path : security.masked) spec.linux_.masked_paths.push_back(path);
  if (security.seccomp.empty() && !options.is_privileged) {
    spec.linux_.seccomp = default_seccomp(facts.architecture, spec.process->capabilities->bounding);
  } else if (!security.seccomp.empty() && security.seccomp != "unconfined") {
    throw sys::Error("--security-opt seccomp=FILE: not yet: unconfined is there, and the default");
  }
}

void add_resources(const ContainerOptions& options, const SpecFacts& facts, Linux& linux_) {
  Resources resources = options.resources;
  if (facts.is_host_root) {
    if (options.is_privileged) {
      resources.devices = {{.allow = true, .access = "rwm"}};
    } else {
      resources.devices = default_device_rules();
      for (const DeviceRequest& wanted : options.devices) {
        for (const Device& device : facts.devices) {
          if (device.path != wanted.target) continue;
          resources.devices.push_back({.allow = true,
                                       .type = device.type,
                                       .major = device.major,
                                       .minor = device.minor,
                                       .access = wanted.access});
        }
      }
    }
  }
  linux_.devices = facts.devices;
  if (resources != Resources()) linux_.resources = std::move(resources);
}

// What lies deeper comes later, so that nothing covers it.
void sort_by_depth(std::vector<Mount>& mounts) {
  const auto depth = [](const Mount& mount) { return std::ranges::count(mount.destination, '/'); };
  std::ranges::stable_sort(mounts, {}, depth);
}

std::vector<Mount> make_mounts(const ContainerOptions& options, const SpecFacts& facts) {
  std::vector<Mount> mounts = kernel_mounts({.shm_bytes = options.shm_bytes,
                                             .has_tty_group = maps(facts.gids, kTtyGroup),
                                             .is_host_network = facts.network == NetworkKind::kHost,
                                             .is_host_pid = options.pid.is_host,
                                             .is_host_ipc = options.ipc.is_host,
                                             .is_cgroup_writable = options.is_privileged});
  std::vector<Mount> own = facts.mounts;
  const auto is_taken = [&](std::string_view path) {
    return std::ranges::find(own, path, &Mount::destination) != own.end();
  };
  if (options.is_read_only && options.has_read_only_tmpfs) {
    for (const char* path : {"/run", "/tmp", "/var/tmp"}) {
      if (is_taken(path)) continue;
      own.push_back({.destination = path,
                     .type = "tmpfs",
                     .source = "tmpfs",
                     .options = {"nosuid", "nodev", "tmpcopyup"},
                     .uid_mappings = {},
                     .gid_mappings = {}});
    }
  }
  sort_by_depth(own);
  // A volume on /dev/shm takes the place of ours.
  std::erase_if(mounts, [&](const Mount& mount) { return is_taken(mount.destination); });
  if (options.has_init) {
    mounts.push_back({.destination = "/dev/init",
                      .type = "bind",
                      .source = facts.init,
                      .options = {"bind", "ro", "nosuid", "nodev"},
                      .uid_mappings = {},
                      .gid_mappings = {}});
  }
  mounts.insert(mounts.end(), std::make_move_iterator(own.begin()),
                std::make_move_iterator(own.end()));
  return mounts;
}

}  // namespace

std::string hostname_of(const ContainerOptions& options, const std::string& id) {
  return options.hostname.empty() ? id.substr(0, kShortId) : options.hostname;
}

Mount make_bind(const std::string& source, const std::string& destination,
                const VolumeRequest& wanted) {
  Mount mount;
  mount.destination = destination;
  mount.type = "bind";
  mount.source = source;
  mount.options = {wanted.is_recursive ? "rbind" : "bind",
                   wanted.propagation.empty() ? "rprivate" : wanted.propagation};
  // Read-only is recursive, or what is mounted below would stay writable.
  if (wanted.is_read_only) mount.options.emplace_back(wanted.is_recursive ? "rro" : "ro");
  mount.options.insert(mount.options.end(), wanted.options.begin(), wanted.options.end());
  return mount;
}

ContainerSpec make_container_spec(const ContainerConfig& image, const ContainerOptions& options,
                                  const std::vector<std::string>& arguments,
                                  const SpecFacts& facts) {
  ContainerSpec made;
  RuntimeSpec& spec = made.spec;
  spec.oci_version = "1.3.0";
  spec.root = {.path = facts.root, .readonly = options.is_read_only};
  spec.process = make_process(image, options, arguments, facts, made.warnings);
  if (!options.uts.is_host && options.uts.path.empty()) {
    spec.hostname = hostname_of(options, facts.id);
    spec.domainname = options.domainname;
  }
  spec.mounts = make_mounts(options, facts);
  spec.annotations = options.annotations;
  add_namespaces(options, facts, spec.linux_);
  add_sysctls(options, facts, spec.linux_);
  add_protection(options, facts, spec);
  add_resources(options, facts, spec.linux_);
  return made;
}

}  // namespace config
