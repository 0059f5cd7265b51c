// SPDX-License-Identifier: Apache-2.0
// run: what the program says and how it ends.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

TEST_CASE("run: prints what the program says", "[integration][run]") {
  const Result result = run_shell("echo out; echo err >&2");
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 0);
}

TEST_CASE("run: returns the program's exit code", "[integration][run]") {
  CHECK(run_shell("exit 42").exit_code == 42);
}

TEST_CASE("run: a program that a signal ends counts as 128 and the signal", "[integration][run]") {
  // The kernel keeps signals from process 1, so its child dies and sh passes that on.
  CHECK(run_shell("sh -c 'kill -TERM $$'; exit $?").exit_code == 128 + 15);
}

TEST_CASE("run: leaves nothing behind", "[integration][run]") {
  const Bundle bundle;
  const Runtime runtime;
  CHECK(runtime.run(bundle).exit_code == 0);
  CHECK(runtime.left().empty());
}

TEST_CASE("run: passes signals on", "[integration][run]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "wait"}; });
  const Runtime runtime;
  Program program(runtime.argv({"run", "--bundle", bundle.path(), "test"}));
  program.wait_for("ready");
  program.signal(SIGTERM);
  CHECK(program.wait().exit_code == 42);
}

TEST_CASE("run: --keep leaves a stopped container", "[integration][run]") {
  const Bundle bundle;
  const Runtime runtime;
  CHECK(runtime.run(bundle, {"--keep"}).exit_code == 0);
  CHECK(runtime.status("test") == "stopped");
}

TEST_CASE("run: the caller's end is not the end of a detached container", "[integration][run]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  const std::string file = runtime.directory() / "pid";
  REQUIRE(runtime
              .run(bundle, {"--detach", "--pid-file", file},
                   {.output_file = runtime.output_file("test")})
              .exit_code == 0);
  CHECK(runtime.status("test") == "running");
  CHECK(read_text(file) == std::to_string(runtime.pid("test")));
}
