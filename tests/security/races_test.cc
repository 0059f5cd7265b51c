// SPDX-License-Identifier: Apache-2.0
// INV-1 and INV-5 against somebody who exchanges names in a shared volume as fast as the kernel
// lets him, and against names that lead up.
#include <catch2/catch.hpp>

#include "tests/security/scene.h"
#include "tests/support/needs.h"

using config::RuntimeSpec;
using support::Bundle;
using support::Runtime;

namespace {

constexpr int kRounds = 60;
constexpr long kEnoughFlips = 5000;

// The lines of mountinfo that show a part of a procfs in another place than /proc: what a
// redirected bind would have made.
constexpr const char* kShowStrayProc =
    "awk '$(NF-2) == \"proc\" && $5 !~ /^\\/proc/ { print \"STRAY\", $4, $5 }' "
    "/proc/self/mountinfo";

}  // namespace

TEST_CASE("t_maskpath_exchange: a masked or read-only path that is exchanged binds nothing else",
          "[security][inv5]") {
  // CVE-2025-31133, CVE-2021-30465: the path was resolved once to look and once to mount, and a
  // file of the kernel's was writable in a place of the container's.
  const support::TempDirectory volume;
  support::write_text(volume / "one", "secret");
  plant_symlink("/proc/sysrq-trigger", volume / "other");
  const bool hides = GENERATE(true, false);
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::add_mount(spec, "/vol", "bind", volume.path(), {"rbind", "rw"});
    (hides ? spec.linux_.masked_paths : spec.linux_.readonly_paths).emplace_back("/vol/one");
    support::set_shell(spec, kShowStrayProc);
  });
  const Runtime runtime;
  int successes = 0;
  Flipper flipper(volume / "one", volume / "other");
  for (int i = 0; i < kRounds; ++i) {
    const auto result = runtime.run(bundle);
    CHECK(result.out.empty());
    if (result.exit_code == 0) ++successes;
  }
  CHECK(flipper.stop() > kEnoughFlips);
  CHECK(successes > 0);
}

TEST_CASE(
    "t_console_pts_swap: a /dev of the image's in which names are exchanged gets no console "
    "elsewhere",
    "[security][inv5]") {
  // CVE-2025-52565: /dev/pts/N, and /dev/console, were something else by the time they were bound.
  const Canary canary;
  const std::string name = GENERATE("console", "pts");
  const Bundle bundle([](RuntimeSpec& spec) {
    const config::Mount devpts = support::mount_on(spec, "/dev/pts");
    use_dev_of_image(spec);
    spec.mounts.push_back(devpts);
    spec.process->terminal = true;
    support::set_shell(spec, std::string(kShowStrayProc) + "; stat -c %t:%T /dev/console");
  });
  const std::string dev = bundle.rootfs() + "/dev/";
  support::make_directory(dev + "pts");
  support::write_text(dev + "console", "");
  plant_symlink(name == "pts" ? "/proc/self/fd" : "/proc/sysrq-trigger", dev + "other");
  const Runtime runtime;
  int successes = 0;
  Flipper flipper(dev + name, dev + "other");
  for (int i = 0; i < kRounds / 2; ++i) {
    const auto result = runtime.run(bundle, {}, {.pty = true});
    CHECK(result.out.find("STRAY") == std::string::npos);
    if (result.exit_code == 0) ++successes;
  }
  CHECK(flipper.stop() > kEnoughFlips);
  CHECK(successes > 0);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_volume_dotdot: a destination that leads up ends at the root", "[security][inv1]") {
  // CVE-2022-23648 (containerd), CVE-2024-9675 (Buildah): ".." in a volume's path left the root.
  const Canary canary;
  const std::string up = "/../../../../../../../../../..";
  const std::string start = GENERATE("", "/mnt", "/link/..");
  const std::string place = start + up + canary.path();
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::add_mount(spec, place + "/sub", "tmpfs", "marker");
    support::add_mount(spec, place + "/null", "bind", "/dev/null", {"bind"});
    spec.linux_.masked_paths.push_back(place + "/file");
    spec.process->cwd = place + "/work";
    support::set_shell(spec, "awk '/ - tmpfs marker /{print $5}' /proc/self/mountinfo");
  });
  plant_symlink(canary.path(), bundle.rootfs() + "/link");
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == canary.path() + "/sub\n");
  CHECK(canary.is_untouched());
}
