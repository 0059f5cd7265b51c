// SPDX-License-Identifier: Apache-2.0
// Reads what is in tests/fuzz/corpus once more, without libFuzzer: seeds, and every input on which
// something has failed.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/fuzz/targets.h"
#include "tests/support/harness.h"

namespace {

const std::string kCorpus = "tests/fuzz/corpus";  // the programs run at the top of the tree

// How many of them are taken, and not refused.
int replay(const fuzz::Target& target, const std::string& directory) {
  int taken = 0;
  for (const std::string& name : support::names_in(directory)) {
    if (!std::filesystem::is_regular_file(directory + "/" + name)) continue;
    INFO(directory << "/" << name);
    if (fuzz::run(target, support::read_text(directory + "/" + name))) ++taken;
  }
  return taken;
}

}  // namespace

// One at least is taken: where all were refused, nobody would get behind the first check.
TEST_CASE("fuzz: every input that is kept is read or refused", "[fuzz]") {
  for (const fuzz::Target& target : fuzz::targets()) {
    INFO(target.name);
    CHECK(replay(target, kCorpus + "/" + target.name) > 0);
  }
}

TEST_CASE("fuzz: each directory of inputs is somebody's", "[fuzz]") {
  std::vector<std::string> names;
  for (const fuzz::Target& target : fuzz::targets()) names.emplace_back(target.name);
  std::ranges::sort(names);
  CHECK(support::names_in(kCorpus) == names);
}

TEST_CASE("fuzz: the golden bundles are seeds", "[fuzz]") {
  const fuzz::Target& configuration = fuzz::targets()[0];
  CHECK(replay(configuration, "tests/golden") > 0);
  CHECK(replay(configuration, "tests/golden/plan") > 0);
}
