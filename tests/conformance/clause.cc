// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/clause.h"

#include <set>

#include "sys/error.h"

namespace conformance {

std::string name_of(Level level) {
  if (level == Level::kMust) return "MUST";
  return level == Level::kShould ? "SHOULD" : "says";
}

Clause untested(std::string id, Level level, std::string text, std::string why) {
  return {.id = std::move(id),
          .level = level,
          .text = std::move(text),
          .test = nullptr,
          .untested = std::move(why)};
}

std::vector<Section> all_sections() {
  std::vector<Section> all;
  for (const auto sections :
       {bundle_sections, runtime_sections, runtime_linux_sections, config_sections,
        config_process_sections, config_hooks_sections, config_linux_sections,
        config_cgroups_sections, config_seccomp_sections, features_sections}) {
    for (Section& section : sections()) all.push_back(std::move(section));
  }
  std::set<std::string> ids;
  for (const Section& section : all) {
    for (const Clause& clause : section.clauses) {
      if (!ids.insert(clause.id).second) throw sys::Error("two clauses \"" + clause.id + "\"");
    }
  }
  return all;
}

}  // namespace conformance
