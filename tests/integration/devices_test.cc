// SPDX-License-Identifier: Apache-2.0
// /dev: the default devices and symlinks, and linux.devices as nodes and as binds.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

void add_device(RuntimeSpec& spec, const std::string& path, const std::string& type, int64_t major,
                int64_t minor) {
  config::Device device;
  device.path = path;
  device.type = type;
  device.major = major;
  device.minor = minor;
  spec.linux_.devices.push_back(device);
}

void drop_dev(RuntimeSpec& spec) {
  std::erase_if(spec.mounts,
                [](const config::Mount& mount) { return mount.destination.starts_with("/dev"); });
}

// Type, numbers (hexadecimal), mode and owner.
std::string show(const std::string& path) { return "stat -c '%F %t:%T %a %u:%g' " + path; }

// A "device" of the host's, /dev/zero under another name, in a container with a user namespace.
Result with_host_device(const std::string& line, int64_t minor) {
  const TempDirectory directory;
  const std::string path = directory / "some/device";
  const std::string setup = sys::format(
      "mkdir {0}/some && touch {0}/some/device && mount --bind /dev/zero {0}/some/device",
      directory.path());
  return run_among_mounts(setup, [&](RuntimeSpec& spec) {
    add_device(spec, path, "c", 1, minor);
    set_shell(spec, "p=" + path + "; " + line);
  });
}

}  // namespace

TEST_CASE("devices: the default ones have their numbers and can be used by everybody",
          "[integration][devices]") {
  const Result result = run_shell(
      "for d in null zero full random urandom tty; do stat -c '%F %t:%T %a' /dev/$d; done");
  CHECK(result.all() ==
        "character special file 1:3 666\n"
        "character special file 1:5 666\n"
        "character special file 1:7 666\n"
        "character special file 1:8 666\n"
        "character special file 1:9 666\n"
        "character special file 5:0 666\n");
}

TEST_CASE("devices: the default ones do what they are for", "[integration][devices]") {
  const Result result = run_shell(
      "echo x > /dev/null; cat /dev/null; head -c 3 /dev/zero | xxd -p; echo x > /dev/full; "
      "head -c 5 /dev/urandom | wc -c; head -c 5 /dev/random | wc -c");
  CHECK(result.out == "000000\n5\n5\n");
  CHECK_THAT(result.err, Contains("No space left on device"));
}

TEST_CASE("devices: the symlinks of the specification", "[integration][devices]") {
  CHECK(run_shell("for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done").all() ==
        "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n");
}

TEST_CASE("devices: there is nothing else", "[integration][devices]") {
  CHECK(run_shell("ls /dev | xargs").all() ==
        "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero\n");
}

TEST_CASE("devices: a bundle's own in a user namespace is the host's, bound",
          "[integration][devices]") {
  const Result result = with_host_device(
      "stat -c '%F %t:%T' $p; head -c 2 $p | xxd -p; "
      "grep -c \" $p \" /proc/self/mountinfo",
      5);
  CHECK(result.all() == "character special file 1:5\n0000\n1\n");
}

TEST_CASE("devices: one that the host has under other numbers is refused by name",
          "[integration][devices]") {
  const Result result = with_host_device("true", 3);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("some/device\" is another device than c 1:3"));
}

TEST_CASE("devices: one that the host has not is refused by name", "[integration][devices]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    use_single(spec);
    add_device(spec, "/dev/no-such-device", "c", 1, 3);
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err,
             Contains("device \"/dev/no-such-device\"") && Contains("No such file or directory"));
}

TEST_CASE("devices: a device of a type that nobody knows is refused", "[integration][devices]") {
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { add_device(spec, "/dev/x", "q", 1, 3); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/devices/0/type"));
}

TEST_CASE("devices: as root they are nodes of the bundle's type, mode and owner",
          "[integration][devices][root]") {
  NEEDS(root);
  const Result result =
      run_shell(show("/dev/a /dev/sub/b /anywhere/c /dev/d"), [](RuntimeSpec& spec) {
        add_device(spec, "/dev/a", "c", 1, 5);
        spec.linux_.devices[0].file_mode = 0640;
        spec.linux_.devices[0].uid = 7;
        spec.linux_.devices[0].gid = 8;
        add_device(spec, "/dev/sub/b", "b", 7, 255);
        add_device(spec, "/anywhere/c", "p", 0, 0);
        spec.linux_.devices[2].file_mode = 0622;
        add_device(spec, "/dev/d", "u", 10, 300);
      });
  CHECK(result.all() ==
        "character special file 1:5 640 7:8\n"
        "block special file 7:ff 666 0:0\n"
        "fifo 0:0 622 0:0\n"
        "character special file a:12c 666 0:0\n");
}

TEST_CASE("devices: as root a default one can be given another mode and owner",
          "[integration][devices][root]") {
  NEEDS(root);
  const Result result = run_shell(show("/dev/null"), [](RuntimeSpec& spec) {
    add_device(spec, "/dev/null", "c", 1, 3);
    spec.linux_.devices[0].file_mode = 0600;
    spec.linux_.devices[0].gid = 5;
  });
  CHECK(result.all() == "character special file 1:3 600 0:5\n");
}

TEST_CASE("devices: as root what the image has in their place is kept if right, else replaced",
          "[integration][devices][root]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    drop_dev(spec);
    set_shell(spec, show("/dev/null /dev/zero /dev/full"));
  });
  write_text(bundle.rootfs() + "/dev/null", "a file");
  REQUIRE(::symlink("/etc/passwd", (bundle.rootfs() + "/dev/full").c_str()) == 0);
  REQUIRE(::mknod((bundle.rootfs() + "/dev/zero").c_str(), S_IFCHR | 0604, makedev(1, 5)) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() ==
        "character special file 1:3 666 0:0\n"
        "character special file 1:5 604 0:0\n"
        "character special file 1:7 666 0:0\n");
}

TEST_CASE("devices: as root one that the bundle lists doesn't replace the image's file",
          "[integration][devices][root]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) { add_device(spec, "/etc/thing", "c", 1, 3); });
  write_text(bundle.rootfs() + "/etc/thing", "a file");
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("device \"/etc/thing\": another file is there"));
  CHECK(read_text(bundle.rootfs() + "/etc/thing") == "a file");
}

TEST_CASE("devices: a pipe is made, in a user namespace too", "[integration][devices]") {
  const Result result = run_shell("stat -c '%F %a' /dev/pipe", [](RuntimeSpec& spec) {
    use_single(spec);
    add_device(spec, "/dev/pipe", "p", 0, 0);
    spec.linux_.devices[0].file_mode = 0620;
  });
  CHECK(result.all() == "fifo 620\n");
}

TEST_CASE("devices: a /dev that the bundle binds is left as it is", "[integration][devices]") {
  const TempDirectory source;
  write_text(source / "only", "");
  const Result result = run_shell("ls /dev", [&](RuntimeSpec& spec) {
    drop_dev(spec);
    add_mount(spec, "/dev", "bind", source.path(), {"bind"});
  });
  CHECK(result.all() == "only\n");
  CHECK(names_in(source.path()) == std::vector<std::string>{"only"});
}

TEST_CASE("devices: a mount below /dev that comes later is not hidden by them",
          "[integration][devices]") {
  const TempDirectory source;
  write_text(source / "file", "mine\n");
  CHECK(run_shell("cat /dev/null /dev/extra", [&](RuntimeSpec& spec) {
          add_mount(spec, "/dev/extra", "bind", source / "file", {"bind"});
        }).all() == "mine\n");
}
