// SPDX-License-Identifier: Apache-2.0
// That a container runs at all on the machine, whoever calls and with each manager.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using namespace support;

TEST_CASE("vm: a container runs, and its exit code comes out", "[vm]") {
  const Result result = run_shell("echo hello; exit 3");
  CHECK(result.out == "hello\n");
  CHECK(result.exit_code == 3);
}

TEST_CASE("vm: create, start, exec, kill, delete", "[vm]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "100"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "test", "echo", "inside"}) == "inside\n");
  runtime.must({"kill", "test", "KILL"});
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  runtime.must({"delete", "test"});
  CHECK(runtime.left().empty());
}

TEST_CASE("vm: a user has a range of ids", "[vm]") {
  const Result result = run_shell("cat /proc/self/uid_map", use_range);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("65536") != std::string::npos);
}
