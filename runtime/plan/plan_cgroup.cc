// SPDX-License-Identifier: Apache-2.0
// Where a container's cgroup is made, by whom, and what an annotation may say about that.
#include <sched.h>

#include <algorithm>

#include "runtime/plan/plan.h"
#include "runtime/plan/systemd_unit.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr const char* kAnnotation = "org.tilla.cgroups";

// INV-9: an image's labels become annotations. So no annotation takes a limit away that can be
// enforced; and what the command line says is final.
void read_annotation(const config::StringMap& annotations, CgroupRequest& request) {
  const auto found = annotations.find(kAnnotation);
  if (found == annotations.end() || request.policy_is_given) return;
  if (found->second == "strict") {
    request.policy = CgroupPolicy::kStrict;
  } else if (found->second == "best-effort") {
    request.policy = CgroupPolicy::kBestEffort;
  } else {
    throw sys::Error(
        sys::format("config.json: /annotations/{}: is not \"strict\" or \"best-effort\"",
                    kAnnotation),
        EINVAL, "--cgroups=disabled on the command line runs without cgroups");
  }
}

// Lexically: what is above the container's own place is nobody's business to name.
void check_path(const std::string& path) {
  const auto refuse = [&](const char* why) {
    throw sys::Error(sys::format("config.json: /linux/cgroupsPath: \"{}\": {}", path, why), EINVAL);
  };
  std::size_t components = 0;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = std::string_view(path).substr(start, end - start);
    if (part == "..") refuse("\"..\" leads out of the tree");
    if (!part.empty() && part != ".") ++components;
    start = end + 1;
  }
  if (components == 0) refuse("is the root of all cgroups");
}

void plan_resources(const config::Resources& resources, CgroupPolicy policy, Plan& plan,
                    CgroupPlan& cgroup) {
  cgroup.resources = resources;
  cgroup.policy = policy;
  cgroup.writes = plan_limits(cgroup.resources, "/linux/resources", policy, cgroup.is_rootless);
  cgroup.checks_memory =
      cgroup.resources.memory && cgroup.resources.memory->check_before_update.value_or(false);
  if (cgroup.manager == CgroupManager::kNobody && !cgroup.writes.empty()) {
    plan.warnings.push_back("/linux/resources: cgroups are disabled, running without limits");
    cgroup.writes.clear();
  }
}

// config-linux.md, "Cgroup ownership".
void plan_delegation(const config::RuntimeSpec& spec, const HostFacts& facts, const Plan& plan,
                     CgroupPlan& cgroup) {
  const bool is_asked_for = std::ranges::any_of(plan.root.mounts, &MountStep::asks_to_write);
  const bool has_users = plan.namespaces.makes(CLONE_NEWUSER);
  if (!is_asked_for || cgroup.manager == CgroupManager::kNobody || !spec.process ||
      !plan.namespaces.makes(CLONE_NEWCGROUP) || plan.namespaces.has(CLONE_NEWUSER) != has_users) {
    return;
  }
  const std::uint32_t uid = spec.process->user.uid;
  if (has_users && !sys::maps_inside(plan.ids.uids, uid)) return;
  cgroup.new_owner = has_users ? sys::to_outside(plan.ids.uids, uid) : uid;
  cgroup.owner_has_limits = cgroup.is_rootless || !facts.is_host_root || !has_users ||
                            sys::maps_outside(plan.ids.uids, 0);
}

}  // namespace

CgroupPlan plan_cgroup(const config::RuntimeSpec& spec, const HostFacts& facts,
                       const Request& request, Plan& plan) {
  CgroupRequest asked = request.cgroup;
  read_annotation(spec.annotations, asked);
  CgroupPlan cgroup;
  cgroup.manager = asked.manager;
  cgroup.id = request.id;
  cgroup.is_rootless = asked.is_rootless.value_or(!facts.is_host_root);
  cgroup.path = spec.linux_.cgroups_path;
  if (cgroup.manager == CgroupManager::kCgroupfs && !cgroup.path.empty()) check_path(cgroup.path);
  plan_device_rules(spec.linux_.resources.value_or(config::Resources()).devices, asked.policy,
                    cgroup);
  if (spec.linux_.resources) plan_resources(*spec.linux_.resources, asked.policy, plan, cgroup);
  plan_delegation(spec, facts, plan, cgroup);
  if (cgroup.manager == CgroupManager::kSystemd) {
    cgroup.unit = plan_systemd_unit(cgroup, spec.annotations);
  }
  return cgroup;
}

}  // namespace runtime
