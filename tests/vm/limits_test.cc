// SPDX-License-Identifier: Apache-2.0
// Each limit by its effect, and what the verbs say of it.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;
using Catch::Matchers::Contains;
using config::Resources;
using config::RuntimeSpec;

namespace {

Result run_limited(const std::string& line, const std::function<void(Resources&)>& limit) {
  return run_shell(line, [&](RuntimeSpec& spec) { limit(spec.linux_.resources.emplace()); });
}

constexpr const char* kFillMemory = "head -c 100m /dev/zero | tail -c 100m | wc -c";

// systemd makes no cgroups for us yet.
bool can_limit() { return cgroup_manager() != "systemd"; }

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; }

}  // namespace

TEST_CASE("vm: who takes more memory than the limit is ended", "[vm][limits]") {
  if (!can_limit()) return;
  const Result result = run_limited(kFillMemory, [](Resources& resources) {
    resources.memory.emplace().limit = 32 << 20;
    resources.memory->swap = 32 << 20;
  });
  CHECK(result.out != "104857600\n");
  CHECK(run_shell(kFillMemory).out == "104857600\n");
}

TEST_CASE("vm: more processes than the limit are refused", "[vm][limits]") {
  if (!can_limit()) return;
  const std::string line =
      "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done 2>/dev/null; jobs | wc -l; kill $(jobs -p)";
  const Result result =
      run_limited(line, [](Resources& resources) { resources.pids.emplace().limit = 5; });
  CHECK(result.out != "9\n");
  CHECK(run_shell(line).out == "9\n");
}

TEST_CASE("vm: a busy loop gets its tenth of a CPU", "[vm][limits]") {
  if (!can_limit()) return;
  // What its ended children used, in hundredths of a second, of about two.
  const std::string line =
      "timeout 2 sh -c 'while :; do :; done'; "
      "awk '{ print ($16 + $17 < 60) ? \"held\" : \"free\" }' /proc/$$/stat";
  const Result result = run_limited(line, [](Resources& resources) {
    resources.cpu.emplace().quota = 10000;
    resources.cpu->period = 100000;
  });
  CHECK_THAT(result.out, Contains("held"));
  CHECK_THAT(run_shell(line).out, Contains("free"));
}

TEST_CASE("vm: a limit is changed while the container runs, and measured", "[vm][limits]") {
  if (!can_limit()) return;
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().pids.emplace().limit = 50;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK_THAT(runtime.must({"events", "--stats", "test"}),
             Contains("\"pids\":{\"current\":1,\"limit\":50}"));
  runtime.must({"update", "--pids-limit", "20", "test"});
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"limit\":20"));
  runtime.must({"update", "--resources", "-", "test"}, {.input = R"({"pids":{"limit":-1}})"});
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"pids\":{\"current\":1}"));
}

TEST_CASE("vm: paused and resumed", "[vm][limits]") {
  if (!can_limit()) return;
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  runtime.must({"pause", "test"});
  CHECK(runtime.status("test") == "paused");
  runtime.must({"resume", "test"});
  CHECK(runtime.must({"exec", "test", "echo", "back"}) == "back\n");
  runtime.must({"pause", "test"});
  runtime.must({"delete", "--force", "test"});
  CHECK(runtime.left().empty());
}
