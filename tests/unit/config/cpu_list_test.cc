// SPDX-License-Identifier: Apache-2.0
#include "config/cpu_list.h"

#include <catch2/catch.hpp>

using config::CpuMask;
using config::parse_cpu_list;

TEST_CASE("cpu list: single ones and ranges", "[config][cpu]") {
  CHECK(parse_cpu_list("0") == CpuMask{1});
  CHECK(parse_cpu_list("0-3,7") == CpuMask{0x8F});
  CHECK(parse_cpu_list("0, 2\n") == CpuMask{5});
}

TEST_CASE("cpu list: more than 1024 processors", "[config][cpu]") {
  const auto mask = parse_cpu_list("1500");
  REQUIRE(mask);
  REQUIRE(mask->size() == 24);
  CHECK(mask->at(23) == 1UL << (1500 - 23 * 64));
  CHECK(parse_cpu_list("65535"));
}

TEST_CASE("cpu list: what is none", "[config][cpu]") {
  const char* text = GENERATE("", ",", "0,", "a", "-1", "1-", "3-1", "1-2-3", "0x1", "+1", "65536",
                              "1;2", "4294967296");
  CAPTURE(text);
  CHECK_FALSE(parse_cpu_list(text));
}
