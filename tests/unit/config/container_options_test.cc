// SPDX-License-Identifier: Apache-2.0
#include "config/container_options.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

namespace {

using Catch::Contains;
using config::ContainerFlags;
using config::read_options;
using config::VolumeKind;
using config::VolumeRequest;

TEST_CASE("flags: the record keeps each, and gives it back", "[config][flags]") {
  ContainerFlags flags;
  for (const config::ContainerFlag& flag : config::container_flags()) {
    std::visit(
        [&](auto member) {
          auto& value = flags.*member;
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, bool>) {
            value = true;
          } else if constexpr (std::is_same_v<Value, config::Words>) {
            value = {std::string(flag.names), "b"};
          } else {
            value = std::string(flag.names);
          }
        },
        flag.member);
  }
  const std::string text = config::write_json(config::to_json(flags), "");
  const config::Json json = config::parse_json(text, "flags");
  ContainerFlags read;
  config::read(config::Reader(json, "flags"), read);
  CHECK(read == flags);
  CHECK(config::write_json(config::to_json(ContainerFlags()), "") == "{}");
}

TEST_CASE("flags: no name is there twice, nor refused and there", "[config][flags]") {
  std::vector<std::string_view> names;
  for (const auto& flag : config::container_flags()) names.push_back(flag.names);
  for (const auto& flag : config::refused_flags()) names.push_back(flag.names);
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
}

TEST_CASE("options: an empty --entrypoint is one that was given", "[config][flags]") {
  CHECK(read_options({.entrypoint = ""}).entrypoint == "");
  CHECK_FALSE(read_options({}).entrypoint.has_value());
}

TEST_CASE("volumes: -v in its forms", "[config][volumes]") {
  CHECK(config::parse_volume("/a:/b") == VolumeRequest{.source = "/a", .target = "/b"});
  CHECK(config::parse_volume("data:/b:ro") ==
        VolumeRequest{
            .kind = VolumeKind::kVolume, .source = "data", .target = "/b", .is_read_only = true});
  CHECK(config::parse_volume("/b") == VolumeRequest{.kind = VolumeKind::kVolume, .target = "/b"});
  const VolumeRequest volume = config::parse_volume("/a:/b:rshared,noexec,z,bind");
  CHECK(volume.propagation == "rshared");
  CHECK(volume.options == std::vector<std::string>{"noexec"});
  CHECK_FALSE(volume.is_recursive);
}

TEST_CASE("volumes: -v that can't be", "[config][volumes]") {
  const auto word = GENERATE("", ":", "/a:", ":/b", "/a:b", "a:/", "/a:/b:what", "/a:/b:ro:x", "/",
                             "/..", "a b:/c", "../x:/c", "-x:/c", "x:/c");
  CHECK_THROWS_AS(config::parse_volume(word), sys::Error);
}

TEST_CASE("volumes: --mount", "[config][volumes]") {
  CHECK(config::parse_mount("type=bind,src=/a,dst=/b,readonly") ==
        VolumeRequest{.source = "/a", .target = "/b", .is_read_only = true});
  CHECK(config::parse_mount("source=data,target=/b,volume-nocopy=true") ==
        VolumeRequest{
            .kind = VolumeKind::kVolume, .source = "data", .target = "/b", .copies_up = false});
  CHECK(config::parse_mount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770").options ==
        std::vector<std::string>{"size=1048576", "mode=1770"});
  const auto word =
      GENERATE("", "type=bind,target=/b", "type=bind,source=a,target=/b", "type=what,target=/b",
               "type=tmpfs,source=x,target=/b", "type=bind,source=/a,target=/b,unknown=1",
               "type=bind,source=/a,target=/b,ro=maybe");
  CHECK_THROWS_AS(config::parse_mount(word), sys::Error);
}

TEST_CASE("volumes: two on one place", "[config][volumes]") {
  CHECK_THROWS_WITH(read_options({.volume = {"/a:/x"}, .tmpfs = {"/x"}}),
                    "duplicate mount point: /x");
}

TEST_CASE("sizes: as docker writes them", "[config][sizes]") {
  CHECK(config::parse_bytes("100") == 100);
  CHECK(config::parse_bytes("10b") == 10);
  CHECK(config::parse_bytes("64k") == 65536);
  CHECK(config::parse_bytes("512M") == 536'870'912);
  CHECK(config::parse_bytes("1.5g") == 1'610'612'736);
  CHECK(config::parse_bytes("2GiB") == 2'147'483'648);
  const auto word =
      GENERATE("", "m", "-1", "1x", "1.2.3", "1e3", "9999999999999999999", "1 m", "1mm");
  CHECK_FALSE(config::parse_bytes(word).has_value());
}

TEST_CASE("limits: what they come to", "[config][limits]") {
  const config::Resources resources =
      read_options({.memory = "64m", .cpus = "1.5", .pids_limit = "100"}).resources;
  CHECK(resources.memory->limit == 67'108'864);
  CHECK(resources.memory->swap == 134'217'728);
  CHECK(resources.cpu->quota == 150'000);
  CHECK(resources.cpu->period == 100'000U);
  CHECK(resources.pids->limit == 100);
  CHECK(read_options({}).resources == config::Resources());
  CHECK(read_options({.memory = "64m", .memory_swap = "-1"}).resources.memory->swap == -1);
  CHECK(config::parse_ulimit("nofile=1024:2048") ==
        config::Rlimit{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 2048});
  CHECK(config::parse_ulimit("core=-1").soft == UINT64_MAX);
}

TEST_CASE("options: each wrong word is told with its flag", "[config][flags]") {
  const auto flags = GENERATE(
      ContainerFlags{.cpus = "x"}, ContainerFlags{.cpus = "-1"}, ContainerFlags{.memory = "1k"},
      ContainerFlags{.memory_swap = "1g"}, ContainerFlags{.memory = "1g", .memory_swap = "1m"},
      ContainerFlags{.ulimit = {"nofile"}}, ContainerFlags{.ulimit = {"nofile=2:1"}},
      ContainerFlags{.umask = "999"}, ContainerFlags{.oom_score_adj = "1001"},
      ContainerFlags{.hostname = "a b"}, ContainerFlags{.add_host = {"nothing"}},
      ContainerFlags{.add_host = {"a:1\n2 b"}}, ContainerFlags{.dns = {"1.1.1.1\nx"}},
      ContainerFlags{.network = "what"}, ContainerFlags{.pid = "what"},
      ContainerFlags{.cap_add = {"WHAT"}}, ContainerFlags{.security_opt = {"what=1"}},
      ContainerFlags{.workdir = "relative"}, ContainerFlags{.shm_size = "0"},
      ContainerFlags{.device = {"nothing"}}, ContainerFlags{.read_only_tmpfs = "maybe"});
  CHECK_THROWS_AS(read_options(flags), sys::Error);
  CHECK_THROWS_WITH(read_options({.cpus = "x"}), Contains("\"x\" for \"--cpus\" flag"));
}

}  // namespace
