// SPDX-License-Identifier: Apache-2.0
#include "sys/mount.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace {

// In a mount namespace of a child's own; its exit code. An error is 90.
int in_namespaces(const std::function<int()>& step) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int types = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(types) != 0) ::_exit(99);
    (void)::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    try {
      ::_exit(step());
    } catch (const sys::Error&) {
      ::_exit(90);
    }
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("mount: a new file system is placed by descriptor", "[sys][mount]") {
  const support::TempDirectory directory;
  CHECK(in_namespaces([&] {
          const sys::Fd mount =
              sys::make_filesystem("tmpfs", "tmpfs", {"size=4k"}, MOUNT_ATTR_NOSUID);
          const sys::Fd target = sys::open_path(directory.path(), O_PATH | O_DIRECTORY);
          sys::attach_mount(mount.get(), target.get());
          struct statvfs there = {};
          if (::statvfs(directory.path().c_str(), &there) < 0) return 1;
          return (there.f_flag & ST_NOSUID) != 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("mount: a read-only clone leaves its source as it was", "[sys][mount]") {
  const support::TempDirectory directory;
  CHECK(in_namespaces([&] {
          const sys::Fd source = sys::open_path(directory.path(), O_PATH | O_DIRECTORY);
          const sys::Fd clone = sys::clone_mount(source.get(), true);
          sys::set_mount_attributes(clone.get(), MOUNT_ATTR_RDONLY, 0, true);
          if (::mkdirat(clone.get(), "a", 0700) == 0 || errno != EROFS) return 1;
          return ::mkdirat(source.get(), "a", 0700) == 0 ? 0 : 2;
        }) == 0);
}

TEST_CASE("mount: errors name the option or the type", "[sys][mount]") {
  CHECK(in_namespaces([] {
          try {
            (void)sys::make_filesystem("tmpfs", "tmpfs", {"nonsense=1"}, 0);
          } catch (const sys::Error& error) {
            return std::string(error.what()).find("nonsense=1") != std::string::npos ? 0 : 1;
          }
          return 2;
        }) == 0);
  CHECK_THROWS_WITH(sys::make_filesystem("nofs", "", {}, 0), Catch::Contains("fsopen nofs"));
}
