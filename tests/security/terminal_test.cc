// SPDX-License-Identifier: Apache-2.0
// INV-5: consoles, and the caller's own terminal.
#include <catch2/catch.hpp>

#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

TEST_CASE("t_console_pts_swap: a console that is a symlink in the image binds nothing",
          "[security][inv5]") {
  // CVE-2025-52565: /dev/pts/N was exchanged, and /dev/console became a file of /proc.
  const Canary canary;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    std::erase_if(spec.mounts,
                  [](const config::Mount& mount) { return mount.destination == "/dev"; });
    spec.process->terminal = true;
    support::set_shell(spec, "stat -c %t /dev/console; echo typed > /dev/console");
  });
  plant_symlink(canary.file(), bundle.rootfs() + "/dev/console");
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.pty = true});
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("/dev/console") != std::string::npos);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_console_pts_swap: a multiplexer of the image's own is none", "[security][inv5]") {
  const Canary canary;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_dev_of_image(spec);
    spec.process->terminal = true;
  });
  support::make_directory(bundle.rootfs() + "/dev/pts");
  const bool is_link = GENERATE(false, true);
  if (is_link) {
    plant_symlink("/proc/self/fd/0", bundle.rootfs() + "/dev/pts/ptmx");
  } else {
    support::write_text(bundle.rootfs() + "/dev/pts/ptmx", "");
  }
  const Runtime runtime;
  CHECK(runtime.run(bundle, {}, {.pty = true}).exit_code == 1);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_console_pts_swap: what is no multiplexer is not even opened", "[security][inv5]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_dev_of_image(spec);
    spec.process->terminal = true;
  });
  support::make_directory(bundle.rootfs() + "/dev/pts");
  Snare snare(bundle.rootfs() + "/dev/pts/ptmx");
  const Runtime runtime;
  CHECK(runtime.run(bundle, {}, {.pty = true}).exit_code == 1);
  CHECK(snare.is_untouched());
}

TEST_CASE("t_console_pts_swap: nothing that is mounted over the multiplexer is opened",
          "[security][inv5]") {
  const support::TempDirectory host;
  Snare snare(host / "fifo");
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    support::add_mount(spec, "/dev/pts/ptmx", "bind", host / "fifo", {"bind"});
    spec.process->terminal = true;
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle, {}, {.pty = true}).exit_code == 1);
  CHECK(snare.is_untouched());
}

TEST_CASE("t_console_pts_swap: the console is the container's own pty", "[security][inv5]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->terminal = true;
    support::set_shell(spec, "stat -c %t:%T /dev/console; tty; stat -f -c %T /dev/console");
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.pty = true});
  INFO(result.out);
  CHECK(result.out.find("88:0") != std::string::npos);
  CHECK(result.out.find("/dev/pts/0") != std::string::npos);
}

TEST_CASE("t_tiocsti: nothing is typed into the caller's terminal", "[security][inv5]") {
  // CVE-2017-5226 (bubblewrap), CVE-2016-10124 (LXC): input for the shell outside, after the end.
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"attack", "type"};
    spec.process->terminal = false;  // the streams are the caller's terminal itself
  });
  add_attacker(bundle);
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.pty = true});
  INFO(result.out);
  CHECK(result.out.find("TIOCSTI: ") != std::string::npos);
  CHECK(result.out.find("TYPED") == std::string::npos);
  CHECK(result.out.find("/dev/tty: No such device") != std::string::npos);
}
