// SPDX-License-Identifier: Apache-2.0
// INV-3, INV-4, INV-6, INV-7, INV-11: what a container's process holds, is, and can reach.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

namespace {

std::string digest_of(const std::string& path) { return run({"sha256sum", path}).out; }

config::Seccomp deny_mkdir() {
  config::Seccomp profile;
  profile.default_action = config::SeccompAction::kAllow;
  profile.syscalls = {{.names = {"mkdir", "mkdirat"},
                       .action = config::SeccompAction::kErrno,
                       .errno_ret = 42,
                       .args = {}}};
  return profile;
}

}  // namespace

// runc CVE-2019-5736: the container wrote over the runtime through /proc/self/exe.
TEST_CASE("t_selfexe_write: INV-3: /proc/self/exe is no program", "[security]") {
  const Result result = run_args({"/proc/self/exe", "--version"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

TEST_CASE("t_selfexe_write: INV-3: a script for /proc/self/exe can't write the runtime",
          "[security]") {
  const std::string before = digest_of(runtime_program());
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"/attack"}; });
  write_text(bundle.rootfs() + "/attack", "#!/proc/self/exe\n", 0755);
  const Runtime runtime;
  (void)runtime.run(bundle);
  CHECK(digest_of(runtime_program()) == before);
}

TEST_CASE("t_selfexe_write: INV-3: process 1's program is not the runtime's file", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result link = runtime.call({"exec", "test", "readlink", "/proc/1/exe"});
  CHECK(link.out == "/bin/busybox\n");
  const std::string before = digest_of(runtime_program());
  // Every process that the container can see, the exec's own among them, many times over.
  const Result attack = runtime.call(
      {"exec", "test", "sh", "-c",
       "i=0; while [ $i -lt 50 ]; do for p in /proc/[0-9]*; do echo bad > $p/exe; done; i=$((i+1)); done"});
  CHECK(digest_of(runtime_program()) == before);
}

// runc CVE-2024-21626, runc issue 5474: descriptors of the runtime's survived the exec.
TEST_CASE("t_fd_inventory: INV-4: the init has its three streams and nothing else", "[security]") {
  const Result result = run_shell("cd /proc/self/fd; echo *");
  CHECK(result.out == "0 1 2 3\n");  // 3 is the shell's own, on this directory
}

TEST_CASE("t_fd_inventory: INV-4: an exec has its three streams and nothing else", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "test", "sh", "-c", "cd /proc/self/fd; echo *"}) == "0 1 2 3\n");
}

TEST_CASE("t_preserve_fds_short: INV-4: a descriptor that isn't open is an error by name",
          "[security]") {
  const Bundle bundle;
  const Runtime runtime;
  const Result result = runtime.run(bundle, {"--preserve-fds", "7"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

// runc CVE-2022-29162, podman CVE-2022-27649: inheritable sets were not empty.
TEST_CASE("t_inheritable_caps: INV-6: the inheritable set is empty", "[security]") {
  CHECK(run_shell("grep CapInh /proc/self/status").out == "CapInh:\t0000000000000000\n");
  const Result asked = run_shell("grep CapInh /proc/self/status", [](config::RuntimeSpec& spec) {
    spec.process->capabilities->inheritable = {"CAP_KILL"};
    spec.process->capabilities->ambient.clear();
  });
  CHECK(asked.out == "CapInh:\t0000000000000000\n");
}

TEST_CASE("t_inheritable_caps: INV-6: exec --cap does not fill it either", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "--cap", "CAP_SYS_CHROOT", "test", "grep", "CapInh",
                      "/proc/self/status"}) == "CapInh:\t0000000000000000\n");
}

// buildah CVE-2022-2990, containerd CVE-2023-25173: the caller's groups stayed.
TEST_CASE("t_suppl_groups: INV-6: supplementary groups are exactly the bundle's", "[security]") {
  NEEDS(range);
  const Result none = run_shell("grep Groups /proc/self/status", use_range);
  CHECK(none.out == "Groups:\t \n");
  const Result some = run_shell("grep Groups /proc/self/status", [](config::RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user.additional_gids = {7, 9};
  });
  CHECK(some.out == "Groups:\t7 9 \n");
}

// containerd CVE-2024-40635, crun CVE-2026-30892: ids that overflow or don't parse became root.
TEST_CASE("t_user_overflow: INV-6: exec takes plain 32-bit numbers alone", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  for (const char* user : {"4294967296", "4294967295", "-1", "0x0", "+0", " 0", "0 ", "", ":", "0:",
                           "0:-1", "root", "0:0x0"}) {
    if (*user == '\0') continue;
    const Result result = runtime.call({"exec", "--user=" + std::string(user), "test", "id", "-u"});
    CHECK(result.exit_code == 255);
    CHECK(result.out.empty());
  }
}

// podman CVE-2024-9676, BuildKit GHSA-72x6: /etc/passwd as a FIFO hung, as a huge file ate memory.
TEST_CASE("t_passwd_fifo: a passwd that is a FIFO does not block", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { set_shell(spec, "echo $HOME"); });
  make_directory(bundle.rootfs() + "/etc");
  (void)::unlink((bundle.rootfs() + "/etc/passwd").c_str());
  REQUIRE(::mkfifo((bundle.rootfs() + "/etc/passwd").c_str(), 0644) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "/\n");
}

TEST_CASE("t_passwd_huge: a passwd beyond the bound is no passwd", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { set_shell(spec, "echo $HOME"); });
  make_directory(bundle.rootfs() + "/etc");
  const std::string path = bundle.rootfs() + "/etc/passwd";
  write_text(path, "root:x:0:0:root:/evil:/bin/sh\n");
  REQUIRE(::truncate(path.c_str(), off_t{1} << 34) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "/\n");
}

// kubelet CVE-2023-2431: an empty profile meant no profile.
TEST_CASE("t_seccomp_empty: INV-7: a profile without a default is refused", "[security]") {
  Bundle bundle;
  const std::string path = bundle / "config.json";
  for (const char* profile : {"{}", "{\"syscalls\":[]}", "\"\"", "[]", "{\"defaultAction\":\"\"}",
                              "{\"defaultAction\":\"SCMP_ACT_NONE\"}"}) {
    bundle.configure({});
    std::string text = read_text(path);
    const std::size_t at = text.find("\"namespaces\"");
    REQUIRE(at != std::string::npos);
    text.insert(at, "\"seccomp\": " + std::string(profile) + ", ");
    write_text(path, text);
    const Runtime runtime;
    const Result result = runtime.run(bundle);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find("/linux/seccomp") != std::string::npos);
  }
}

TEST_CASE("t_seccomp_exec: INV-7: an exec has the container's filter", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"sleep", "60"};
    spec.linux_.seccomp = deny_mkdir();
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result = runtime.call({"exec", "test", "mkdir", "/tmp-made"});
  CHECK(result.exit_code == 1);
  CHECK_FALSE(exists(bundle.rootfs() + "/tmp-made"));
}

// rkt CVE-2019-10144: `enter` ran without the container's restrictions.
TEST_CASE("t_exec_restrictions: INV-7: an exec has no more capabilities than its container",
          "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::vector<std::string> look = {"grep", "-E", "Cap|NoNewPrivs", "/proc/self/status"};
  std::vector<std::string> exec = {"exec", "test"};
  exec.insert(exec.end(), look.begin(), look.end());
  CHECK(runtime.must(exec) == run_args(look).out);
}

// runc CVE-2016-9962: a process in the container traced one that was just joining.
TEST_CASE("t_exec_ptrace: a created init shows the container nothing", "[security]") {
  NEEDS(root);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_single(spec);
    std::erase(mount_on(spec, "/dev/pts").options, "gid=5");
    spec.process->args = {"sleep", "60"};
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  // As root of the host we may enter; in there, process 1 is the waiting init.
  const Result result =
      runtime.call({"exec", "test", "sh", "-c", "ls /proc/1/fd; readlink /proc/1/exe; echo done"});
  CHECK(result.out == "done\n");
}

TEST_CASE("t_state_dir_modes: INV-11: state is the caller's alone", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "60"}; });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  struct stat status = {};
  for (const std::string& path : {runtime.root(), runtime.root() + "/test"}) {
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
  }
  REQUIRE(::stat((runtime.root() + "/test/start.sock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0177) == 0);
}

TEST_CASE("t_setuid: INV-11: the program is not setuid and has no file capabilities",
          "[security]") {
  struct stat status = {};
  REQUIRE(::stat(runtime_program().c_str(), &status) == 0);
  CHECK((status.st_mode & 06000) == 0);
  CHECK(run({"getcap", runtime_program()}).out.empty());
}

// flatpak CVE-2017-5226: TIOCSTI typed into the caller's terminal.
TEST_CASE("t_tiocsti: the container's terminal is not the caller's", "[security]") {
  const Result result = run_args({"tty"}, [](config::RuntimeSpec& spec) {
    spec.process->terminal = false;
  });
  CHECK(result.out == "not a tty\n");
}
