// SPDX-License-Identifier: Apache-2.0
// The root: how it is entered, and that nothing of the host's is left to be seen.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

// Where all that is mounted is mounted, then what a climb finds.
constexpr const char* kLook =
    "awk '{print $5}' /proc/self/mountinfo | grep -vE '^/(proc|sys|dev)(/|$)'; "
    "cd ..; cd ../../..; ls -d bin; ls -d /proc/1/root/bin /proc/1/cwd/bin";

// The flags of `run` and `create`: both ways into the root.
std::vector<std::string> way() {
  return GENERATE(values<std::vector<std::string>>({{}, {"--no-pivot"}}));
}

}  // namespace

TEST_CASE("root: nothing else is mounted, and nothing is above it", "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, kLook); });
  const Runtime runtime;
  CHECK(runtime.run(bundle, flags).all() == "/\nbin\n/proc/1/cwd/bin\n/proc/1/root/bin\n");
}

TEST_CASE("root: read-only when the bundle says so, what is mounted in it is not",
          "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.root.readonly = true;
    add_mount(spec, "/m", "tmpfs", "tmpfs");
    set_shell(spec, "touch /file; touch /m/file && ls /m");
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle, flags);
  CHECK(result.out == "file\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
}

TEST_CASE("root: an exec has the same one", "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  write_text(bundle.rootfs() + "/mark", "mine\n");
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test", flags).exit_code == 0);
  runtime.must({"start", "test"});
  CHECK(runtime.must({"exec", "test", "sh", "-c", "pwd; cat /mark ../mark"}) == "/\nmine\nmine\n");
}

TEST_CASE("root: an absolute path outside of the bundle, and one with detours",
          "[integration][root-fs]") {
  const Bundle real;
  write_text(real.rootfs() + "/mark", "real\n");
  const Runtime runtime;
  const Bundle absolute([&](RuntimeSpec& spec) {
    spec.root.path = real.rootfs();
    spec.process->args = {"cat", "/mark"};
  });
  CHECK(runtime.run(absolute).all() == "real\n");
  const Bundle detour([&](RuntimeSpec& spec) {
    spec.root.path = "./rootfs/../rootfs//";
    spec.process->args = {"pwd"};
  });
  CHECK(runtime.run(detour).all() == "/\n");
}

TEST_CASE("root: of a bundle without one is an error that names it", "[integration][root-fs]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.root.path = "nowhere"; });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/nowhere\"") && Contains("No such file or directory"));
}
