// SPDX-License-Identifier: Apache-2.0
// Golden: an image's configuration, options and facts in, a config.json out.
// UPDATE_GOLDEN=1 rewrites tests/golden/container/*.json.
#include "config/container_spec.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "config/container_defaults.h"
#include "config/default_seccomp.h"
#include "sys/error.h"
#include "tests/support/harness.h"

namespace {

using config::ContainerConfig;
using config::ContainerFlags;
using config::NetworkKind;
using config::RuntimeSpec;
using config::SpecFacts;

const std::string kId = std::string(64, 'a');

ContainerConfig sample_image() {
  ContainerConfig image;
  image.env = {"PATH=/app/bin", "MODE=image"};
  image.entrypoint = {"/app/bin/server"};
  image.cmd = {"--port", "80"};
  image.working_dir = "app";
  return image;
}

SpecFacts range_facts() {
  return {.id = kId,
          .root = "/store/containers/a/bundle/rootfs",
          .architecture = "amd64",
          .user = {.uid = 33, .gid = 33, .groups = {33, 44}, .name = "www", .home = "/srv"},
          .uids = {{0, 0, 1}, {1, 1, 65536}},
          .gids = {{0, 0, 1}, {1, 1, 65536}}};
}

RuntimeSpec made(const ContainerFlags& flags, const SpecFacts& facts = range_facts()) {
  return config::make_container_spec(sample_image(), config::read_options(flags), {}, facts).spec;
}

void check_golden(const std::string& name, RuntimeSpec spec) {
  if (spec.linux_.seccomp) spec.linux_.seccomp->syscalls.clear();  // has a test of its own
  const std::string path = "tests/golden/container/" + name + ".json";
  const std::string text = config::write_runtime_spec(spec) + "\n";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) support::write_text(path, text);
  CHECK(text == support::read_text(path));
}

const config::Mount* find_mount(const RuntimeSpec& spec, std::string_view destination) {
  const auto mount = std::ranges::find(spec.mounts, destination, &config::Mount::destination);
  return mount == spec.mounts.end() ? nullptr : &*mount;
}

TEST_CASE("container spec: defaults, in a range of ids", "[config][container]") {
  check_golden("range", made({}));
}

TEST_CASE("container spec: a single id, on the host's network", "[config][container]") {
  SpecFacts facts = range_facts();
  facts.uids = facts.gids = {{0, 0, 1}};
  facts.user = {.groups = {0}, .name = {}, .home = {}};
  facts.may_set_groups = false;
  facts.network = NetworkKind::kHost;
  check_golden("single", made({.tty = true, .network = "host"}, facts));
}

TEST_CASE("container spec: the host's root, with everything", "[config][container]") {
  SpecFacts facts = range_facts();
  facts.uids = facts.gids = {};
  facts.is_host_root = true;
  facts.mounts = {config::make_bind("/src", "/data/deep", {.is_read_only = true}),
                  config::make_bind("/src", "/data", {})};
  facts.devices = {{.type = "c", .path = "/dev/x", .major = 1, .minor = 3}};
  check_golden("root", made({.entrypoint = "/bin/tool",
                             .env = {"MODE=flag", "PATH"},
                             .workdir = "/w",
                             .umask = "027",
                             .hostname = "web",
                             .annotation = {"a=b"},
                             .read_only = true,
                             .device = {"/dev/y:/dev/x:r"},
                             .cap_add = {"sys_admin"},
                             .cap_drop = {"MKNOD"},
                             .security_opt = {"no-new-privileges", "unmask=/proc/kcore"},
                             .uts = "private",
                             .ulimit = {"nofile=10:20"},
                             .sysctl = {"net.core.somaxconn=10"},
                             .memory = "64m",
                             .oom_score_adj = "5"},
                            facts));
}

TEST_CASE("container spec: what it makes is valid for the runtime", "[config][container]") {
  CHECK(config::validate(made({})).empty());
  CHECK(config::validate(made({.read_only = true, .privileged = true})).empty());
}

TEST_CASE("container spec: --read-only has its tmpfs, unless a volume is there",
          "[config][container]") {
  CHECK(find_mount(made({.read_only = true}), "/tmp")->type == "tmpfs");
  CHECK(find_mount(made({.read_only = true, .read_only_tmpfs = "false"}), "/tmp") == nullptr);
  SpecFacts facts = range_facts();
  facts.mounts = {config::make_bind("/src", "/tmp", {})};
  CHECK(find_mount(made({.read_only = true}, facts), "/tmp")->source == "/src");
}

TEST_CASE("container spec: a read-only bind is so with all that is mounted below",
          "[config][container]") {
  CHECK(config::make_bind("/a", "/b", {.is_read_only = true}).options ==
        std::vector<std::string>{"rbind", "rprivate", "rro"});
}

TEST_CASE("container spec: --cap-drop ALL, then --cap-add", "[config][container]") {
  const RuntimeSpec spec = made({.cap_add = {"chown"}, .cap_drop = {"all"}});
  CHECK(spec.process->capabilities->bounding == std::vector<std::string>{"CAP_CHOWN"});
  CHECK(spec.process->capabilities->ambient.empty());
}

TEST_CASE("container spec: what an image says of labels and ports reaches nobody",
          "[config][container][security]") {
  ContainerConfig image = sample_image();
  image.labels = {{"org.tilla.cgroups", "disabled"}, {"a", "b"}};
  image.exposed_ports = {"80/tcp"};
  image.healthcheck = config::Healthcheck{.test = {"CMD", "x"}};
  CHECK(config::make_container_spec(image, config::read_options({}), {}, range_facts()).spec ==
        made({}));
}

TEST_CASE("default seccomp: mount(2) is for those with CAP_SYS_ADMIN", "[config][seccomp]") {
  const auto permits = [](const config::Seccomp& profile, const std::string& name) {
    return std::ranges::any_of(profile.syscalls, [&](const config::SeccompRule& rule) {
      return rule.action == config::SeccompAction::kAllow && rule.args.empty() &&
             std::ranges::find(rule.names, name) != rule.names.end();
    });
  };
  const config::Seccomp usual = config::default_seccomp("amd64", config::default_capabilities());
  CHECK(usual.default_action == config::SeccompAction::kErrno);
  CHECK(permits(usual, "read"));
  CHECK(permits(usual, "chroot"));
  for (const char* name : {"mount", "unshare", "setns", "bpf", "keyctl", "io_uring_setup",
                           "init_module", "kexec_load", "open_by_handle_at", "clone"}) {
    INFO(name);
    CHECK_FALSE(permits(usual, name));
  }
  CHECK(permits(config::default_seccomp("amd64", {"CAP_SYS_ADMIN"}), "mount"));
  CHECK_FALSE(permits(config::default_seccomp("amd64", {}), "chroot"));
  CHECK(config::default_seccomp("amd64", {}).architectures.size() == 3);
}

}  // namespace
