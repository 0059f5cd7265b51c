// SPDX-License-Identifier: Apache-2.0
// INV-9: what an image says of itself is data. Each of these images wants something of the host.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/containers/scene.h"
#include "tests/support/needs.h"

namespace {

using Catch::Contains;
using config::ContainerConfig;
using containers::busybox_root;
using containers::Result;
using containers::Scene;

Result run_hostile(const containers::TarBuilder& root,
                   const std::function<void(ContainerConfig&)>& change,
                   const std::vector<std::string>& command) {
  const Scene scene;
  scene.add_image("evil", root, change);
  std::vector<std::string> words = {"--network", "none", "evil"};
  words.insert(words.end(), command.begin(), command.end());
  Result result = scene.run(words);
  CHECK(scene.containers().empty());
  CHECK(scene.volumes().empty());
  CHECK(scene.tilla().left().empty());
  return result;
}

TEST_CASE("t_image_volume: a volume on /proc, /sys, /dev or \"/\" is refused",
          "[security][image]") {
  const auto target =
      GENERATE("/proc", "/proc/self", "/sys/kernel", "/dev/../proc/", "/dev", "/", "/..", "proc");
  const Result result = run_hostile(
      busybox_root(), [&](ContainerConfig& image) { image.volumes = {target}; }, {"true"});
  CHECK(result.exit_code == 125);
  CHECK_THAT(result.err, Contains("the image wants a volume on"));
}

TEST_CASE("t_image_volume_dotdot: \"..\" in a volume stays in the root", "[security][image]") {
  const Result result = run_hostile(
      busybox_root(),
      [](ContainerConfig& image) { image.volumes = {"/a/../../../../../../tmp/../data"}; },
      {"sh", "-c", "touch /data/x && ls /data"});
  CHECK(result.out == "x\n");
}

TEST_CASE("t_image_volume_symlink: a volume's place that is a symlink out leads nowhere",
          "[security][image]") {
  const support::TempDirectory outside;
  support::write_text(outside / "secret", "of the host\n");
  const Result result = run_hostile(busybox_root().symlink("data", outside.path()),
                                    [](ContainerConfig& image) { image.volumes = {"/data"}; },
                                    {"sh", "-c", "ls -A /data; touch /data/x"});
  CHECK(result.out.find("secret") == std::string::npos);
  CHECK(support::names_in(outside.path()) == std::vector<std::string>{"secret"});
}

TEST_CASE("t_image_env: a newline makes no second variable, no \"=\" takes none of the host's",
          "[security][image]") {
  const Scene scene;
  scene.add_image("evil", busybox_root(), [](ContainerConfig& image) {
    image.env = {"A=1\nLD_PRELOAD=/x", "TILLA_SECRET", "TILLA_RUNTIME=/bin/false"};
  });
  const Result result =
      scene.run({"--network", "none", "evil", "sh", "-c", "echo \"$LD_PRELOAD|$TILLA_SECRET\""},
                {.env = {"TILLA_SECRET=of the host"}});
  CHECK(result.out == "|\n");
}

TEST_CASE("t_image_user: a number that overflows is nobody", "[security][image]") {
  const auto user = GENERATE("4294967296", "4294967295", "-1", "0x0", "root:4294967296", "1e1");
  const Result result =
      run_hostile(busybox_root(), [&](ContainerConfig& image) { image.user = user; }, {"id", "-u"});
  CHECK(result.exit_code == 125);
  CHECK(result.out.empty());
}

TEST_CASE("t_image_passwd: a passwd that leads out says nothing", "[security][image]") {
  const support::TempDirectory outside;
  support::write_text(outside / "passwd", "evil:x:0:0::/:/bin/sh\n");
  containers::TarBuilder root;
  root.directory("etc/").symlink("etc/passwd", outside / "passwd");
  const Result result =
      run_hostile(root, [](ContainerConfig& image) { image.user = "evil"; }, {"/bin/true"});
  CHECK(result.exit_code == 125);
  CHECK_THAT(result.err, Contains("unable to find user evil"));
}

TEST_CASE("t_image_passwd_fifo: a FIFO for passwd holds nobody up", "[security][image]") {
  containers::TarBuilder root;
  root.directory("etc/").add({.name = "etc/passwd", .type = '6'});
  const Result result =
      run_hostile(root, [](ContainerConfig& image) { image.user = "evil"; }, {"/bin/true"});
  CHECK(result.exit_code == 125);
  CHECK_THAT(result.err, Contains("unable to find user evil"));
}

TEST_CASE("t_image_passwd_huge: a passwd beyond the bound says nothing", "[security][image]") {
  containers::TarBuilder root;
  root.directory("etc/").file("etc/passwd",
                              "evil:x:0:0::/:/bin/sh\n" + std::string(std::size_t{2} << 20, '#'));
  const Result result =
      run_hostile(root, [](ContainerConfig& image) { image.user = "evil"; }, {"/bin/true"});
  CHECK(result.exit_code == 125);
}

TEST_CASE("t_image_workdir: a working directory by descriptor leads nowhere", "[security][image]") {
  // CVE-2024-21626
  const support::TempDirectory outside;
  support::write_text(outside / "secret", "of the host\n");
  const auto directory =
      GENERATE("/proc/self/fd/7", "/proc/self/fd/8", "/proc/1/cwd", "/proc/self/fd/9/../../..");
  const Result result =
      run_hostile(busybox_root(), [&](ContainerConfig& image) { image.working_dir = directory; },
                  {"sh", "-c", "cat ../../../../../../../.." + outside.path() + "/secret"});
  CHECK(result.exit_code != 0);
  CHECK(result.out.empty());
}

TEST_CASE("t_image_labels: labels and annotations switch nothing", "[security][image]") {
  const Result result = run_hostile(busybox_root(),
                                    [](ContainerConfig& image) {
                                      image.labels = {{"org.tilla.cgroups", "disabled"},
                                                      {"io.containers.capabilities", "sys_admin"},
                                                      {"run.oci.seccomp", "unconfined"}};
                                    },
                                    {"grep", "-E", "CapBnd|Seccomp:", "/proc/self/status"});
  CHECK_THAT(result.out, Contains("00000000a80425fb") && Contains("Seccomp:\t2"));
}

TEST_CASE("t_image_entrypoint: none, empty and absent programs are errors of their own",
          "[security][image]") {
  CHECK_THAT(run_hostile(busybox_root(), {}, {}).err, Contains("no command specified"));
  CHECK(run_hostile(busybox_root(), [](ContainerConfig& image) { image.entrypoint = {""}; }, {})
            .exit_code == 125);
  CHECK(
      run_hostile(busybox_root(), [](ContainerConfig& image) { image.entrypoint = {"/gone"}; }, {})
          .exit_code == 127);
}

TEST_CASE("t_image_etc: /etc/hosts that is a symlink out changes nothing of the host's",
          "[security][image]") {
  const support::TempDirectory outside;
  support::write_text(outside / "hosts", "untouched\n");
  const Result result = run_hostile(busybox_root().symlink("etc/hosts", outside / "hosts"), {},
                                    {"sh", "-c", "echo x > /etc/hosts; true"});
  (void)result;
  CHECK(support::read_text(outside / "hosts") == "untouched\n");
}

TEST_CASE("t_image_health: no image has the host check without a rest, or never again",
          "[security][image]") {
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto [interval, least, most] =
      GENERATE(table<std::int64_t, int, int>({{1, 1, 4}, {kMost, 0, 0}}));
  CAPTURE(interval);
  const Scene scene;
  scene.add_image("evil", busybox_root(), [&, pause = interval](ContainerConfig& image) {
    image.healthcheck = config::Healthcheck();
    image.healthcheck->test = {"CMD-SHELL", "echo checked >> /tmp/checks"};
    image.healthcheck->interval = pause;
    image.healthcheck->timeout = kMost;
  });
  const Result result =
      scene.run({"--network", "none", "-d", "--name", "evil", "evil", "sh", "-c",
                 ": > /tmp/checks; sleep 3; wc -l < /tmp/checks > /tmp/count; sleep 60"});
  INFO(result.all());
  REQUIRE(result.exit_code == 0);
  std::string count;
  for (int i = 0; i < 100 && count.empty(); ++i) {
    (void)support::run({"sleep", "0.2"});
    count = scene.tilla().call({"exec", "evil", "cat", "/tmp/count"}).out;
  }
  REQUIRE(!count.empty());
  CHECK(std::stoi(count) >= least);
  CHECK(std::stoi(count) <= most);
  scene.tilla().must({"rm", "-f", "evil"});
}

}  // namespace
