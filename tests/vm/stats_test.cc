// SPDX-License-Identifier: Apache-2.0
// What `events --stats` says of a container that has used something, in runc's JSON.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using namespace support;
using config::RuntimeSpec;

namespace {

constexpr const char* kWorks =
    "i=0; while [ $i -lt 4000 ]; do i=$((i+1)); done; echo ready; sleep 1000";

// Whether jq(1) finds `claim` true of the line.
void check(const std::string& line, const char* claim) {
  INFO(claim);
  INFO(line);
  CHECK(run({"jq", "-e", claim}, {.input = line}).exit_code == 0);
}

}  // namespace

TEST_CASE("stats: cpu, memory, processes and pressure", "[vm][stats]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, kWorks);
    auto& resources = spec.linux_.resources.emplace();
    resources.memory.emplace().limit = 64 << 20;
    resources.memory->swap = 80 << 20;
    resources.cpu.emplace().quota = 10000;
    resources.pids.emplace().limit = 7;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto works = [&] { return runtime.output_of("test") == "ready\n"; };
  REQUIRE(eventually(works, milliseconds(30000)));
  const std::string line = runtime.must({"events", "--stats", "test"});
  check(line, R"(.type == "stats" and .id == "test")");
  check(line, ".data.cpu.usage | .total > 1000000 and .total >= .user + .kernel and .user > 0");
  check(line,
        ".data.cpu.throttling | .periods > 0 and .throttledPeriods > 0 and .throttledTime > 0");
  check(line, ".data.memory.usage | .limit == 67108864 and .usage > 0 and .usage < .limit");
  check(line, ".data.memory.raw.anon > 0");
  check(line, ".data.pids | .current > 0 and .limit == 7");
}

TEST_CASE("stats: how long it waited for what it needs", "[vm][stats][qemu]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, kWorks);
    spec.linux_.resources.emplace().cpu.emplace().quota = 10000;
    spec.linux_.resources->memory.emplace().limit = 64 << 20;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto works = [&] { return runtime.output_of("test") == "ready\n"; };
  REQUIRE(eventually(works, milliseconds(30000)));
  const std::string line = runtime.must({"events", "--stats", "test"});
  check(line, ".data.cpu.psi.some | .total > 0 and has(\"avg10\") and has(\"avg300\")");
  check(line, ".data.memory.psi | has(\"some\") and has(\"full\")");
}
