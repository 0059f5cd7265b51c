// SPDX-License-Identifier: Apache-2.0
// The part of validate() that is about what a container takes of the machine beside its cgroup:
// network devices, memory nodes, classes of Intel's Resource Director.
#include <algorithm>
#include <cctype>
#include <map>

#include "config/cpu_list.h"
#include "config/json.h"
#include "config/problems.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr size_t kMaxDeviceName = 15;  // IFNAMSIZ with its NUL
constexpr size_t kMaxClosName = 255;   // NAME_MAX

/// Empty: the kernel takes it. Source: dev_valid_name() of net/core/dev.c.
std::string problem_of_device_name(std::string_view name) {
  if (name.empty()) return "empty";
  if (name.size() > kMaxDeviceName) return sys::format("longer than {} bytes", kMaxDeviceName);
  if (name == "." || name == "..") return "not the name of a network device";
  const auto is_bad = [](char c) { return c == '/' || c == ':' || c == '\0' || std::isspace(c); };
  if (std::ranges::any_of(name, is_bad)) return "not the name of a network device";
  return {};
}

/// The same, and one "%d" is a number that is free.
std::string problem_of_new_name(std::string_view name) {
  const size_t percent = name.find('%');
  if (percent == std::string_view::npos) return problem_of_device_name(name);
  if (name.substr(percent, 2) != "%d" || name.find('%', percent + 1) != std::string_view::npos) {
    return "a \"%\" that is not that of a single \"%d\"";
  }
  return problem_of_device_name(name);
}

void check_net_devices(Problems& problems, const Linux& linux_) {
  if (linux_.net_devices.empty()) return;
  if (std::ranges::find(linux_.namespaces, NamespaceType::kNetwork, &Namespace::type) ==
      linux_.namespaces.end()) {
    problems.add("/linux/netDevices", "there is no network namespace to move them to");
  }
  std::map<std::string_view, std::string_view> seen;
  for (const auto& [host_name, device] : linux_.net_devices) {
    const std::string place = "/linux/netDevices/" + escape_pointer(host_name);
    const std::string& name = device.name.empty() ? host_name : device.name;
    const std::string problem = problem_of_device_name(host_name);
    const std::string new_problem = problem_of_new_name(name);
    if (!problem.empty()) {
      problems.add(place, problem);
    } else if (!new_problem.empty()) {
      problems.add(place + "/name", new_problem);
    }
    const auto [other, is_new] = seen.emplace(name, host_name);
    if (!is_new && name.find('%') == std::string::npos) {
      problems.add(place + "/name",
                   sys::format("{} will be called that, too", quote_for_message(other->second)));
    }
  }
}

bool has_flag(const MemoryPolicy& policy, std::string_view flag) {
  return std::ranges::find(policy.flags, flag) != policy.flags.end();
}

/// Source: set_mempolicy(2).
void check_memory_policy(Problems& problems, const MemoryPolicy& policy) {
  const bool takes_none = policy.mode == "MPOL_DEFAULT" || policy.mode == "MPOL_LOCAL";
  const bool is_preferred = policy.mode == "MPOL_PREFERRED";
  const bool is_static = has_flag(policy, "MPOL_F_STATIC_NODES");
  const bool is_relative = has_flag(policy, "MPOL_F_RELATIVE_NODES");
  if (!policy.nodes.empty() && !parse_cpu_list(policy.nodes)) {
    problems.add("/linux/memoryPolicy/nodes", sys::format("{} is not a list of nodes as \"0-3,7\"",
                                                          quote_for_message(policy.nodes)));
  } else if (!policy.nodes.empty() && takes_none) {
    problems.add("/linux/memoryPolicy/nodes", sys::format("{} has no nodes", policy.mode));
  } else if (policy.nodes.empty() && !takes_none && !is_preferred) {
    problems.add("/linux/memoryPolicy/nodes", sys::format("{} needs some", policy.mode));
  }
  if (is_static && is_relative) {
    problems.add("/linux/memoryPolicy/flags", "static and relative nodes exclude each other");
  } else if ((is_static || is_relative) && policy.nodes.empty()) {
    problems.add("/linux/memoryPolicy/flags", "there are no nodes to be static or relative");
  }
  if (has_flag(policy, "MPOL_F_NUMA_BALANCING") && policy.mode != "MPOL_BIND" &&
      policy.mode != "MPOL_PREFERRED_MANY") {
    problems.add("/linux/memoryPolicy/flags",
                 "MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY");
  }
}

void check_intel_rdt(Problems& problems, const IntelRdt& rdt) {
  const std::string& id = rdt.clos_id;
  const bool is_path = id != "/" && (id == "." || id == ".." || id.find('/') != std::string::npos);
  // What the kernel has in the same directory.
  const bool is_kernels = id == "info" || id == "mon_data" || id == "mon_groups";
  if (is_path || is_kernels || id.size() > kMaxClosName) {
    problems.add("/linux/intelRdt/closID",
                 sys::format("{} is not the name of a class", quote_for_message(id)));
  }
  problems.check_text("/linux/intelRdt/closID", id);
  problems.check_text("/linux/intelRdt/l3CacheSchema", rdt.l3_cache_schema);
  problems.check_text("/linux/intelRdt/memBwSchema", rdt.mem_bw_schema);
  problems.check_texts("/linux/intelRdt/schemata", rdt.schemata);
  const auto is_one_line = [](const std::string& text) {
    return text.find('\n') == std::string::npos;
  };
  if (!rdt.mem_bw_schema.empty() &&
      !(rdt.mem_bw_schema.starts_with("MB:") && is_one_line(rdt.mem_bw_schema))) {
    problems.add("/linux/intelRdt/memBwSchema", "not a single line that begins with \"MB:\"");
  }
  for (size_t i = 0; i < rdt.schemata.size(); ++i) {
    if (is_one_line(rdt.schemata[i])) continue;
    problems.add(sys::format("/linux/intelRdt/schemata/{}", i), "more than one line");
  }
}

}  // namespace

void check_host_resources(Problems& problems, const Linux& linux_) {
  check_net_devices(problems, linux_);
  if (linux_.memory_policy) check_memory_policy(problems, *linux_.memory_policy);
  if (linux_.intel_rdt) check_intel_rdt(problems, *linux_.intel_rdt);
}

}  // namespace config
