// SPDX-License-Identifier: Apache-2.0
// What engines take away from containers: capabilities, system calls, paths, writing.
#include <catch2/catch.hpp>

#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

namespace {

constexpr const char* kStatus =
    "sed -n 's/^\\(CapEff\\|NoNewPrivs\\|Seccomp\\):.//p' /proc/self/status";

}  // namespace

TEMPLATE_TEST_CASE("capabilities: dropped and added", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK_THAT(run_line<TestType>({"--cap-drop", "all"}, kStatus).out,
             Catch::Matchers::StartsWith("0000000000000000\n"));
  CHECK_THAT(run_line<TestType>({"--cap-drop", "all", "--cap-add", "net_raw"}, kStatus).out,
             Catch::Matchers::StartsWith("0000000000002000\n"));
  const Result exec = run_line<TestType>({"--cap-drop", "chown"}, "touch /f; chown 7 /f");
  CHECK_THAT(exec.err, Contains("Operation not permitted"));
}

TEMPLATE_TEST_CASE("capabilities: an ordinary user has none", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK_THAT(run_line<TestType>({"--user", "7"}, kStatus).out,
             Catch::Matchers::StartsWith("0000000000000000\n"));
}

TEMPLATE_TEST_CASE("seccomp: the engine's own profile is in force", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK_THAT(run_line<TestType>({}, kStatus).out, Catch::Matchers::EndsWith("\n2\n"));
}

TEMPLATE_TEST_CASE("seccomp: unconfined", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK_THAT(run_line<TestType>({"--security-opt", "seccomp=unconfined"}, kStatus).out,
             Catch::Matchers::EndsWith("\n0\n"));
}

TEMPLATE_TEST_CASE("seccomp: a profile from a file, for exec as well", "[callers]", Podman,
                   Docker) {
  NEEDS_ENGINE(TestType);
  const support::TempDirectory directory;
  support::write_text(directory / "profile.json", R"({"defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]})");
  const Words flags = {"--security-opt", "seccomp=" + directory / "profile.json"};
  CHECK_THAT(run_line<TestType>(flags, "mkdir /tmp/new").err, Contains("Operation not permitted"));
  const Container<TestType> container(detached(flags, kTrapping));
  const Result exec =
      shared<TestType>().caller().call({"exec", container.id(), "mkdir", "/tmp/new"});
  CHECK_THAT(exec.err, Contains("Operation not permitted"));
}

TEMPLATE_TEST_CASE("no-new-privileges", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK_THAT(run_line<TestType>({}, kStatus).out, Contains("\n0\n"));
  CHECK_THAT(run_line<TestType>({"--security-opt", "no-new-privileges"}, kStatus).out,
             Contains("\n1\n"));
}

TEMPLATE_TEST_CASE("the kernel's files are masked and read-only", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>(
      {},
      "wc -c < /proc/keys; wc -c < /proc/timer_list; ls /sys/firmware | wc -l; echo x > "
      "/proc/sys/kernel/hostname");
  CHECK(result.out == "0\n0\n0\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
}

TEST_CASE("podman: --security-opt mask and unmask", "[callers]") {
  NEEDS_ENGINE(Podman);
  const Result masked = run_line<Podman>({"--security-opt", "mask=/proc/uptime:/etc"},
                                         "wc -c < /proc/uptime; ls /etc | wc -l");
  CHECK(masked.out == "0\n0\n");
  const Result unmasked = run_line<Podman>({"--security-opt", "unmask=/proc/timer_list"},
                                           "grep -c /proc/timer_list /proc/mounts; grep -c "
                                           "/proc/keys /proc/mounts");
  CHECK(unmasked.out == "0\n1\n");
  const Result all =
      run_line<Podman>({"--security-opt", "unmask=ALL"}, "grep -c ' /proc/' /proc/mounts");
  CHECK(all.out == "0\n");
}

TEMPLATE_TEST_CASE("--privileged: nothing is hidden", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>(
      {"--privileged"}, "grep -c ' /proc/' /proc/mounts; " + std::string(kStatus));
  CHECK_THAT(result.out, Catch::Matchers::StartsWith("0\n"));
  CHECK_THAT(result.out, Catch::Matchers::EndsWith("\n0\n"));
}

TEMPLATE_TEST_CASE("--read-only: the root, not the volumes", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const support::TempDirectory directory;
  const Result result = run_line<TestType>({"--read-only", "--volume", directory.path() + ":/out"},
                                           "echo written > /out/file; echo x > /file");
  CHECK_THAT(result.err, Contains("Read-only file system"));
  CHECK(support::read_text(directory / "file") == "written\n");
}

TEMPLATE_TEST_CASE("volumes: read-only, named, and a single file", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const support::TempDirectory directory;
  support::write_text(directory / "file", "from outside\n");
  const std::string& mounted = directory.path();
  const Result result = run_line<TestType>({"--volume", mounted + ":/dir:ro", "--volume",
                                            mounted + "/file:/one", "--volume", "kept:/kept"},
                                           "cat /one; echo kept > /kept/file; echo x > /dir/file");
  CHECK(result.out == "from outside\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
  CHECK(run_line<TestType>({"--volume", "kept:/again"}, "cat /again/file").out == "kept\n");
  (void)caller.must({"volume", "rm", "kept"});
}

TEMPLATE_TEST_CASE("--device: is there and works", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result =
      run_line<TestType>({"--device", "/dev/zero:/dev/nothing"}, "head -c 4 /dev/nothing | wc -c");
  CHECK(result.out == "4\n");
}
