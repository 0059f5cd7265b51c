// SPDX-License-Identifier: Apache-2.0
// What images, and programs that know the kernel well, do with what a bundle gives them: the
// environment, other system call tables, what outlives a container, files of the host's by name.
#include <catch2/catch.hpp>

#include "sys/open.h"
#include "sys/socket.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using config::RuntimeSpec;
using support::Bundle;
using support::run_shell;
using support::Runtime;

namespace {

config::Seccomp deny(const char* name, std::vector<config::SeccompArg> args = {}) {
  config::Seccomp profile;
  profile.default_action = config::SeccompAction::kAllow;
  profile.syscalls.push_back({.names = {name},
                              .action = config::SeccompAction::kErrno,
                              .errno_ret = {},
                              .args = std::move(args)});
  return profile;
}

}  // namespace

TEST_CASE("t_env_barekey: a variable without a value takes none from the host",
          "[security][inv4]") {
  // CVE-2026-57231 (Podman), CVE-2021-3602 (Buildah): "KEY" or "*" in an image's environment gave
  // the container the host's.
  const std::string entry = GENERATE("SECRET", "*", "SECR*", "", "=x");
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.process->env.push_back(entry);
    spec.process->args = {"env"};
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.env = {"SECRET=s3cret"}});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/process/env/") != std::string::npos);
  CHECK(result.all().find("s3cret") == std::string::npos);
}

TEST_CASE("t_env_barekey: nor does one of an exec", "[security][inv4]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string entry = GENERATE("SECRET", "*", "=x");
  const auto result =
      runtime.call({"exec", "--env=" + entry, "test", "env"}, {.env = {"SECRET=s3cret"}});
  CHECK(result.exit_code == 255);
  CHECK(result.all().find("s3cret") == std::string::npos);
  const auto clean = runtime.call({"exec", "test", "env"}, {.env = {"SECRET=s3cret"}});
  CHECK(clean.exit_code == 0);
  CHECK(clean.out.find("SECRET") == std::string::npos);
}

TEST_CASE("t_env_newline: a newline in the environment makes no line anywhere",
          "[security][inv9]") {
  // CVE-2022-4318 (CRI-O): HOME with a newline in it added a user to /etc/passwd.
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->env = {"PATH=/bin", "HOME=/x\nevil:x:0:0::/:/bin/sh"};
    support::set_shell(spec, "tr '\\0' @ < /proc/$$/environ | tr -cd @ | wc -c; cat /etc/passwd");
  });
  const std::string before = support::read_text(bundle.rootfs() + "/etc/passwd");
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "2\n" + before);
}

TEST_CASE("t_x32: a call of another table is no way around a profile", "[security][inv7]") {
  // The profile names one architecture, and mkdir(2) has other numbers in the other two.
  const std::string way = GENERATE("x32", "compat");
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.linux_.seccomp = deny("mkdir");
    spec.process->args = {"attack", "mkdir", way, "/made"};
  });
  add_attacker(bundle);
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  INFO(result.all());
  CHECK(result.out.find("tries") != std::string::npos);
  CHECK_FALSE(support::exists(bundle.rootfs() + "/made"));
}

TEST_CASE("t_shm_leak: what containers share by key goes with them", "[security]") {
  // CVE-2024-3056 (Podman): shared memory filled the host's until nothing was left.
  const auto result =
      run_shell("probe syscall 29 0x7111a 4096 0x3b6; echo x > /dev/shm/tilla-prey");
  CHECK(result.out.find("errno") == std::string::npos);
  CHECK(support::read_text("/proc/sysvipc/shm").find(std::to_string(0x7111a)) == std::string::npos);
  CHECK_FALSE(support::exists("/dev/shm/tilla-prey"));
}

TEST_CASE(
    "t_proc_masked: the default hides and write-protects what is the host's in /proc and /sys",
    "[security][inv5]") {
  // CVE-2015-3630, CVE-2018-10892: writable /proc/asound, /proc/timer_stats, /proc/acpi.
  const auto result = run_shell(
      "for f in acpi asound kcore keys latency_stats timer_list sched_debug scsi; do "
      "[ -d /proc/$f ] && ls /proc/$f; [ -f /proc/$f ] && head -c 1 /proc/$f; done; "
      "ls /sys/firmware; "
      "for f in sysrq-trigger sys/kernel/core_pattern sys/vm/drop_caches irq/default_smp_affinity; "
      "do [ -e /proc/$f ] && echo 0 > /proc/$f && echo WRITTEN $f; done 2> /dev/null");
  CHECK(result.out == "");
}

TEST_CASE("t_ambient_caps: a user who is not root gets no capability unasked", "[security][inv6]") {
  // CVE-2016-8867 (Docker): ambient capabilities for every user. Of crun 1.8.1 an inheritable one
  // is left.
  NEEDS(range);
  const auto result =
      run_shell("grep -E 'CapEff|CapPrm|CapAmb|CapInh' /proc/self/status", [](RuntimeSpec& spec) {
        support::use_range(spec);
        spec.process->user.uid = spec.process->user.gid = 1000;
        spec.process->capabilities->ambient.clear();
        spec.process->capabilities->inheritable = {"CAP_KILL"};
      });
  CHECK(result.out ==
        "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
        "CapAmb:\t0000000000000000\n");
}

TEST_CASE("t_pid_file_symlink: a pid file replaces a symlink and does not follow it",
          "[security][inv11]") {
  // CVE-2024-5154, CVE-2025-0750 (CRI-O), CVE-2026-53489 (containerd): a log that was a symlink.
  // crun 1.8.1 writes its pid file through one.
  const Canary canary;
  const Bundle bundle;
  plant_symlink(canary.file(), bundle / "pid");
  const Runtime runtime;
  CHECK(runtime.run(bundle, {"--pid-file", bundle / "pid"}).exit_code == 0);
  CHECK(canary.is_untouched());
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(bundle / "pid")));
}

TEST_CASE("t_notify_flood: what a container says of its readiness is bounded, and ends no start",
          "[security][inv12]") {
  // Found here: a datagram that is too long made `start` fail, though the container ran. That of
  // crun 1.8.1 never returns.
  const support::TempDirectory directory;
  const sys::Fd listener = sys::bind_datagram_at(
      sys::open_path(directory.path(), O_RDONLY | O_DIRECTORY).get(), "notify");
  const Bundle bundle([](RuntimeSpec& spec) {
    support::set_shell(spec,
                       "probe notify $(head -c 20000 /dev/zero | tr '\\0' x); probe notify ''; "
                       "probe notify READY=1; exec probe pause");
  });
  const Runtime runtime;
  const support::ProgramOptions options = {.env = {"NOTIFY_SOCKET=" + directory / "notify"},
                                           .output_file = runtime.output_file("test")};
  REQUIRE(runtime.call({"create", "--bundle", bundle.path(), "test"}, options).exit_code == 0);
  CHECK(runtime.call({"start", "test"}, options).exit_code == 0);
  const auto said = sys::receive_message(listener.get(), 4096);
  REQUIRE(said);
  CHECK(said->text.ends_with("READY=1"));
}
