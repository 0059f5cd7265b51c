// SPDX-License-Identifier: Apache-2.0
// What `tilla doctor` finds out about this host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace engine {

enum class Health { kGood, kDegraded, kBroken };
std::string_view name_of(Health health);  // "ok", "degraded", "broken"

struct Finding {
  std::string id;       // "subuid-missing": stays as it is, for scripts
  std::string subject;  // "subordinate ids": one of the checks, for people
  Health health = Health::kGood;
  std::string text;      // what was found
  std::string fix = {};  // the commands that mend it, a line each; empty: nothing to mend
};

using Findings = std::vector<Finding>;

}  // namespace engine
