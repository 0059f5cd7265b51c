// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/json.h"
#include "config/resources_json.h"

using config::parse_resources;
using config::Resources;
using config::validate_resources;

namespace {

std::vector<std::string> problems_of(const char* json) {
  return validate_resources(parse_resources(json, "resources"), "/linux/resources");
}

}  // namespace

TEST_CASE("resources: what is written is read again", "[config][resources]") {
  constexpr const char* kText =
      R"({"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3}],)"
      R"("memory":{"limit":1,"reservation":2,"swap":3,"swappiness":4,"disableOOMKiller":true},)"
      R"("cpu":{"shares":5,"quota":-1,"burst":6,"period":7,"cpus":"0-1","mems":"0","idle":1},)"
      R"("pids":{"limit":0},)"
      R"("blockIO":{"weight":10,"weightDevice":[{"major":8,"minor":0,"weight":20}],)"
      R"("throttleReadBpsDevice":[{"major":8,"minor":0,"rate":100}]},)"
      R"("hugepageLimits":[{"pageSize":"2MB","limit":9}],)"
      R"("network":{"classID":1,"priorities":[{"name":"lo","priority":2}]},)"
      R"("rdma":{"mlx5_1":{"hcaHandles":3}},"unified":{"memory.high":"1"}})";
  const Resources resources = parse_resources(kText, "resources");
  CHECK(config::write_json(config::to_json(resources), "") == kText);
  CHECK(resources.devices.at(1).minor == 3);
  CHECK(resources.pids->limit == 0);
}

TEST_CASE("resources: absent, null and 0 differ", "[config][resources]") {
  CHECK_FALSE(parse_resources("{}", "r").pids);
  CHECK_FALSE(parse_resources(R"({"pids":null})", "r").pids);
  CHECK_FALSE(parse_resources(R"({"pids":{}})", "r").pids->limit);
  CHECK(parse_resources(R"({"pids":{"limit":-1}})", "r").pids->limit == -1);
}

TEST_CASE("resources: wrong values are told with their place", "[config][resources]") {
  CHECK_THROWS_WITH(parse_resources(R"({"devices":[{"type":"x"}]})", "r"),
                    "r: /devices/0/type: unknown device type \"x\"");
  CHECK_THROWS_WITH(parse_resources(R"({"devices":[{"access":"rx"}]})", "r"),
                    "r: /devices/0/access: \"rx\" has other letters than r, w, m");
  CHECK_THROWS_WITH(parse_resources(R"({"blockIO":{"weight":70000}})", "r"),
                    "r: /blockIO/weight: 70000 is out of range (0 to 65535)");
}

TEST_CASE("resources: a file of unified can't leave the cgroup", "[config][resources]") {
  for (const char* file : {"../memory.max", "a/memory.max", "memory", "..", "cgroup.procs",
                           "cgroup.subtree_control", ""}) {
    Resources resources;
    resources.unified[file] = "1";
    CAPTURE(file);
    CHECK_FALSE(validate_resources(resources, "").empty());
  }
  CHECK(problems_of(R"({"unified":{"memory.high":"1","cgroup.max.depth":"2"}})").empty());
}

TEST_CASE("resources: what can't be meant", "[config][resources]") {
  CHECK(problems_of(R"({"memory":{"limit":200,"swap":100}})") ==
        std::vector<std::string>{
            "/linux/resources/memory/swap: 100 is less than the memory limit 200"});
  CHECK(problems_of(R"({"cpu":{"idle":2}})").size() == 1);
  CHECK(problems_of(R"({"cpu":{"cpus":"all"}})").size() == 1);
  CHECK(problems_of(R"({"pids":{"limit":-2}})").size() == 1);
  CHECK(problems_of(R"({"blockIO":{"weight":5}})").size() == 1);
  CHECK(problems_of(R"({"hugepageLimits":[{"pageSize":"../x","limit":1}]})").size() == 1);
  CHECK(problems_of(R"({"rdma":{"a b":{"hcaHandles":1}}})").size() == 1);
  CHECK(problems_of(R"({"memory":{"swappiness":101}})").size() == 1);
}
