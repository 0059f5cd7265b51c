// SPDX-License-Identifier: Apache-2.0
// INV-1 and INV-2: images that point out of themselves, and volumes that change under our hands.
#include <catch2/catch.hpp>

#include "sys/process.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

namespace {

// A container whose volume "/vol" somebody else changes all the time.
struct Volume {
  Volume() { support::make_directory(directory / "one"); }
  void mount(config::RuntimeSpec& spec) const {
    support::add_mount(spec, "/vol", "bind", directory.path(), {"rbind", "rw"});
  }
  // "one" is a directory now and a symlink to the host's `target` the next moment.
  void prepare(const std::string& target) const { plant_symlink(target, directory / "other"); }
  support::TempDirectory directory;
};

constexpr int kRounds = 60;
constexpr long kEnoughFlips = 2000;

}  // namespace

TEST_CASE("t_procfs_symlink: an image's /proc that is a symlink gets no mount",
          "[security][inv2]") {
  // CVE-2019-19921, CVE-2023-27561: /proc of the image led elsewhere, and labels were not applied.
  const Canary canary;
  const Bundle bundle;
  plant_symlink(canary.path(), bundle.rootfs() + "/proc");
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("symlink") != std::string::npos);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_label_redirect: nothing but a procfs is mounted on /proc, and nothing inside it",
          "[security][inv2]") {
  // CVE-2019-16884: a volume on /proc faked the files that labels are written to.
  const support::TempDirectory fake;
  const Runtime runtime;
  const std::string place = GENERATE("/proc", "/proc/self/attr", "/link/self", "/proc/1",
                                     "/proc/sys", "/proc/sysrq-trigger");
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    support::add_mount(spec, place, "bind", fake.path(), {"bind"});
  });
  plant_symlink("/proc", bundle.rootfs() + "/link");
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/proc") != std::string::npos);
}

TEST_CASE("t_sys_symlink: an image's /sys that is a symlink gets no mount", "[security][inv1]") {
  // CVE-2023-28642: the same for /sys.
  const Canary canary;
  const Bundle bundle;
  plant_symlink(canary.path(), bundle.rootfs() + "/sys");
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("symlink") != std::string::npos);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_dev_symlink: an image's /dev that is a symlink leads nowhere", "[security][inv1]") {
  // CVE-2026-47766, CVE-2026-41579: devices and links were made in, and ptmx taken off, the host's.
  // Debian's crun 1.8.1 still makes a file "null" there, as a user.
  const Canary canary;
  support::write_text(canary.path() + "/ptmx", "host");
  const bool has_mount = GENERATE(false, true);
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    if (!has_mount) use_dev_of_image(spec);
  });
  plant_symlink(canary.path(), bundle.rootfs() + "/dev");
  const Runtime runtime;
  CHECK(runtime.run(bundle).exit_code == 1);
  CHECK(support::names_in(canary.path()) == std::vector<std::string>{"file", "ptmx"});
}

TEST_CASE("t_dev_symlink: symlinks inside an image's /dev stay what they are for the host",
          "[security][inv1]") {
  const Canary canary;
  const std::string name = GENERATE("null", "tty", "fd", "ptmx", "stdout");
  const Bundle bundle(use_dev_of_image);
  plant_symlink(canary.file(), bundle.rootfs() + "/dev/" + name);
  const Runtime runtime;
  (void)runtime.run(bundle);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_rootfs_is_symlink: the root itself is never followed", "[security][inv1]") {
  // CVE-2026-48749 (Incus): "rootfs" of an image was a symlink to the host's files.
  const Canary canary;
  const std::string path = GENERATE("rootfs", "rootfs/", "rootfs/.", "./rootfs//");
  const Bundle bundle([&](config::RuntimeSpec& spec) { spec.root.path = path; });
  plant_symlink(canary.path(), bundle.rootfs());
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("root \"") != std::string::npos);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_workdir_procfd: a working directory through a descriptor is refused",
          "[security][inv4]") {
  // CVE-2024-21626: WORKDIR /proc/self/fd/N was the host's cgroup directory.
  const int fd = GENERATE(range(3, 12));
  const auto result = support::run_shell("pwd; ls", [&](config::RuntimeSpec& spec) {
    spec.process->cwd = "/proc/self/fd/" + std::to_string(fd);
  });
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

TEST_CASE("t_workdir_procfd: nor through the cwd and root of a process, nor by exec",
          "[security][inv4]") {
  const std::string cwd = GENERATE("/proc/self/cwd", "/proc/1/root", "/proc/self/fd/7", "/link");
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  plant_symlink("/proc/self/fd/5", bundle.rootfs() + "/link");
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto result = runtime.call({"exec", "--cwd", cwd, "test", "pwd"});
  CHECK(result.exit_code == 255);
  CHECK(result.out.empty());
}

TEST_CASE("t_workdir_symlink_chown: a missing working directory is made inside the root",
          "[security][inv1]") {
  // CVE-2026-55686: WORKDIR through a symlink made and chowned a directory of the host's.
  const Canary canary;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->cwd = "/work/sub";
    spec.process->args = {"pwd"};
  });
  plant_symlink(canary.path(), bundle.rootfs() + "/work");
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK((result.exit_code == 1 || result.out == canary.path() + "/sub\n"));
  CHECK(canary.is_untouched());
}

TEST_CASE("t_mkdirall_rename: mount points are never made outside the root", "[security][inv1]") {
  // CVE-2024-45310: a rename race made MkdirAll create directories and files on the host, as
  // Debian's runc 1.1.5 does here, called by a user.
  const Canary canary;
  const Volume volume;
  volume.prepare(canary.path());
  const Runtime runtime;
  Flipper flipper(volume.directory / "one", volume.directory / "other");
  for (int i = 0; i < kRounds; ++i) {
    const Bundle bundle([&](config::RuntimeSpec& spec) {
      volume.mount(spec);
      const std::string place = "/vol/one/a" + std::to_string(i);
      support::add_mount(spec, place + "/b", "tmpfs", "tmpfs");
      support::add_mount(spec, place + "/file", "bind", "/dev/null", {"bind"});
      spec.process->cwd = place + "/work";
    });
    (void)runtime.run(bundle);
  }
  CHECK(flipper.stop() > kEnoughFlips);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_mount_exchange: a mount whose target changes under it stays inside",
          "[security][inv1]") {
  // CVE-2021-30465: a symlink, exchanged between the check and the mount, put it on the host.
  const Canary canary;
  const Volume volume;
  volume.prepare(canary.path());
  const Runtime runtime;
  int successes = 0;
  Flipper flipper(volume.directory / "one", volume.directory / "other");
  for (int i = 0; i < kRounds; ++i) {
    const Bundle bundle([&](config::RuntimeSpec& spec) {
      volume.mount(spec);
      support::add_mount(spec, "/vol/one", "tmpfs", "marker");
      support::set_shell(spec, "grep -c ' - tmpfs marker ' /proc/self/mountinfo");
    });
    support::make_directory(bundle.rootfs() + canary.path());  // where the link leads inside
    const auto result = runtime.run(bundle);
    if (result.exit_code != 0) continue;
    ++successes;
    CHECK(result.out == "1\n");  // it is somewhere in here
  }
  CHECK(flipper.stop() > kEnoughFlips);
  CHECK(successes > 0);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_mount_exchange: a mount point behind a symlink to the host's is the root's own",
          "[security][inv1]") {
  const Canary canary;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    support::add_mount(spec, "/link/sub", "tmpfs", "marker");
    support::set_shell(spec, "awk '/ - tmpfs marker /{print $5}' /proc/self/mountinfo");
  });
  plant_symlink(canary.path(), bundle.rootfs() + "/link");
  support::make_directory(bundle.rootfs() + canary.path());
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == canary.path() + "/sub\n");
  CHECK(canary.is_untouched());
}

TEST_CASE("t_copy_symlink: a symlink is made inside the root, whatever the image has on the way",
          "[security][inv1]") {
  const Canary canary;
  const support::TempDirectory source;
  plant_symlink("/etc/shadow", source / "link");
  const std::string place = GENERATE("/way/link", "/way/sub/link", "/file");
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    support::add_mount(spec, place, "bind", source / "link", {"bind", "copy-symlink"});
  });
  plant_symlink(canary.path(), bundle.rootfs() + "/way");
  plant_symlink(canary.file(), bundle.rootfs() + "/file");
  const Runtime runtime;
  (void)runtime.run(bundle);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_copy_symlink: a kernel file system's place never becomes one", "[security][inv2]") {
  const support::TempDirectory source;
  plant_symlink("/etc", source / "link");
  const std::string place = GENERATE("/proc", "/dev", "/sys");
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    std::erase_if(spec.mounts,
                  [&](const config::Mount& mount) { return mount.destination.starts_with(place); });
    spec.linux_.masked_paths.clear();
    spec.linux_.readonly_paths.clear();
    support::add_mount(spec, place, "bind", source / "link", {"bind", "copy-symlink"});
  });
  std::filesystem::remove(bundle.rootfs() + place);
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("the source is a symlink") != std::string::npos);
}

TEST_CASE("t_maskpath_devnull_swap: what masks a file is the host's /dev/null",
          "[security][inv5]") {
  // CVE-2025-31133: the container's /dev/null was a symlink by the time it was bound, and the
  // masked path became whatever it led to.
  const Runtime runtime;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_dev_of_image(spec);
    spec.linux_.masked_paths = {"/etc/masked"};
    support::set_shell(spec, "stat -c %t:%T /etc/masked; cat /etc/masked");
  });
  support::write_text(bundle.rootfs() + "/etc/masked", "secret");
  support::write_text(bundle.rootfs() + "/dev/null", "");
  plant_symlink("/proc/sysrq-trigger", bundle.rootfs() + "/dev/other");
  int successes = 0;
  Flipper flipper(bundle.rootfs() + "/dev/null", bundle.rootfs() + "/dev/other");
  for (int i = 0; i < kRounds; ++i) {
    const auto result = runtime.run(bundle);
    if (result.exit_code != 0) continue;  // refused: /dev/null was the symlink
    ++successes;
    CHECK(result.out == "1:3\n");
  }
  CHECK(flipper.stop() > kEnoughFlips);
  CHECK(successes > 0);
}

TEST_CASE("t_maskpath_devnull_swap: devices are the host's, whatever the image has there",
          "[security][inv5]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_dev_of_image(spec);
    support::set_shell(spec, "stat -c %t:%T /dev/null /dev/zero /dev/urandom");
  });
  support::write_text(bundle.rootfs() + "/dev/zero", "not a device");
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "1:3\n1:5\n1:9\n");
}

TEST_CASE("t_device_swap: a device node in a shared volume never changes the host's files",
          "[security][inv1]") {
  // Found here: the mode was set by name, and a symlink in the node's place led to the host's file.
  NEEDS(root);
  const Canary canary;
  const Volume volume;
  const Runtime runtime;
  // The other container replaces whatever appears by a symlink to the host's file.
  plant_symlink(canary.file(), volume.directory / "other");
  support::write_text(volume.directory / "node", "");
  std::filesystem::remove(volume.directory / "node");
  Flipper flipper(volume.directory / "node", volume.directory / "other");
  for (int i = 0; i < kRounds; ++i) {
    const Bundle bundle([&](config::RuntimeSpec& spec) {
      volume.mount(spec);
      spec.linux_.devices.push_back({.type = "c", .path = "/vol/node", .major = 1, .minor = 3});
    });
    (void)runtime.run(bundle);
    std::filesystem::remove(volume.directory / "node");
    plant_symlink(canary.file(), volume.directory / "other");
  }
  CHECK(flipper.stop() > 0);
  CHECK(canary.is_untouched());
}

TEST_CASE("t_climb: without a mount namespace there is nothing above the root either",
          "[security][inv4]") {
  // Debian's crun 1.8.1 and runc 1.1.5 leave such a container in a chroot below the bundle, and
  // this program reached the host's file (of runc without masked paths, which it refuses there).
  // Ours has a tree that is not the host's to begin with.
  NEEDS(root);
  const Canary canary;
  const Runtime runtime;
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    spec.linux_.namespaces.clear();
    spec.hostname.clear();
    const std::vector<std::string> chroot = {"CAP_SYS_CHROOT"};
    spec.process->capabilities = config::Capabilities{.bounding = chroot,
                                                      .effective = chroot,
                                                      .inheritable = {},
                                                      .permitted = chroot,
                                                      .ambient = {}};
    spec.process->args = {"attack", "climb", canary.file()};
  });
  add_attacker(bundle);
  CHECK(runtime.run(bundle).all() == "climbed: No such file or directory\n");
}
