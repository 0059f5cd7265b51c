// SPDX-License-Identifier: Apache-2.0
// linux.resources as writes into files of cgroup v1, whose words they are.
// Source: the kernel's Documentation/admin-guide/cgroup-v1.
#include "runtime/plan/cgroup_plan.h"
#include "runtime/plan/limit_list.h"
#include "sys/format.h"

namespace runtime {
namespace {

// What is negative is no limit, which a kernel without the file has anyway.
void add_signed(Limits& limits, const std::string& field, const std::string& file,
                const std::optional<std::int64_t>& value) {
  if (value.value_or(0) == 0) return;
  CgroupWrite& write = limits.add(field, file, std::to_string(*value));
  if (*value < 0) write.need = Need::kOptional;
}

void add_memory(Limits& limits, const config::MemoryResources& memory) {
  add_signed(limits, "memory/limit", "memory.limit_in_bytes", memory.limit);
  // As runc: no limit for the memory is none for both together.
  const bool has_no_limit = memory.limit.value_or(0) < 0 && memory.swap.value_or(0) == 0;
  add_signed(limits, "memory/swap", "memory.memsw.limit_in_bytes",
             has_no_limit ? memory.limit : memory.swap);
  add_signed(limits, "memory/reservation", "memory.soft_limit_in_bytes", memory.reservation);
  add_signed(limits, "memory/kernelTCP", "memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp);
  if (memory.swappiness) {
    limits.add("memory/swappiness", "memory.swappiness", std::to_string(*memory.swappiness));
  }
  if (memory.disable_oom_killer) {
    const bool is_off = *memory.disable_oom_killer;
    CgroupWrite& write =
        limits.add("memory/disableOOMKiller", "memory.oom_control", is_off ? "1" : "0");
    if (!is_off) write.need = Need::kOptional;
  }
}

void add_cpu(Limits& limits, const config::CpuResources& cpu) {
  const auto add = [&](const char* field, const char* file, const auto& value) {
    if (value) limits.add(field, file, std::to_string(*value));
  };
  const auto add_unless_zero = [&](const char* field, const char* file, const auto& value) {
    if (value.value_or(0) != 0) add(field, file, value);
  };
  add("cpu/idle", "cpu.idle", cpu.idle);
  // An idle cgroup has no shares, and the kernel refuses to give it some.
  if (cpu.idle.value_or(0) == 0) add_unless_zero("cpu/shares", "cpu.shares", cpu.shares);
  add_unless_zero("cpu/period", "cpu.cfs_period_us", cpu.period);
  add_signed(limits, "cpu/quota", "cpu.cfs_quota_us", cpu.quota);
  add("cpu/burst", "cpu.cfs_burst_us", cpu.burst);
  add_unless_zero("cpu/realtimePeriod", "cpu.rt_period_us", cpu.realtime_period);
  add_unless_zero("cpu/realtimeRuntime", "cpu.rt_runtime_us", cpu.realtime_runtime);
  if (!cpu.cpus.empty()) limits.add("cpu/cpus", "cpuset.cpus", cpu.cpus);
  if (!cpu.mems.empty()) limits.add("cpu/mems", "cpuset.mems", cpu.mems);
}

// The weights are those of the BFQ scheduler; before Linux 5.0 those of CFQ.
void add_weight(Limits& limits, const std::string& field, const char* name, std::string value) {
  CgroupWrite& write = limits.add(field, sys::format("blkio.bfq.{}", name), value);
  write.other_file = sys::format("blkio.{}", name);
  write.other_value = std::move(value);
}

void add_throttles(Limits& limits, const char* field, const char* file,
                   const std::vector<config::ThrottleDevice>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const config::ThrottleDevice& device = devices[i];
    limits.add(sys::format("blockIO/{}/{}", field, i), sys::format("blkio.throttle.{}", file),
               sys::format("{}:{} {}", device.major, device.minor, device.rate));
  }
}

void add_block_io(Limits& limits, const config::BlockIoResources& io) {
  if (io.weight.value_or(0) != 0) {
    add_weight(limits, "blockIO/weight", "weight", std::to_string(*io.weight));
  }
  if (io.leaf_weight.value_or(0) != 0) {
    limits.add("blockIO/leafWeight", "blkio.leaf_weight", std::to_string(*io.leaf_weight));
  }
  for (std::size_t i = 0; i < io.weight_devices.size(); ++i) {
    const config::WeightDevice& device = io.weight_devices[i];
    const std::string field = sys::format("blockIO/weightDevice/{}", i);
    const auto line = [&](std::uint16_t weight) {
      return sys::format("{}:{} {}", device.major, device.minor, weight);
    };
    if (device.weight.value_or(0) != 0) {
      add_weight(limits, field, "weight_device", line(*device.weight));
    }
    if (device.leaf_weight.value_or(0) != 0) {
      limits.add(field + "/leafWeight", "blkio.leaf_weight_device", line(*device.leaf_weight));
    }
  }
  add_throttles(limits, "throttleReadBpsDevice", "read_bps_device", io.read_bps);
  add_throttles(limits, "throttleWriteBpsDevice", "write_bps_device", io.write_bps);
  add_throttles(limits, "throttleReadIOPSDevice", "read_iops_device", io.read_iops);
  add_throttles(limits, "throttleWriteIOPSDevice", "write_iops_device", io.write_iops);
}

void add_hugepages(Limits& limits, const std::vector<config::HugepageLimit>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string field = sys::format("hugepageLimits/{}", i);
    const std::string file = "hugetlb." + list[i].page_size, value = std::to_string(list[i].limit);
    limits.add(field, file + ".rsvd.limit_in_bytes", value).need = Need::kOptional;
    limits.add(field, file + ".limit_in_bytes", value);
  }
}

void add_network(Limits& limits, const config::NetworkResources& network) {
  if (network.class_id.value_or(0) != 0) {
    limits.add("network/classID", "net_cls.classid", std::to_string(*network.class_id));
  }
  for (std::size_t i = 0; i < network.priorities.size(); ++i) {
    const config::InterfacePriority& one = network.priorities[i];
    limits.add(sys::format("network/priorities/{}", i), "net_prio.ifpriomap",
               sys::format("{} {}", one.name, one.priority));
  }
}

}  // namespace

std::vector<CgroupWrite> plan_legacy_limits(const config::Resources& resources,
                                            const std::string& place, CgroupPolicy policy) {
  Limits limits(place, policy, false);
  if (resources.memory) add_memory(limits, *resources.memory);
  if (resources.cpu) add_cpu(limits, *resources.cpu);
  if (resources.pids && resources.pids->limit) {
    const std::int64_t limit = *resources.pids->limit;
    limits.add("pids/limit", "pids.max", limit < 0 ? Limits::kNone : std::to_string(limit));
  }
  if (resources.block_io) add_block_io(limits, *resources.block_io);
  add_hugepages(limits, resources.hugepage_limits);
  for (const auto& [device, limit] : resources.rdma) {
    limits.add("rdma/" + device, "rdma.max", rdma_line(device, limit));
  }
  if (resources.network) add_network(limits, *resources.network);
  for (const auto& file : resources.unified) {
    limits.add_impossible("unified/" + file.first, "unified");
  }
  return limits.take();
}

}  // namespace runtime
