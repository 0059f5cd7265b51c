// SPDX-License-Identifier: Apache-2.0
// The program and its limits, capabilities and identity.
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/plan/plan.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 16> kLimits = {{
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
}};

LimitStep plan_limit(const config::Rlimit& limit) {
  const auto* known = std::find_if(kLimits.begin(), kLimits.end(),
                                   [&](const auto& entry) { return entry.first == limit.type; });
  if (known == kLimits.end()) {
    throw sys::Error(sys::format("/process/rlimits: unknown limit \"{}\"", limit.type), EINVAL);
  }
  return {.name = limit.type, .resource = known->second, .soft = limit.soft, .hard = limit.hard};
}

// One that is in several sets is told once.
sys::CapabilitySet to_set(const std::vector<std::string>& names,
                          std::vector<std::string>& warnings) {
  sys::CapabilitySet set = 0;
  for (const std::string& name : names) {
    if (const std::optional<int> number = sys::capability_number(name)) {
      set |= sys::CapabilitySet{1} << *number;
    } else {
      std::string text =
          sys::format("/process/capabilities: unknown capability \"{}\", ignoring", name);
      if (std::ranges::find(warnings, text) == warnings.end()) warnings.push_back(std::move(text));
    }
  }
  return set;
}

sys::CapabilitySets plan_capabilities(const config::Capabilities& wanted,
                                      std::vector<std::string>& warnings) {
  sys::CapabilitySets sets;
  sets.bounding = to_set(wanted.bounding, warnings);
  sets.effective = to_set(wanted.effective, warnings);
  sets.permitted = to_set(wanted.permitted, warnings);
  const sys::CapabilitySet inheritable = to_set(wanted.inheritable, warnings);
  const sys::CapabilitySet ambient = to_set(wanted.ambient, warnings);
  // INV-6: nothing is inheritable but what the kernel demands for an ambient capability
  // (capabilities(7): ambient is a subset of permitted and inheritable). CVE-2022-24769.
  sets.ambient = ambient & inheritable & sets.permitted;
  sets.inheritable = sets.ambient;
  if ((inheritable & ~sets.inheritable) != 0) {
    warnings.push_back(
        "/process/capabilities/inheritable: only what is ambient as well is inherited, ignoring "
        "the "
        "rest");
  }
  if (sets.effective & ~sets.permitted) {
    warnings.push_back(
        "/process/capabilities/effective: holds more than permitted, ignoring the rest");
    sets.effective &= sets.permitted;
  }
  return sets;
}

bool has_home(const std::vector<std::string>& env) {
  return std::any_of(env.begin(), env.end(),
                     [](const std::string& entry) { return entry.starts_with("HOME="); });
}

}  // namespace

ProcessPlan plan_process(const config::Process& process, const config::RuntimeSpec& spec,
                         const HostFacts& facts, std::vector<std::string>& warnings) {
  ProcessPlan plan;
  plan.argv = process.args;
  plan.env = process.env;
  plan.find_home = !has_home(process.env);
  plan.cwd = process.cwd;
  plan.uid = process.user.uid;
  plan.gid = process.user.gid;
  plan.groups.assign(process.user.additional_gids.begin(), process.user.additional_gids.end());
  plan.umask = process.user.umask.value_or(022);
  for (const config::Rlimit& limit : process.rlimits) plan.limits.push_back(plan_limit(limit));
  const NamespacePlan namespaces = plan_namespaces(spec);
  plan.raises_limits =
      facts.can_raise_limits && namespaces.has(clone_flag(config::NamespaceType::kUser));
  if (process.capabilities) plan.capabilities = plan_capabilities(*process.capabilities, warnings);
  plan.no_new_privileges = process.no_new_privileges;
  plan.labels = {.apparmor = process.apparmor_profile, .selinux = process.selinux_label};
  plan.oom_score_adj = process.oom_score_adj;
  plan_scheduling(process, spec.linux_, plan);
  plan.terminal = process.terminal;
  if (process.console_size) {
    const auto clamp = [](uint32_t cells) {
      return static_cast<std::uint16_t>(std::min<uint32_t>(cells, UINT16_MAX));
    };
    plan.window = sys::WindowSize{.rows = clamp(process.console_size->height),
                                  .columns = clamp(process.console_size->width)};
  }
  plan.seccomp = spec.linux_.seccomp;
  return plan;
}

}  // namespace runtime
