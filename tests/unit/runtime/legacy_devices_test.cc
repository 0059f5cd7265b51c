// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/legacy_devices.h"

#include <catch2/catch.hpp>

#include "runtime/plan/device_filter.h"
#include "sys/error.h"

using config::DeviceRule;
using runtime::device_writes;
using runtime::LegacyDevices;
using runtime::merge_device_rules;

namespace {

using Lines = std::vector<std::string>;

DeviceRule rule(bool allow, const char* type, std::optional<int64_t> major,
                std::optional<int64_t> minor, const char* access = "rwm") {
  return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}

const DeviceRule kDenyAll = rule(false, "a", {}, {});
const DeviceRule kAllowAll = rule(true, "a", {}, {}, "");

}  // namespace

TEST_CASE("legacy devices: what no rule allows is denied", "[runtime][devices]") {
  CHECK(merge_device_rules({}) == LegacyDevices{});
  CHECK(merge_device_rules({kDenyAll, rule(true, "c", 1, 3, "rw")}) ==
        LegacyDevices{.allows_rest = false, .exceptions = {"c 1:3 rw"}});
}

TEST_CASE("legacy devices: letters of several rules are merged", "[runtime][devices]") {
  const auto devices = merge_device_rules(
      {rule(true, "c", 1, 3, "w"), rule(true, "c", 1, 3, "r"), rule(true, "b", -1, {}, "m")});
  CHECK(devices.exceptions == Lines{"c 1:3 rw", "b *:* m"});
}

TEST_CASE("legacy devices: a rule about all makes the earlier ones void", "[runtime][devices]") {
  CHECK(merge_device_rules({rule(true, "c", 1, 3), kDenyAll}) == LegacyDevices{});
  CHECK(merge_device_rules({rule(false, "c", 1, 3), kAllowAll}) ==
        LegacyDevices{.allows_rest = true, .exceptions = {}});
}

TEST_CASE("legacy devices: a later rule takes back what it covers", "[runtime][devices]") {
  CHECK(merge_device_rules({rule(true, "c", 1, 3), rule(true, "c", 1, 5), rule(true, "b", 1, 3),
                            rule(false, "c", 1, {}, "w")})
            .exceptions == Lines{"c 1:3 rm", "c 1:5 rm", "b 1:3 rwm"});
  CHECK(merge_device_rules({kAllowAll, rule(false, "c", 1, 3), rule(true, "c", 1, 3, "r")}) ==
        LegacyDevices{.allows_rest = true, .exceptions = {"c 1:3 wm"}});
}

TEST_CASE("legacy devices: a hole in a wider rule is refused, for it would not be there",
          "[runtime][devices]") {
  CHECK_THROWS_WITH(merge_device_rules({rule(true, "c", 1, {}), rule(false, "c", 1, 3, "r")}),
                    "cgroup v1 can't take \"c 1:3 r\" out of \"c 1:* rwm\"");
  CHECK_THROWS_AS(merge_device_rules({rule(true, "c", 1, {}), rule(false, "c", {}, 3)}),
                  sys::Error);
  CHECK_NOTHROW(merge_device_rules({rule(true, "c", 1, {}, "r"), rule(false, "c", 1, 3, "w")}));
}

TEST_CASE("legacy devices: with those of every container, as runc has them", "[runtime][devices]") {
  const auto devices = merge_device_rules(runtime::effective_device_rules({kDenyAll}));
  CHECK_FALSE(devices.allows_rest);
  CHECK(devices.exceptions == Lines{"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:8 rwm", "c 1:7 rwm",
                                    "c 5:0 rwm", "c 1:5 rwm", "c 1:9 rwm", "c 136:* rwm",
                                    "c 5:2 rwm", "c 10:200 rwm"});
}

TEST_CASE("legacy devices: a new cgroup is told all, from nothing", "[runtime][devices]") {
  using Writes = std::vector<std::pair<std::string, std::string>>;
  CHECK(device_writes("a *:* rwm\n", {.allows_rest = false, .exceptions = {"c 1:3 rwm"}}) ==
        Writes{{"devices.deny", "a"}, {"devices.allow", "c 1:3 rwm"}});
  CHECK(device_writes("a *:* rwm\n", {.allows_rest = true, .exceptions = {"c 1:3 rwm"}}) ==
        Writes{{"devices.allow", "a"}, {"devices.deny", "c 1:3 rwm"}});
}

TEST_CASE("legacy devices: one with processes is told what is different", "[runtime][devices]") {
  using Writes = std::vector<std::pair<std::string, std::string>>;
  CHECK(device_writes("c 1:5 rwm\nc 1:3 rwm\n",
                      {.allows_rest = false, .exceptions = {"c 1:3 rwm", "c 1:7 r"}}) ==
        Writes{{"devices.deny", "c 1:5 rwm"}, {"devices.allow", "c 1:7 r"}});
  CHECK(device_writes("c 1:3 rwm\n", {.allows_rest = false, .exceptions = {"c 1:3 rwm"}}).empty());
}
