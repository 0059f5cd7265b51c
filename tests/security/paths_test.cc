// SPDX-License-Identifier: Apache-2.0
// INV-1, INV-2, INV-4, INV-5: images whose paths lead somewhere else. The host's side is checked
// too.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

namespace {

void make_symlink(const std::string& target, const std::string& path) {
  (void)::unlink(path.c_str());
  (void)::rmdir(path.c_str());
  REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
}

// A bundle whose image has a symlink at `name` to an empty directory of the host's; the container
// must not start, and nothing may appear in that directory.
void check_symlink_refused(const std::string& name) {
  const Bundle bundle;
  const TempDirectory host;
  make_symlink(host.path(), bundle.rootfs() + "/" + name);
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("symlink") != std::string::npos);
  CHECK(names_in(host.path()).empty());
  CHECK(runtime.left().empty());
}

}  // namespace

// runc CVE-2023-27561, youki CVE-2025-54867: /proc as a symlink of the image's redirected mounts.
TEST_CASE("t_procfs_symlink: INV-1: a /proc that is a symlink is refused", "[security]") {
  check_symlink_refused("proc");
}

TEST_CASE("t_sys_symlink: INV-1: a /sys that is a symlink is refused", "[security]") {
  check_symlink_refused("sys");
}

// runc CVE-2026-41579, crun CVE-2026-47766: /dev as a symlink made and removed files of the host's.
TEST_CASE("t_dev_symlink: INV-5: a /dev that is a symlink is refused", "[security]") {
  check_symlink_refused("dev");
}

TEST_CASE("t_dev_symlink: INV-5: so it is when the bundle mounts nothing there", "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    for (const char* path : {"/dev/pts", "/dev/shm", "/dev/mqueue", "/dev"}) drop_mount(spec, path);
  });
  const TempDirectory host;
  make_symlink(host.path(), bundle.rootfs() + "/dev");
  const Runtime runtime;
  CHECK(runtime.run(bundle).exit_code == 1);
  CHECK(names_in(host.path()).empty());
}

// Incus CVE-2026-48749: the root itself was a symlink of the bundle's author.
TEST_CASE("t_rootfs_is_symlink: INV-1: a root that is a symlink is refused", "[security]") {
  const Bundle bundle;
  const std::string real = bundle / "real";
  REQUIRE(::rename(bundle.rootfs().c_str(), real.c_str()) == 0);
  make_symlink(real, bundle.rootfs());
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("root \"") != std::string::npos);
}

// runc CVE-2021-30465, CVE-2019-19921: a mount's destination went through a symlink to the host.
TEST_CASE("t_mount_symlink: INV-1: a mount point through a symlink stays inside", "[security]") {
  const TempDirectory host;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    add_mount(spec, "/link/inner", "tmpfs", "tmpfs");
    set_shell(spec, "grep -c inner /proc/self/mountinfo");
  });
  make_symlink(host.path(), bundle.rootfs() + "/link");
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(names_in(host.path()).empty());
  // The link's target is made inside the root, where the container sees it.
  CHECK(result.exit_code != 128 + 11);
}

// runc CVE-2024-21626: a working directory of /proc/self/fd/N was a directory of the host's.
TEST_CASE("t_workdir_procfd: INV-4: a cwd through /proc/self/fd is refused", "[security]") {
  for (const int fd : {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
    const Result result = run_args({"pwd"}, [&](config::RuntimeSpec& spec) {
      spec.process->cwd = "/proc/self/fd/" + std::to_string(fd);
    });
    CHECK(result.exit_code == 1);
    CHECK(result.out.empty());
  }
}

// buildah CVE-2026-55686: WORKDIR through a symlink made a directory on the host.
TEST_CASE("t_workdir_symlink: INV-1: a cwd through a symlink is made inside", "[security]") {
  const TempDirectory host;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->cwd = "/away/made";
    spec.process->args = {"pwd"};
  });
  make_symlink(host.path(), bundle.rootfs() + "/away");
  const Runtime runtime;
  (void)runtime.run(bundle);
  CHECK(names_in(host.path()).empty());
}

// runc CVE-2019-16884: a volume over /proc turned the runtime's own writes away.
TEST_CASE("t_label_redirect: INV-2: nothing but a procfs is mounted on /proc", "[security]") {
  const Result result = run_args(
      {"true"}, [](config::RuntimeSpec& spec) { add_mount(spec, "/proc", "tmpfs", "tmpfs"); });
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("only a procfs") != std::string::npos);
}

TEST_CASE("t_label_redirect: INV-2: nothing is mounted inside /proc", "[security]") {
  for (const char* path : {"/proc/self", "/proc/sys", "/proc/1", "/proc/sysrq-trigger"}) {
    const Result result = run_args({"true"}, [&](config::RuntimeSpec& spec) {
      add_mount(spec, path, "bind", "/dev/null", {"bind"});
    });
    CHECK(result.exit_code == 1);
  }
}

// runc CVE-2025-52565: a /dev/pts of the image's gave the console another file.
TEST_CASE("t_console_pts_swap: INV-5: a terminal needs a devpts, not a file of the image",
          "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    for (const char* path : {"/dev/pts", "/dev/shm", "/dev/mqueue", "/dev"}) drop_mount(spec, path);
    spec.process->terminal = true;
  });
  make_directory(bundle.rootfs() + "/dev");
  make_directory(bundle.rootfs() + "/dev/pts");
  write_text(bundle.rootfs() + "/dev/pts/ptmx", "not a multiplexer", 0666);
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.pty = true});
  CHECK(result.exit_code == 1);
  CHECK(result.all().find("not a devpts") != std::string::npos);
}

// runc CVE-2025-31133: a masked path got whatever /dev/null of the image was at the moment.
TEST_CASE("t_maskpath_devnull_swap: INV-5: masked files read as empty, whatever is swapped",
          "[security]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.masked_paths = {"/secret/a"};
    set_shell(spec, "cat /secret/a; wc -c < /secret/a");
  });
  make_directory(bundle.rootfs() + "/secret");
  write_text(bundle.rootfs() + "/secret/a", "the secret");
  write_text(bundle.rootfs() + "/decoy", "the secret too");
  const pid_t swapper = ::fork();
  if (swapper == 0) {  // flips the image's names for as long as the test runs
    const std::string dev = bundle.rootfs() + "/secret/a", decoy = bundle.rootfs() + "/decoy";
    for (;;) {
      (void)::syscall(SYS_renameat2, AT_FDCWD, dev.c_str(), AT_FDCWD, decoy.c_str(), 2U);
    }
  }
  for (int round = 0; round < 20; ++round) {
    const Runtime runtime;
    const Result result = runtime.run(bundle);
    // The swap may move the mask to the other name; what is read through the mask is nothing.
    if (result.exit_code == 0 && result.out == "0\n") continue;
    CHECK(result.out.find("root:") == std::string::npos);
  }
  sys::Process process{.pid = swapper, .pidfd = std::move(*sys::open_process(swapper))};
  CHECK(sys::send_signal(process.pidfd.get(), 9));
  CHECK(sys::wait_child(process).code == 128 + 9);
}

TEST_CASE("t_maskpath: INV-5: the sources of masks are the host's own", "[security]") {
  const Result result = run_shell("wc -c < /proc/keys; ls /sys/firmware | wc -l");
  CHECK(result.out == "0\n0\n");
}
