// SPDX-License-Identifier: Apache-2.0
#include "sys/procfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/process.h"
#include "tests/support/harness.h"

namespace {

template <typename Step>
int code_of(Step&& step) {
  try {
    step();
  } catch (const sys::Error& error) {
    return error.code();
  }
  return 0;
}

// Runs `step` in a mount namespace of a child's own; its exit code. 99: no namespaces here.
int in_namespaces(const std::function<int()>& step) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int types = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(types) != 0) ::_exit(99);
    (void)::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    ::_exit(step());
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("procfs: a /proc that is none is not trusted", "[sys][procfs]") {
  const support::TempDirectory fake;
  CHECK(in_namespaces([&] {
          if (::mount(fake.path().c_str(), "/proc", nullptr, MS_BIND, nullptr) != 0) return 1;
          return code_of([] { (void)sys::Procfs::open(); }) == EINVAL ? 0 : 2;
        }) == 0);
}

TEST_CASE("procfs: nor is a part of one", "[sys][procfs]") {
  CHECK(in_namespaces([] {
          if (::mount("/proc/self", "/proc", nullptr, MS_BIND, nullptr) != 0) return 1;
          return code_of([] { (void)sys::Procfs::open(); }) == EINVAL ? 0 : 2;
        }) == 0);
}

TEST_CASE("procfs: what is mounted over a file of it is refused", "[sys][procfs]") {
  CHECK(in_namespaces([] {
          const sys::Procfs proc = sys::Procfs::open();
          if (::mount("/dev/null", "/proc/sys/kernel/hostname", nullptr, MS_BIND, nullptr) != 0) {
            return 1;
          }
          return code_of([&] { (void)proc.read("sys/kernel/hostname"); }) == EXDEV ? 0 : 2;
        }) == 0);
}

TEST_CASE("procfs: magic links are followed on purpose alone, and nothing leaves it",
          "[sys][procfs]") {
  const sys::Procfs proc = sys::Procfs::open();
  CHECK(code_of([&] { (void)proc.open_file("self/exe", O_RDONLY); }) == ELOOP);
  CHECK(code_of([&] { (void)proc.open_file("self/root/etc/passwd", O_RDONLY); }) == ELOOP);
  CHECK(code_of([&] { (void)proc.open_file("../etc/passwd", O_RDONLY); }) == EXDEV);
  CHECK(code_of([&] { (void)proc.open_file("/etc/passwd", O_RDONLY); }) == EXDEV);
  CHECK(proc.open_magic_link("self/exe", O_RDONLY));
  CHECK_FALSE(proc.open_file_if_exists("4194305/stat", O_RDONLY));
}

TEST_CASE("process_times: a name cannot fake the fields behind it", "[sys][procfs]") {
  const sys::Procfs proc = sys::Procfs::open();
  const auto honest = sys::process_times(proc, ::getpid());
  char before[16] = "";
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, ") Z 1 2 3");
  const auto fake = sys::process_times(proc, ::getpid());
  ::prctl(PR_SET_NAME, before);
  REQUIRE(honest);
  REQUIRE(fake);
  CHECK(fake->start_time == honest->start_time);
  CHECK(fake->parent == ::getppid());
  CHECK_FALSE(fake->is_zombie);
}

TEST_CASE("process_times: knows a corpse, and nobody", "[sys][procfs]") {
  const sys::Procfs proc = sys::Procfs::open();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info = {};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK(sys::process_times(proc, child)->is_zombie);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(sys::process_times(proc, child));
}

TEST_CASE("namespace_type: of a namespace alone", "[sys][procfs]") {
  const sys::Procfs proc = sys::Procfs::open();
  CHECK(sys::namespace_type(proc.open_magic_link("self/ns/net", O_RDONLY).get()) == CLONE_NEWNET);
  CHECK(code_of([&] { (void)sys::namespace_type(proc.open_file("self/stat", O_RDONLY).get()); }) ==
        EINVAL);
}
