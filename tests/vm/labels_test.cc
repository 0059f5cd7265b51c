// SPDX-License-Identifier: Apache-2.0
// AppArmor profiles and SELinux labels on a kernel that has them (INV-7). root loads the profiles,
// and the user, who comes after, finds them loaded.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

// The first permits nothing but its program: no other exec, and no sealed stub's memory file.
constexpr const char* kProfiles = R"(
profile tilla-tight flags=(attach_disconnected) {
  signal,
  unix,
  / r,
  /** r,
  /bin/busybox mrix,
  /tmp/** rw,
  deny /etc/shadow r,
}
profile tilla-wide flags=(attach_disconnected) {
  file, capability, signal, unix, network, umount, mount,
}
)";

// Reads its label and, if it may, a file.
constexpr const char* kShow = "cat /proc/self/attr/current /etc/shadow";

void load_profiles() {
  if (!is_root()) return;
  TempDirectory directory;
  write_text(directory / "profiles", kProfiles);
  REQUIRE(support::run({"apparmor_parser", "-r", directory / "profiles"}).exit_code == 0);
}

void fill(const Bundle& bundle) {
  make_directory(bundle.rootfs() + "/etc");
  write_text(bundle.rootfs() + "/etc/shadow", "secret\n");
}

Change with_profile(const std::string& name, const std::string& line = kShow) {
  return [=](RuntimeSpec& spec) {
    set_shell(spec, line);
    spec.process->apparmor_profile = name;
  };
}

void deny_mkdir(RuntimeSpec& spec) {
  spec.linux_.seccomp = config::Seccomp{};
  spec.linux_.seccomp->default_action = config::SeccompAction::kAllow;
  spec.linux_.seccomp->syscalls.push_back({.names = {"mkdir", "execveat"},
                                           .action = config::SeccompAction::kErrno,
                                           .errno_ret = {},
                                           .args = {}});
}

Result run_filled(const Change& change) {
  const Bundle bundle(change);
  fill(bundle);
  return Runtime().run(bundle);
}

}  // namespace

TEST_CASE("apparmor: the program is confined, whatever else restricts it", "[vm][labels]") {
  NEEDS(apparmor);
  load_profiles();
  const bool no_new_privileges = GENERATE(true, false);
  const bool has_filter = GENERATE(false, true);
  const bool has_range = GENERATE(false, true);
  // Of root it goes through the stub, which, without no_new_privs, the filter must let through.
  if (has_filter && !no_new_privileges && is_root()) return;
  const Result result = run_filled([&](RuntimeSpec& spec) {
    with_profile("tilla-tight")(spec);
    spec.process->no_new_privileges = no_new_privileges;
    if (has_filter) deny_mkdir(spec);
    if (has_range) use_range(spec);
  });
  INFO(result.err);
  CHECK(result.out == "tilla-tight (enforce)\n");
  CHECK_THAT(result.err, Contains("/etc/shadow") && Contains("Permission denied"));
}

TEST_CASE("apparmor: without a profile nothing is denied", "[vm][labels]") {
  NEEDS(apparmor);
  CHECK_THAT(run_filled(with_profile("")).out, Contains("secret"));
}

TEST_CASE("apparmor: a profile that is not loaded fails create", "[vm][labels]") {
  NEEDS(apparmor);
  const Bundle bundle(with_profile("tilla-absent"));
  const Runtime runtime;
  const Result result = runtime.create(bundle, "test");
  CHECK(result.exit_code == 1);
  CHECK_THAT(runtime.output_of("test") + result.err,
             Contains("unable to apply apparmor profile: `/proc/thread-self/attr/apparmor/exec`: "
                      "no profile \"tilla-absent\" is loaded"));
  CHECK(runtime.left().empty());
}

TEST_CASE("apparmor: an exec has the container's profile, or the one that it asks for",
          "[vm][labels]") {
  NEEDS(apparmor);
  load_profiles();
  const Bundle bundle(with_profile("tilla-tight", "sleep 100"));
  fill(bundle);
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result same = runtime.call({"exec", "test", "sh", "-c", kShow});
  CHECK(same.out == "tilla-tight (enforce)\n");
  CHECK_THAT(same.err, Contains("Permission denied"));
  CHECK(runtime.must({"exec", "--apparmor", "tilla-wide", "test", "sh", "-c", kShow}) ==
        "tilla-wide (enforce)\nsecret\n");
  CHECK_THAT(runtime.call({"exec", "--apparmor", "tilla-absent", "test", "true"}).err,
             Contains("no profile \"tilla-absent\" is loaded"));
  const std::string file = runtime.directory() / "process.json";
  write_text(file, R"({"user":{"uid":0,"gid":0},"args":["cat","/proc/self/attr/current"],
                       "env":["PATH=/bin"],"cwd":"/"})");
  CHECK(runtime.must({"exec", "--process", file, "test"}) == "tilla-tight (enforce)\n");
}

TEST_CASE("apparmor: a startContainer hook is confined, too", "[vm][labels]") {
  NEEDS(apparmor);
  load_profiles();
  const Bundle bundle([](RuntimeSpec& spec) {
    with_profile("tilla-tight", "cat /tmp/hook")(spec);
    spec.hooks.emplace().start_container.push_back(
        {.path = "/bin/sh",
         .args = {"sh", "-c", "cat /proc/self/attr/current > /tmp/hook"},
         .env = {"PATH=/bin"},
         .timeout_seconds = {}});
  });
  CHECK(Runtime().run(bundle).all() == "tilla-tight (enforce)\n");
}

TEST_CASE("apparmor: what the image mounts on /proc leads no label astray", "[vm][labels]") {
  // CVE-2019-16884: runc wrote the label into a file of the image's and ran unconfined.
  NEEDS(apparmor);
  load_profiles();
  const Bundle bundle([](RuntimeSpec& spec) {
    with_profile("tilla-tight", "echo ran")(spec);
    drop_mount(spec, "/proc");
    spec.linux_.masked_paths.clear();
    spec.linux_.readonly_paths.clear();
  });
  make_directory(bundle.rootfs() + "/proc/thread-self/attr/apparmor");
  write_text(bundle.rootfs() + "/proc/thread-self/attr/apparmor/exec", "", 0666);
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "ran\n");
  CHECK(read_text(bundle.rootfs() + "/proc/thread-self/attr/apparmor/exec").empty());
}

TEST_CASE("selinux: the program, its keyring and its mounts are labelled", "[vm][selinux]") {
  NEEDS(selinux);
  const Result result = run_shell(
      "tr -d '\\0' < /proc/self/attr/current; echo; grep ' /dev/shm ' /proc/self/mountinfo",
      [](RuntimeSpec& spec) {
        spec.process->selinux_label = "system_u:system_r:init_t:s0";
        spec.linux_.mount_label = "system_u:object_r:tmp_t:s0:c1,c2";
      });
  INFO(result.all());
  CHECK_THAT(result.out, Contains("system_u:system_r:init_t:s0\n"));
  CHECK_THAT(result.out, Contains("context=\"system_u:object_r:tmp_t:s0:c1,c2\"") ||
                             Contains("context=system_u:object_r:tmp_t:s0:c1,c2"));
}

TEST_CASE("selinux: a context that the policy has not fails create", "[vm][selinux]") {
  NEEDS(selinux);
  const Bundle bundle(
      [](RuntimeSpec& spec) { spec.process->selinux_label = "no:such:context_t:s0"; });
  const Runtime runtime;
  const Result result = runtime.create(bundle, "test");
  CHECK_THAT(runtime.output_of("test") + result.err,
             Contains("can't set process label: write `/proc/thread-self/attr/keycreate`: "));
  CHECK(runtime.left().empty());
}

TEST_CASE("selinux: a label confines, where the policy is enforced", "[vm][selinux][root]") {
  NEEDS(selinux);
  // Debian's policy lets these executables start no process of ping's.
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, "echo ran");
    spec.process->selinux_label = "system_u:system_r:ping_t:s0";
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "ran\n");
  write_text("/sys/fs/selinux/enforce", "1");
  const Result result = runtime.run(bundle);
  write_text("/sys/fs/selinux/enforce", "0");
  CHECK(result.out.empty());
  CHECK(result.exit_code != 0);
  CHECK_THAT(result.err, Contains("exec: Operation not permitted"));
}
