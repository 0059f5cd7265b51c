// SPDX-License-Identifier: Apache-2.0
// linux.resources as writes into files of cgroup v1.
#include <catch2/catch.hpp>

#include "runtime/plan/cgroup_plan.h"

using runtime::CgroupPolicy;
using runtime::CgroupWrite;
using runtime::Need;

namespace {

std::vector<CgroupWrite> limits_of(const char* json,
                                   CgroupPolicy policy = CgroupPolicy::kByCaller) {
  return runtime::plan_legacy_limits(config::parse_resources(json, "resources"), "/linux/resources",
                                     policy);
}

// "memory.limit_in_bytes=1048576 pids.max=max"; what v1 has not is "!controller".
std::string text_of(const char* json) {
  std::string text;
  for (const CgroupWrite& write : limits_of(json)) {
    text += text.empty() ? "" : "; ";
    text += write.file.empty() ? "!" + write.controller : write.file + "=" + write.value;
  }
  return text;
}

}  // namespace

TEST_CASE("legacy limits: nothing asked, nothing written", "[runtime][limits]") {
  CHECK(text_of("{}").empty());
  CHECK(text_of(R"({"memory":{"limit":0},"cpu":{"shares":0,"quota":0},"pids":{}})").empty());
}

TEST_CASE("legacy limits: memory, and memory with swap", "[runtime][limits]") {
  CHECK(text_of(R"({"memory":{"limit":100,"swap":300,"reservation":50}})") ==
        "memory.limit_in_bytes=100; memory.memsw.limit_in_bytes=300; "
        "memory.soft_limit_in_bytes=50");
  CHECK(text_of(R"({"memory":{"limit":-1}})") ==
        "memory.limit_in_bytes=-1; memory.memsw.limit_in_bytes=-1");
  CHECK(text_of(R"({"memory":{"swappiness":10,"disableOOMKiller":true,"kernelTCP":7}})") ==
        "memory.kmem.tcp.limit_in_bytes=7; memory.swappiness=10; memory.oom_control=1");
}

TEST_CASE("legacy limits: no limit is nothing to fail for", "[runtime][limits]") {
  const auto writes = limits_of(R"({"memory":{"limit":100,"swap":-1},"pids":{"limit":-1}})");
  CHECK(writes.at(0).need == Need::kRequired);
  CHECK(writes.at(1).need == Need::kOptional);
  CHECK(writes.at(2).value == "max");
  CHECK(writes.at(2).need == Need::kOptional);
}

TEST_CASE("legacy limits: of the CPU", "[runtime][limits]") {
  CHECK(text_of(R"({"cpu":{"shares":512,"quota":5000,"period":10000,"burst":7,
                    "realtimeRuntime":1,"realtimePeriod":2,"cpus":"0-1","mems":"0"}})") ==
        "cpu.shares=512; cpu.cfs_period_us=10000; cpu.cfs_quota_us=5000; cpu.cfs_burst_us=7; "
        "cpu.rt_period_us=2; cpu.rt_runtime_us=1; cpuset.cpus=0-1; cpuset.mems=0");
  CHECK(text_of(R"({"cpu":{"shares":512,"idle":1}})") == "cpu.idle=1");
}

TEST_CASE("legacy limits: of devices, huge pages and the network", "[runtime][limits]") {
  CHECK(text_of(R"({"blockIO":{"weight":10,"leafWeight":20,
                    "weightDevice":[{"major":8,"minor":0,"weight":30}],
                    "throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1000}]}})") ==
        "blkio.bfq.weight=10; blkio.leaf_weight=20; blkio.bfq.weight_device=8:0 30; "
        "blkio.throttle.read_bps_device=8:0 1000");
  CHECK(limits_of(R"({"blockIO":{"weight":10}})").at(0).other_file == "blkio.weight");
  CHECK(text_of(R"({"hugepageLimits":[{"pageSize":"2MB","limit":5}]})") ==
        "hugetlb.2MB.rsvd.limit_in_bytes=5; hugetlb.2MB.limit_in_bytes=5");
  CHECK(text_of(R"({"network":{"classID":5,"priorities":[{"name":"eth0","priority":3}]}})") ==
        "net_cls.classid=5; net_prio.ifpriomap=eth0 3");
  CHECK(text_of(R"({"rdma":{"mlx5_0":{"hcaHandles":3}}})") == "rdma.max=mlx5_0 hca_handle=3");
}

TEST_CASE("legacy limits: what only cgroup v2 has is told by its place", "[runtime][limits]") {
  const auto writes = limits_of(R"({"unified":{"memory.high":"5"}})");
  CHECK(writes.at(0).file.empty());
  CHECK(writes.at(0).place == "/linux/resources/unified/memory.high");
  CHECK(writes.at(0).need == Need::kRequired);
  CHECK(limits_of(R"({"pids":{"limit":5}})", CgroupPolicy::kBestEffort).at(0).need ==
        Need::kWanted);
}
