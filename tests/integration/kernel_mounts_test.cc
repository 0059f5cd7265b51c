// SPDX-License-Identifier: Apache-2.0
// The kernel's own file systems: what is new, what is the host's, and why one can't be had.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// The attributes of all that is mounted on /sys and below, then what was asked.
constexpr const char* kShowSys = "awk '$5 ~ \"^/sys\" {print $6}' /proc/self/mountinfo | sort -u; ";

void has_sysfs_alone(RuntimeSpec& spec) {
  drop_mount(spec, "/sys/fs/cgroup");
  drop_mount(spec, "/sys");
  add_mount(spec, "/sys", "sysfs", "sysfs", {"nosuid", "nodev", "noexec"});
}

}  // namespace

TEST_CASE("proc: a pid namespace of its own has a fresh one", "[integration][mounts]") {
  CHECK(run_shell("readlink /proc/self; stat -f -c %T /proc").all() == "2\nproc\n");
}

TEST_CASE("proc: one of the host's whose parts are hidden can't be had anew, and we say why",
          "[integration][mounts]") {
  const Result result = run_among_mounts("mount --bind /dev/null /proc/version",
                                         [](RuntimeSpec& spec) { set_shell(spec, "true"); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("mount 0 \"/proc\"") && Contains("hint") && Contains("hidden"));
}

TEST_CASE("proc: in a shared pid namespace, the host's serves where a new one is refused",
          "[integration][mounts][user]") {
  const Result result = run_shell("ls -d /proc/[0-9]* | wc -l", [](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kPid);
  });
  CHECK(result.exit_code == 0);
  CHECK(std::stoi(result.out) > 3);
}

TEST_CASE("proc: a file like lxcfs's may be laid over /proc/uptime", "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "uptime", "faked\n");
  CHECK(run_shell("cat /proc/uptime", [&](RuntimeSpec& spec) {
          add_mount(spec, "/proc/uptime", "bind", source / "uptime", {"bind", "ro"});
        }).all() == "faked\n");
}

TEST_CASE("proc: nothing else is mounted over it or inside", "[integration][mounts]") {
  const auto destination = GENERATE(as<std::string>(), "/proc", "/proc/self", "/proc/sys/kernel",
                                    "/proc/1/attr", "/x/../proc/self/attr");
  const Result result =
      run_shell("true", [&](RuntimeSpec& spec) { add_mount(spec, destination, "tmpfs", "tmpfs"); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/proc"));
}

TEST_CASE("sys: with a network namespace of its own there is a new one", "[integration][mounts]") {
  const Result result =
      run_shell("awk '$5 == \"/sys\" {print $6}' /proc/self/mountinfo; ls /sys/class/net",
                [](RuntimeSpec& spec) {
                  has_sysfs_alone(spec);
                  set_namespace(spec, NamespaceType::kNetwork);
                });
  CHECK(result.all() == "rw,nosuid,nodev,noexec,relatime\nlo\n");
}

TEST_CASE("sys: without one the host's serves, all of it read-only",
          "[integration][mounts][user]") {
  const Result result =
      run_shell(std::string(kShowSys) + "ls /sys/class/net", [](RuntimeSpec& spec) {
        has_sysfs_alone(spec);
        drop_namespace(spec, NamespaceType::kNetwork);
      });
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("ro,") && !Contains("rw"));
  CHECK_THAT(result.out, Contains(support::run({"ls", "/sys/class/net"}).out));
}

TEST_CASE("sys: in a joined network namespace the host's serves as well",
          "[integration][mounts][user]") {
  const Result result = run_shell(kShowSys, [](RuntimeSpec& spec) {
    has_sysfs_alone(spec);
    set_namespace(spec, NamespaceType::kNetwork, "/proc/self/ns/net");
  });
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("ro,") && !Contains("rw"));
}

TEST_CASE("sys: what is hidden of the host's stays hidden", "[integration][mounts]") {
  const Result result = run_among_mounts("mount -t tmpfs t /sys/kernel", [](RuntimeSpec& spec) {
    has_sysfs_alone(spec);
    set_namespace(spec, NamespaceType::kNetwork);
    set_shell(spec, std::string(kShowSys) + "ls /sys/kernel");
  });
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, StartsWith("ro,") && !Contains("rw") && !Contains("mm"));
}

TEST_CASE("cgroup: can be looked at and not written, with and without a namespace",
          "[integration][mounts][user]") {
  const bool has_namespace = GENERATE(false, true);
  const Result result =
      run_shell("ls /sys/fs/cgroup | wc -l; mkdir /sys/fs/cgroup/x 2>/dev/null && echo made",
                [&](RuntimeSpec& spec) {
                  if (has_namespace) set_namespace(spec, NamespaceType::kCgroup);
                });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.out, !Contains("made"));
}

TEST_CASE("mqueue: without an ipc namespace of its own is refused with a reason",
          "[integration][mounts][user]") {
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { drop_namespace(spec, NamespaceType::kIpc); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/dev/mqueue") && Contains("ipc namespace"));
}
