// SPDX-License-Identifier: Apache-2.0
// What systemd is asked for: names, annotations, limits.
#include "runtime/plan/systemd_unit.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace runtime;

namespace {

SystemdUnit unit_of(const std::string& path, const config::StringMap& annotations = {}) {
  CgroupPlan plan;
  plan.id = "a+b";
  plan.path = path;
  return plan_systemd_unit(plan, annotations);
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

CgroupWrite write(const std::string& file, const std::string& value) {
  CgroupWrite one;
  one.file = file;
  one.value = value;
  return one;
}

std::vector<std::string> limit(const std::string& file, const std::string& value) {
  return systemd_limits({write(file, value)});
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("systemd unit: slice, prefix and name; without them, the id", "[systemd]") {
  CHECK(unit_of("machine.slice:libpod:web").name == "libpod-web.scope");
  CHECK(has(unit_of("machine.slice:libpod:web").properties, "Slice=s:machine.slice"));
  CHECK(unit_of("::web").name == "web.scope");
  CHECK(unit_of("").name == "tilla-a\\x2bb.scope");
  CHECK(has(unit_of("").properties, "Slice=s:system.slice"));
}

TEST_CASE("systemd unit: other forms and names are refused", "[systemd]") {
  const std::string path =
      GENERATE("/a/b", "a:b", "x.slice:p:", "x.slice:p:a/b", "x:p:a", "../x.slice:p:a");
  CHECK_THROWS_WITH(unit_of(path), Catch::StartsWith("config.json: /linux/cgroupsPath: \""));
}

TEST_CASE("systemd unit: annotations of the list are passed on, with their type", "[systemd]") {
  const auto words = unit_of("", {{"org.systemd.property.TimeoutStopSec", "uint64 5"},
                                  {"org.systemd.property.CollectMode", "'inactive'"},
                                  {"org.systemd.property.After", "['a.service', \"b.service\"]"}})
                         .properties;
  CHECK(has(words, "TimeoutStopUSec=t:5000000"));
  CHECK(has(words, "CollectMode=s:inactive"));
  CHECK(has(words, "After=as:a.service\nb.service"));
}

TEST_CASE("systemd unit: others are refused, and so are values of another type", "[systemd]") {
  CHECK_THROWS_WITH(unit_of("", {{"org.systemd.property.DeviceAllow", "[]"}}),
                    Catch::Contains("is not passed on"));
  CHECK_THROWS_WITH(unit_of("", {{"org.systemd.property.After", "'a.service'"}}),
                    Catch::Contains("is not of type \"as\""));
  CHECK_THROWS_WITH(unit_of("", {{"org.systemd.property.RuntimeMaxSec", "99999999999999999"}}),
                    Catch::Contains("is not of type \"t\""));
}

TEST_CASE("systemd unit: limits are properties", "[systemd]") {
  CHECK(limit("memory.max", "1024") == Words{"MemoryMax=t:1024"});
  CHECK(limit("memory.swap.max", "max") == Words{"MemorySwapMax=t:18446744073709551615"});
  CHECK(limit("pids.max", "0") == Words{"TasksMax=t:1"});
  CHECK(limit("cpuset.cpus", "0,9") == Words{"AllowedCPUs=ay:0102000000000000"});
  CHECK(limit("io.bfq.weight", "10") == Words{"IOWeight=t:10"});
  CHECK(limit("io.bfq.weight", "1000") == Words{"IOWeight=t:10000"});
  CHECK(limit("io.bfq.weight", "8:0 10").empty());
  CHECK(limit("memory.max", "1G").empty());
  CHECK(limit("hugetlb.2MB.max", "0").empty());
}

TEST_CASE("systemd unit: a quota is rounded up to a hundredth", "[systemd]") {
  CHECK(limit("cpu.max", "10001 100000") ==
        Words{"CPUQuotaPerSecUSec=t:110000", "CPUQuotaPeriodUSec=t:100000"});
  CHECK(limit("cpu.max", "max 100000").front() == "CPUQuotaPerSecUSec=t:18446744073709551615");
}
