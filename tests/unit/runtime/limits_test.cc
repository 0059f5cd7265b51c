// SPDX-License-Identifier: Apache-2.0
// linux.resources as writes into files of cgroup v2.
#include <catch2/catch.hpp>

#include <algorithm>

#include "runtime/plan/cgroup_plan.h"

using runtime::CgroupPolicy;
using runtime::CgroupWrite;
using runtime::Need;

namespace {

std::vector<CgroupWrite> limits_of(const char* json, CgroupPolicy policy = CgroupPolicy::kByCaller,
                                   bool is_rootless = false) {
  return runtime::plan_limits(config::parse_resources(json, "resources"), "/linux/resources",
                              policy, is_rootless);
}

// "memory.max=1048576 pids.max=max"; what v2 has not is "!controller".
std::string text_of(const char* json) {
  std::string text;
  for (const CgroupWrite& write : limits_of(json)) {
    text += text.empty() ? "" : " ";
    text += write.file.empty() ? "!" + write.controller : write.file + "=" + write.value;
  }
  return text;
}

Need need_of(const char* json, CgroupPolicy policy, bool is_rootless) {
  return limits_of(json, policy, is_rootless).at(0).need;
}

}  // namespace

TEST_CASE("limits: nothing asked, nothing written", "[runtime][limits]") {
  CHECK(text_of("{}").empty());
  CHECK(text_of(R"({"memory":{"limit":0},"cpu":{"shares":0,"quota":0},"pids":{}})").empty());
}

TEST_CASE("limits: of processes, where 0 is one and -1 is none", "[runtime][limits]") {
  CHECK(text_of(R"({"pids":{"limit":20}})") == "pids.max=20");
  CHECK(text_of(R"({"pids":{"limit":0}})") == "pids.max=0");
  CHECK(text_of(R"({"pids":{"limit":-1}})") == "pids.max=max");
}

TEST_CASE("limits: swap is counted without the memory", "[runtime][limits]") {
  CHECK(text_of(R"({"memory":{"limit":100,"swap":300,"reservation":50}})") ==
        "memory.swap.max=200 memory.max=100 memory.low=50");
  CHECK(text_of(R"({"memory":{"limit":100,"swap":100}})") == "memory.swap.max=0 memory.max=100");
  CHECK(text_of(R"({"memory":{"limit":100,"swap":-1}})") == "memory.swap.max=max memory.max=100");
  CHECK(text_of(R"({"memory":{"limit":-1}})") == "memory.swap.max=max memory.max=max");
}

TEST_CASE("limits: shares become a weight as in runc 1.4", "[runtime][limits]") {
  CHECK(runtime::weight_of_shares(2) == 1);
  CHECK(runtime::weight_of_shares(1024) == 100);
  CHECK(runtime::weight_of_shares(262144) == 10000);
  CHECK(runtime::weight_of_shares(512) == 59);
  CHECK(text_of(R"({"cpu":{"shares":1024}})") == "cpu.weight=100");
}

TEST_CASE("limits: cpu time, with what the kernel has for a missing half", "[runtime][limits]") {
  CHECK(text_of(R"({"cpu":{"quota":50000}})") == "cpu.max=50000 100000");
  CHECK(text_of(R"({"cpu":{"period":20000}})") == "cpu.max=max 20000");
  CHECK(text_of(R"({"cpu":{"quota":-1}})") == "cpu.max=max 100000");
  CHECK(text_of(R"({"cpu":{"quota":5000,"period":20000,"burst":1000}})") ==
        "cpu.max=5000 20000 cpu.max.burst=1000");
  CHECK(text_of(R"({"cpu":{"cpus":"0-1","mems":"0"}})") == "cpuset.cpus=0-1 cpuset.mems=0");
}

TEST_CASE("limits: an idle cgroup has no weight", "[runtime][limits]") {
  CHECK(text_of(R"({"cpu":{"idle":1,"shares":512}})") == "cpu.idle=1");
}

TEST_CASE("limits: of disks", "[runtime][limits]") {
  CHECK(text_of(R"({"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1000}],
                               "throttleWriteIOPSDevice":[{"major":8,"minor":16,"rate":0}]}})") ==
        "io.max=8:0 rbps=1000 io.max=8:16 wiops=max");
  const auto writes =
      limits_of(R"({"blockIO":{"weight":500,"weightDevice":[{"major":8,"minor":0,"weight":10}]}})");
  CHECK(writes.at(0).file == "io.bfq.weight");
  CHECK(writes.at(0).value == "500");
  CHECK(writes.at(0).other_file == "io.weight");
  CHECK(writes.at(0).other_value == "default 4950");
  CHECK(writes.at(1).value == "8:0 10");
  CHECK(writes.at(1).other_value == "8:0 1");
}

TEST_CASE("limits: reserved huge pages count as well", "[runtime][limits]") {
  CHECK(text_of(R"({"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]})") ==
        "hugetlb.2MB.rsvd.max=4194304 hugetlb.2MB.max=4194304");
}

TEST_CASE("limits: rdma and unified", "[runtime][limits]") {
  CHECK(text_of(R"({"rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10000}}})") ==
        "rdma.max=mlx5_1 hca_handle=3 hca_object=10000");
  CHECK(text_of(R"({"unified":{"io.max":"8:0 rbps=1\n8:16 rbps=2\n","memory.high":"1000"}})") ==
        "io.max=8:0 rbps=1 io.max=8:16 rbps=2 memory.high=1000");
}

TEST_CASE("limits: what cgroup v2 has not is not forgotten", "[runtime][limits]") {
  CHECK(text_of(R"({"cpu":{"realtimeRuntime":1000}})") == "!cpu");
  CHECK(text_of(R"({"network":{"classID":1}})") == "!net_cls");
  CHECK(text_of(R"({"network":{"priorities":[{"name":"eth0","priority":1}]}})") == "!net_prio");
  CHECK(text_of(R"({"memory":{"swappiness":60}})") == "!memory");
  CHECK(text_of(R"({"memory":{"disableOOMKiller":true}})") == "!memory");
  CHECK(text_of(R"({"blockIO":{"leafWeight":100}})") == "!io");
}

TEST_CASE("limits: which of them must be had", "[runtime][limits]") {
  using enum CgroupPolicy;
  constexpr const char* kByHand = R"({"pids":{"limit":20}})";
  constexpr const char* kUsual = R"({"cpu":{"shares":2}})";
  CHECK(need_of(kByHand, kByCaller, false) == Need::kRequired);
  CHECK(need_of(kByHand, kByCaller, true) == Need::kRequired);
  CHECK(need_of(kUsual, kByCaller, false) == Need::kRequired);
  CHECK(need_of(kUsual, kByCaller, true) == Need::kWanted);
  CHECK(need_of(kUsual, kStrict, true) == Need::kRequired);
  CHECK(need_of(kByHand, kBestEffort, false) == Need::kWanted);
  CHECK(need_of(R"({"pids":{"limit":-1}})", kStrict, false) == Need::kOptional);
}
