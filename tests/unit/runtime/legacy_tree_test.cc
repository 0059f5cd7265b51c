// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/legacy_tree.h"

#include <catch2/catch.hpp>

using runtime::has_controller;
using runtime::legacy_hierarchies;

namespace {

constexpr const char* kMounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "42 31 0:39 / /sys/fs/cgroup/other rw - cgroup cgroup rw,name=other\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

// "memory /sys/fs/cgroup/memory web"
std::string text_of(const char* mounts, const char* cgroup) {
  std::string text;
  for (const auto& one : legacy_hierarchies(mounts, cgroup)) {
    text += one.name + " " + one.mount_point + " " + one.own.str() + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("legacy tree: each hierarchy with its mount and our place in it", "[runtime][cgroup]") {
  CHECK(text_of(kMounts,
                "9:name=systemd:/user.slice\n3:cpu,cpuacct:/\n2:memory:/docker/abc/web\n"
                "0::/a\n") ==
        "name=systemd /sys/fs/cgroup/systemd user.slice\n"
        "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct \n"
        "memory /sys/fs/cgroup/memory web\n"
        "unified /sys/fs/cgroup/unified a\n");
}

TEST_CASE("legacy tree: what is not mounted, not below its mount, or nobody's is left out",
          "[runtime][cgroup]") {
  CHECK(text_of(kMounts, "5:pids:/\n4:memory:/elsewhere\n3:name=other:/\n2:cpu,cpuacct:/..\n")
            .empty());
}

TEST_CASE("legacy tree: one of cgroup v2 alone is none", "[runtime][cgroup]") {
  CHECK(text_of(kMounts, "0::/a\n").empty());
  CHECK(text_of("", "").empty());
}

TEST_CASE("legacy tree: controllers are whole words", "[runtime][cgroup]") {
  CHECK(has_controller("cpu,cpuacct", "cpuacct"));
  CHECK_FALSE(has_controller("cpuset", "cpu"));
  CHECK_FALSE(has_controller("name=systemd", "systemd"));
}
