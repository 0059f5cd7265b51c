// SPDX-License-Identifier: Apache-2.0
#include "tests/support/needs.h"

#include <linux/capability.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "sys/capability.h"
#include "sys/idmap.h"
#include "sys/label.h"
#include "sys/procfs.h"
#include "tests/support/harness.h"
#include "tests/support/scratch_cgroup.h"

namespace support {
namespace {

bool is_host_root() {
  return ::geteuid() == 0 && sys::is_initial(sys::own_uid_map(sys::Procfs::open()));
}

bool is_executable(const char* path) { return ::access(path, X_OK) == 0; }

bool has_range() {
  if (::geteuid() == 0) return true;
  return is_executable("/usr/bin/newuidmap") && is_executable("/usr/bin/newgidmap") &&
         subordinate_uids().count >= 65536 && subordinate_gids().count >= 65536;
}

bool can_unshare() { return run({"unshare", "-U", "true"}).exit_code == 0; }

bool can_mount_proc() { return run({"unshare", "-Urpf", "--mount-proc", "true"}).exit_code == 0; }

bool has_capability(int number) {
  return ((sys::own_capabilities().effective >> number) & 1U) != 0;
}

bool can_write_cgroup2() {
  const std::string mount = cgroup2_mount();
  return !mount.empty() && ::access(mount.c_str(), W_OK) == 0;
}

bool has_fuse() {
  return ::access("/dev/fuse", R_OK | W_OK) == 0 && is_executable("/usr/bin/fuse-overlayfs");
}

bool has_cgroup1() {
  return is_host_root() && ::access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0;
}

bool& skipped() {
  static bool value = false;
  return value;
}

bool is_plain_build() {
#if defined(__SANITIZE_ADDRESS__)
  return false;
#else
  return true;
#endif
}

}  // namespace

namespace needs {
const Need root = {"root", is_host_root, true};
const Need user = {"an ordinary user", [] { return !is_host_root(); }, true};
const Need range = {"a range of ids", has_range, false};
const Need single = {"user namespaces", can_unshare, true};
const Need fresh_proc = {"a /proc of which nothing is hidden", can_mount_proc, true};
const Need sys_resource = {"CAP_SYS_RESOURCE", [] { return has_capability(CAP_SYS_RESOURCE); },
                           true};
const Need strace = {"strace", [] { return is_executable("/usr/bin/strace"); }, false};
const Need fuse = {"fuse-overlayfs and /dev/fuse", has_fuse, true};
const Need systemd_manager = {"systemd as the manager",
                              [] { return cgroup_manager() == "systemd"; }, true};
const Need cgroup1 = {"cgroup v1", has_cgroup1, true};
const Need cgroup2 = {"cgroup v2", can_write_cgroup2, true};
const Need apparmor = {"AppArmor", [] { return sys::has_apparmor(sys::Procfs::open()); }, true};
const Need selinux = {"SELinux", sys::has_selinux, true};
const Need no_sanitizer = {"a build without sanitizers", is_plain_build, true};
}  // namespace needs

bool is_missing(const Need& need) {
  if (need.is_met()) return false;
  const std::string test = Catch::getResultCapture().getCurrentTestName();
  const char* strict = std::getenv("STRICT");
  if (strict != nullptr && std::string(strict) == "1" && !need.can_be_missing) {
    FAIL("STRICT=1 and no " << need.name << ": " << test);
  }
  std::cout << "SKIPPED (" << need.name << "): " << test << std::endl;
  skipped() = true;
  return true;
}

bool take_skipped() { return std::exchange(skipped(), false); }

}  // namespace support
