// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/doctor/checks.h"

namespace engine {

std::string_view name_of(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kDegraded:
      return "degraded";
    case Health::kBroken:
      break;
  }
  return "broken";
}

Findings examine_host(const std::string& store) {
  Findings findings;
  check_kernel(findings);
  check_user_namespaces(findings);
  check_isolation(findings);
  check_subordinate_ids(findings);
  check_runtime_directory(findings);
  check_programs(findings);
  check_network(findings);
  check_cgroups(findings);
  check_store(findings, store);
  const auto is_broken = [](const Finding& each) { return each.health == Health::kBroken; };
  if (std::ranges::none_of(findings, is_broken)) check_drivers(findings, store);
  return findings;
}

}  // namespace engine
