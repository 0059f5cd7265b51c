// SPDX-License-Identifier: Apache-2.0
// A container's class of service: its name, who makes it, and what is written into it.
// Source: runtime-spec config-linux.md, "IntelRdt".
#include <algorithm>
#include <string_view>

#include "runtime/plan/plan.h"

namespace runtime {
namespace {

// A line of memory bandwidth among those of the cache gives way to the field that is for it.
std::string combine(const config::IntelRdt& rdt) {
  std::string text;
  for (std::string_view rest = rdt.l3_cache_schema; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (rdt.mem_bw_schema.empty() || !line.starts_with("MB:")) text.append(line) += '\n';
  }
  return rdt.mem_bw_schema.empty() ? text : text + rdt.mem_bw_schema + "\n";
}

}  // namespace

std::optional<IntelRdtStep> plan_intel_rdt(const config::Linux& platform, const std::string& id) {
  if (!platform.intel_rdt) return std::nullopt;
  const config::IntelRdt& rdt = *platform.intel_rdt;
  IntelRdtStep step = {.is_own = rdt.clos_id.empty(), .combined = combine(rdt)};
  for (const std::string& line : rdt.schemata) step.schemata += line + "\n";
  const bool has_schemata = !step.combined.empty() || !step.schemata.empty();
  const bool is_default = rdt.clos_id == "/";
  step.name = step.is_own ? id : is_default ? "" : rdt.clos_id;
  step.may_make = step.is_own || (has_schemata && !is_default);
  if (rdt.enable_monitoring) step.monitor = id;
  return step;
}

}  // namespace runtime
