// SPDX-License-Identifier: Apache-2.0
// The specification as a list of what it demands, in its own order: each clause with a test, or
// with the reason why there is none.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/conformance/scene.h"

namespace conformance {

enum class Level {
  kMust,
  kShould,
  kSays,  // said as a fact, and a runtime can break it all the same
};
std::string name_of(Level level);

using Test = std::function<void(Scene&)>;

struct Clause {
  std::string id;  // stable: tests/conformance/reasons.txt names it
  Level level = Level::kMust;
  std::string text;  // in our words
  Test test;         // empty: `untested` says why
  std::string untested = {};
};

struct Section {
  std::string document, title;
  std::vector<Clause> clauses;
};

/// A clause that no runtime can break, or that can't be seen from outside, or not on this machine.
Clause untested(std::string id, Level level, std::string text, std::string why);

// A file each, named for its document.
std::vector<Section> bundle_sections();
std::vector<Section> runtime_sections();
std::vector<Section> runtime_linux_sections();
std::vector<Section> config_sections();
std::vector<Section> config_process_sections();
std::vector<Section> config_hooks_sections();
std::vector<Section> config_linux_sections();
std::vector<Section> config_cgroups_sections();
std::vector<Section> config_seccomp_sections();
std::vector<Section> features_sections();

std::vector<Section> all_sections();

}  // namespace conformance
