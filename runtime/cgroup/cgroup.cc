// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/cgroup.h"

#include "runtime/cgroup/legacy.h"
#include "runtime/cgroup/legacy_tree.h"
#include "runtime/cgroup/stats_parts.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/cgroup/unified.h"
#include "runtime/cgroup/unified_tree.h"
#include "runtime/plan/device_filter.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

bool limits_devices(const CgroupPlan& plan) {
  const bool allows_all =
      plan.devices.size() == 1 && plan.devices[0].allow && is_about_all(plan.devices[0]);
  return !plan.devices.empty() && !allows_all;
}

void refuse_devices(const CgroupPlan& plan, const std::string& reason, const sys::Log& log) {
  if (!limits_devices(plan)) return;
  refuse_limit({.place = std::string(plan.place) + "/devices",
                .controller = "devices",
                .file = {},
                .value = {},
                .need = plan.devices_need},
               reason, log);
}

// The container stays where its caller is, which is an error if a limit was to hold it.
std::unique_ptr<Cgroup> do_without(const CgroupPlan& plan, const std::string& reason,
                                   const sys::Log& log) {
  for (const CgroupWrite& write : plan.writes) refuse_limit(write, reason, log);
  refuse_devices(plan, reason, log);
  if (!plan.path.empty()) {
    log.warning(sys::format("/linux/cgroupsPath: {}, staying in the caller's cgroup", reason));
  } else if (log.is_debug()) {
    log.debug("no cgroup: " + reason);
  }
  return nullptr;
}

// Whether nobody asked for anything that a cgroup is for, or wants to know.
bool is_indifferent(const CgroupPlan& plan, const sys::Log& log) {
  return plan.writes.empty() && plan.path.empty() && !limits_devices(plan) && !log.is_debug();
}

}  // namespace

void refuse_memory_in_use(int dir, const std::string& file, const config::MemoryResources& memory) {
  if (memory.limit.value_or(0) <= 0) return;
  const std::uint64_t used = read_number(dir, file).value_or(0);
  if (used <= static_cast<std::uint64_t>(*memory.limit)) return;
  throw sys::Error(
      sys::format("memory limit {} is below the {} bytes that are in use", *memory.limit, used),
      EBUSY);
}

void refuse_limit(const CgroupWrite& write, const std::string& reason, const sys::Log& log) {
  const std::string message =
      sys::format("{}: {} can't be limited: {}", write.place, write.controller, reason);
  if (write.need == Need::kRequired) {
    throw sys::Error(message, ENOTSUP,
                     "--cgroups=best-effort runs without limits that can't be had");
  }
  if (write.need == Need::kWanted) log.warning(message + ", ignoring");
}

std::unique_ptr<Cgroup> make_cgroup(const CgroupPlan& plan, const sys::Procfs& proc,
                                    const sys::Log& log, const RememberCgroup& remember) {
  if (plan.manager == CgroupManager::kNobody) return nullptr;
  if (plan.manager == CgroupManager::kSystemd) {
    if (!open_unified_root()) return do_without(plan, "systemd's has to be cgroup v2 here", log);
    return std::make_unique<SystemdCgroup>(plan, remember, log);
  }
  auto tree = find_unified_tree(proc);
  std::vector<LegacyHierarchy> legacy;
  if (!tree && !plan.is_rootless) legacy = find_legacy_hierarchies(proc);
  if (!tree && legacy.empty()) {
    return do_without(plan, "/sys/fs/cgroup has no cgroup v2 of ours", log);
  }
  std::unique_ptr<Cgroup> cgroup;
  bool is_remembering = false;
  const auto remember_it = [&](const config::CgroupRecord& record) {
    is_remembering = true;
    remember(record);
    is_remembering = false;
  };
  try {  // where no limit needs it, a cgroup that can't be made is no failure
    cgroup = tree ? make_unified(plan, std::move(*tree), remember_it, is_indifferent(plan, log))
                  : make_legacy(plan, legacy, remember_it);
  } catch (const sys::Error& error) {
    if (is_remembering) throw;
    return do_without(plan, error.what(), log);
  }
  if (!cgroup) return nullptr;
  try {
    cgroup->set_limits(plan, log);
  } catch (...) {
    cgroup->remove();
    throw;
  }
  return cgroup;
}

std::unique_ptr<Cgroup> open_cgroup(const config::CgroupRecord& record) {
  if (record.driver == "legacy") return open_legacy(record);
  auto cgroup = open_unified(record);
  if (record.unit.empty() || !cgroup) return cgroup;
  return std::make_unique<SystemdCgroup>(record, std::move(cgroup));
}

}  // namespace runtime
