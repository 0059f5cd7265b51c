// SPDX-License-Identifier: Apache-2.0
// make_plan: the parts put together, and everything refused that is not there yet.
#include "runtime/plan/plan.h"

#include <linux/sched.h>

#include <algorithm>
#include <cassert>

#include "config/sysctl.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

void check(const config::RuntimeSpec& spec) {
  const std::vector<std::string> problems = config::validate(spec);
  if (problems.empty()) return;
  std::string message = "config.json: " + problems.front();
  for (std::size_t i = 1; i < problems.size(); ++i) message += "; " + problems[i];
  throw sys::Error(message, EINVAL);
}

void refuse_impossible(const Plan& plan) {
  if (plan.ids.writer == MapWriter::kItself && !plan.process.groups.empty()) {
    throw sys::Error(
        "config.json: /process/user/additionalGids: a container with a single id can't have "
        "additional groups",
        EPERM, "the kernel denies setgroups(2) there; use a range of ids, see subgid(5)");
  }
}

// That one of the uts namespace is set by its own system call: its file is the host's root's alone.
constexpr std::string_view kDomainName = "kernel/domainname";

std::string domain_name(const config::RuntimeSpec& spec) {
  for (const auto& [name, value] : spec.linux_.sysctl) {
    if (config::sysctl_path(name) == kDomainName) return value;
  }
  return spec.domainname;
}

void add_hooks(Plan& plan, const config::RuntimeSpec& spec, const Request& request) {
  plan.hooks = plan_hooks(spec, request);
  if (!plan.hooks.has_creation()) return;
  // With a user and a pid namespace of its own nobody else is in yet who could make use of it.
  const bool is_alone = plan.namespaces.makes(CLONE_NEWUSER) && plan.namespaces.makes(CLONE_NEWPID);
  const config::Hooks& hooks = plan.hooks.hooks;
  plan.hooks.shows_init = is_alone && !(hooks.prestart.empty() && hooks.create_runtime.empty());
  plan.root.early_masks = 0;  // hooks may mount what is to be masked
}

bool is_before_1_3(const std::string& version) {  // guaranteed by config::validate: 1.0 to 1.3
  return version.starts_with("1.0.") || version.starts_with("1.1.") || version.starts_with("1.2.");
}

}  // namespace

HooksPlan plan_hooks(const config::RuntimeSpec& spec, const Request& request) {
  HooksPlan plan;
  if (!spec.hooks || *spec.hooks == config::Hooks{}) return plan;
  plan.hooks = *spec.hooks;
  plan.id = request.id;
  plan.bundle = request.bundle;
  plan.oci_version = spec.oci_version;
  plan.annotations = spec.annotations;
  // Source: runtime.md, "Lifecycle", of both.
  plan.poststart_may_fail = !spec.hooks->poststart.empty() && is_before_1_3(spec.oci_version);
  return plan;
}

std::vector<SysctlStep> plan_sysctls(const config::RuntimeSpec& spec) {
  std::vector<SysctlStep> steps;
  for (const auto& [name, value] : spec.linux_.sysctl) {
    const auto path = config::sysctl_path(name);
    const auto type = path ? config::sysctl_namespace(*path) : std::nullopt;
    assert(type);  // guaranteed by config::validate
    if (*path == kDomainName) continue;
    steps.push_back({.name = name, .path = *path, .value = value, .type = clone_flag(*type)});
  }
  return steps;
}

Plan make_plan(const config::RuntimeSpec& spec, const HostFacts& facts, const Request& request) {
  check(spec);
  Plan plan;
  plan.id = request.id;
  plan.bundle = request.bundle;
  plan.namespaces = plan_namespaces(spec);
  plan.ids = plan_ids(spec, facts);
  plan.root = plan_root(spec, request, plan.warnings);
  // Called inside a user namespace, as podman calls us: nodes can't be made in any but the first.
  if (!facts.own_uids.empty() && !sys::is_initial(facts.own_uids)) plan.root.binds_devices = true;
  plan.hostname = spec.hostname;
  plan.domainname = domain_name(spec);
  plan.intel_rdt = plan_intel_rdt(spec.linux_, request.id);
  for (const auto& [host_name, device] : spec.linux_.net_devices) {
    plan.net_devices.push_back(
        {.host_name = host_name, .name = device.name.empty() ? host_name : device.name});
  }
  plan.sysctls = plan_sysctls(spec);
  add_hooks(plan, spec, request);
  if (spec.process) {
    plan.process = plan_process(*spec.process, spec, facts, plan.warnings);
  }
  plan.process.new_keyring = request.new_keyring;
  plan.process.preserved_fds = request.preserved_fds + request.listen_fds;
  if (request.listen_fds > 0) {
    // sd_listen_fds(3): the program will be process 1 of its namespace.
    plan.process.env.push_back(sys::format("LISTEN_FDS={}", request.listen_fds));
    plan.process.env.push_back("LISTEN_PID=1");
  }
  plan.cgroup = plan_cgroup(spec, facts, request, plan);
  refuse_impossible(plan);
  return plan;
}

}  // namespace runtime
