// SPDX-License-Identifier: Apache-2.0
#include "sys/capability.h"

#include <linux/capability.h>

#include <catch2/catch.hpp>

TEST_CASE("capability: names are numbers, both ways", "[sys][capability]") {
  CHECK(sys::capability_number("CAP_CHOWN") == CAP_CHOWN);
  CHECK(sys::capability_number("CAP_SYS_ADMIN") == CAP_SYS_ADMIN);
  CHECK(sys::capability_name(CAP_NET_RAW) == "CAP_NET_RAW");
  for (const std::string& name : sys::all_capability_names()) {
    CHECK(sys::capability_name(sys::capability_number(name).value()) == name);
  }
}

TEST_CASE("capability: what is no name is no number", "[sys][capability]") {
  for (const char* name : {"", "0", "21", "CAP_", "CAP_NONE", "SYS_ADMIN", "all", "CAP_CHOWN "}) {
    INFO(name);
    CHECK_FALSE(sys::capability_number(name));
  }
}
