// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/unified_tree.h"

#include <catch2/catch.hpp>

using runtime::mounted_root;
using runtime::own_place;

TEST_CASE("cgroup tree: our place below a mount of the whole tree", "[runtime][cgroup]") {
  CHECK(own_place("0::/user.slice/a.scope\n", "/")->str() == "user.slice/a.scope");
  CHECK(own_place("1:cpu:/x\n0::/\n", "/")->str().empty());
}

TEST_CASE("cgroup tree: our place below a mount of a part of it", "[runtime][cgroup]") {
  CHECK(own_place("0::/docker/abc/sub\n", "/docker/abc")->str() == "sub");
  CHECK(own_place("0::/docker/abc\n", "/docker/abc")->str().empty());
  CHECK_FALSE(own_place("0::/docker/abcd\n", "/docker/abc"));
  CHECK_FALSE(own_place("0::/other\n", "/docker/abc"));
}

TEST_CASE("cgroup tree: nothing outside of our cgroup namespace", "[runtime][cgroup]") {
  CHECK_FALSE(own_place("0::/../x\n", "/"));
  CHECK_FALSE(own_place("0::/x\n", "/.."));
  CHECK_FALSE(own_place("3:cpu:/x\n", "/"));
}

TEST_CASE("cgroup tree: the root of the last mount on a place counts", "[runtime][cgroup]") {
  constexpr const char* kMounts =
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
      "40 31 0:41 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n"
      "41 31 0:42 / /sys/fs/cgroup/unified ro - cgroup2 cgroup rw\n";
  CHECK(mounted_root(kMounts, "/sys/fs/cgroup") == "/docker/abc");
  CHECK_FALSE(mounted_root(kMounts, "/elsewhere"));
}
