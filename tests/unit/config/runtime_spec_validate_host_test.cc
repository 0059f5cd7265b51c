// SPDX-License-Identifier: Apache-2.0
// What validate() says of network devices, memory nodes and cache classes.
#include <catch2/catch.hpp>

#include "config/runtime_spec.h"

using config::IntelRdt;
using config::MemoryPolicy;
using config::RuntimeSpec;
using List = std::vector<std::string>;

namespace {

List device_problems(const std::map<std::string, config::NetDevice>& devices) {
  RuntimeSpec spec = config::default_runtime_spec();
  spec.linux_.net_devices = devices;
  return validate(spec);
}

List problems_of(const MemoryPolicy& policy) {
  RuntimeSpec spec = config::default_runtime_spec();
  spec.linux_.memory_policy = policy;
  return validate(spec);
}

List problems_of(const IntelRdt& rdt) {
  RuntimeSpec spec = config::default_runtime_spec();
  spec.linux_.intel_rdt = rdt;
  return validate(spec);
}

}  // namespace

TEST_CASE("validate: names that a network device can have", "[config][validate]") {
  CHECK(device_problems({{"eth0", {}}, {"eth1", {"a"}}, {"x", {"eth%d"}}, {"y", {"eth%d"}}}) ==
        List{});
  const char* name = GENERATE("", ".", "..", "a/b", "a b", "a:b", "sixteen-letters-", "a\nb");
  CAPTURE(name);
  REQUIRE(device_problems({{name, {}}}).size() == 1);
  CHECK_THAT(device_problems({{name, {}}})[0], Catch::StartsWith("/linux/netDevices/"));
}

TEST_CASE("validate: new names of network devices", "[config][validate]") {
  const char* name = GENERATE("a/b", "%", "%s", "%d%d", "100%", "sixteen-letters%d");
  CAPTURE(name);
  REQUIRE(device_problems({{"eth0", {.name = name}}}).size() == 1);
  CHECK_THAT(device_problems({{"eth0", {.name = name}}})[0],
             Catch::StartsWith("/linux/netDevices/eth0/name: "));
}

TEST_CASE("validate: two network devices of one name", "[config][validate]") {
  CHECK(device_problems({{"a", {"b"}}, {"b", {}}}) ==
        List{"/linux/netDevices/b/name: \"a\" will be called that, too"});
}

TEST_CASE("validate: network devices need a network namespace", "[config][validate]") {
  RuntimeSpec spec = config::default_runtime_spec();
  spec.linux_.net_devices = {{"eth0", {}}};
  std::erase_if(spec.linux_.namespaces, [](const config::Namespace& one) {
    return one.type == config::NamespaceType::kNetwork;
  });
  CHECK(validate(spec) == List{"/linux/netDevices: there is no network namespace to move them to"});
}

TEST_CASE("validate: memory policies that the kernel takes", "[config][validate]") {
  const MemoryPolicy policy =
      GENERATE(MemoryPolicy{"MPOL_DEFAULT", "", {}}, MemoryPolicy{"MPOL_LOCAL", "", {}},
               MemoryPolicy{"MPOL_PREFERRED", "", {}}, MemoryPolicy{"MPOL_PREFERRED", "1", {}},
               MemoryPolicy{"MPOL_BIND", "0-3,7", {"MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING"}},
               MemoryPolicy{"MPOL_WEIGHTED_INTERLEAVE", "0", {"MPOL_F_RELATIVE_NODES"}});
  CAPTURE(policy.mode);
  CHECK(problems_of(policy) == List{});
}

TEST_CASE("validate: memory policies that it does not take", "[config][validate]") {
  CHECK(problems_of(MemoryPolicy{"MPOL_BIND", "", {}}) ==
        List{"/linux/memoryPolicy/nodes: MPOL_BIND needs some"});
  CHECK(problems_of(MemoryPolicy{"MPOL_LOCAL", "0", {}}) ==
        List{"/linux/memoryPolicy/nodes: MPOL_LOCAL has no nodes"});
  CHECK(problems_of(MemoryPolicy{"MPOL_BIND", "0-", {}}) ==
        List{"/linux/memoryPolicy/nodes: \"0-\" is not a list of nodes as \"0-3,7\""});
  CHECK(problems_of(
            MemoryPolicy{"MPOL_BIND", "0", {"MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"}}) ==
        List{"/linux/memoryPolicy/flags: static and relative nodes exclude each other"});
  CHECK(problems_of(MemoryPolicy{"MPOL_PREFERRED", "", {"MPOL_F_STATIC_NODES"}}) ==
        List{"/linux/memoryPolicy/flags: there are no nodes to be static or relative"});
  CHECK(problems_of(MemoryPolicy{"MPOL_INTERLEAVE", "0", {"MPOL_F_NUMA_BALANCING"}}) ==
        List{"/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND and "
             "MPOL_PREFERRED_MANY"});
}

TEST_CASE("validate: classes of service by name, the default's and none", "[config][validate]") {
  const char* name = GENERATE("", "/", "gold", "a.b", "...");
  CAPTURE(name);
  CHECK(problems_of(IntelRdt{.clos_id = name, .schemata = {"L3:0=f", "MB:0=10"}}) == List{});
}

TEST_CASE("validate: what is no name of a class", "[config][validate]") {
  const char* name = GENERATE(".", "..", "/gold", "a/b", "info", "mon_groups", "mon_data");
  CAPTURE(name);
  REQUIRE(problems_of(IntelRdt{.clos_id = name}).size() == 1);
  CHECK_THAT(problems_of(IntelRdt{.clos_id = name})[0],
             Catch::StartsWith("/linux/intelRdt/closID: "));
}

TEST_CASE("validate: lines of a schemata file", "[config][validate]") {
  CHECK(problems_of(IntelRdt{.l3_cache_schema = "L3:0=f\nL3:1=f", .mem_bw_schema = "MB:0=10"}) ==
        List{});
  CHECK(problems_of(IntelRdt{.mem_bw_schema = "MB:0=10\nL3:0=f"}) ==
        List{"/linux/intelRdt/memBwSchema: not a single line that begins with \"MB:\""});
  CHECK(problems_of(IntelRdt{.schemata = {"L3:0=f", "L2:0=f\nMB:0=10"}}) ==
        List{"/linux/intelRdt/schemata/1: more than one line"});
}
