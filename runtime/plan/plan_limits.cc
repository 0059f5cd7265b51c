// SPDX-License-Identifier: Apache-2.0
// linux.resources, whose words are those of cgroup v1, as writes into files of cgroup v2.
// Source: cgroups(7), the kernel's cgroup-v2.rst; the conversions are those of runc and crun.
#include <algorithm>
#include <cmath>

#include "runtime/plan/cgroup_plan.h"
#include "runtime/plan/limit_list.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr const char* kNoLimit = Limits::kNone;
constexpr std::uint64_t kUsualPeriod = 100000;  // of the kernel, microseconds
constexpr std::int64_t kPodmanPidsLimit = 2048;

// v1: 0 is not asked for, negative is none.
std::string bytes_or_max(std::int64_t bytes) {
  return bytes < 0 ? kNoLimit : std::to_string(bytes);
}

// v1 limits memory and swap together, v2 swap alone.
std::optional<std::string> swap_alone(const config::MemoryResources& memory) {
  const std::int64_t both = memory.swap.value_or(0), limit = memory.limit.value_or(0);
  if (both < 0 || (both == 0 && limit < 0)) return kNoLimit;
  if (both == 0) return std::nullopt;
  return std::to_string(both - limit);
}

void add_memory(Limits& limits, const config::MemoryResources& memory) {
  // Before memory.max, which might be below what is used already.
  if (const auto swap = swap_alone(memory)) {
    CgroupWrite& write = limits.add("memory/swap", "memory.swap.max", *swap);
    if (*swap == "0") write.need = Need::kOptional;  // a kernel without the file has no swap
  }
  if (memory.limit.value_or(0) != 0) {
    limits.add("memory/limit", "memory.max", bytes_or_max(*memory.limit));
  }
  if (memory.reservation.value_or(0) != 0) {
    limits.add("memory/reservation", "memory.low", bytes_or_max(*memory.reservation));
  }
  if (memory.swappiness) limits.add_impossible("memory/swappiness", "memory");
  if (memory.disable_oom_killer.value_or(false)) {
    limits.add_impossible("memory/disableOOMKiller", "memory");
  }
}

void add_cpu(Limits& limits, const config::CpuResources& cpu) {
  const bool is_idle = cpu.idle.value_or(0) != 0;
  if (cpu.idle) limits.add("cpu/idle", "cpu.idle", std::to_string(*cpu.idle));
  // An idle cgroup has no weight, and the kernel refuses to give it one.
  if (cpu.shares.value_or(0) != 0 && !is_idle) {
    constexpr bool kIsUsual = true;  // Kubernetes' CRI
    limits.add("cpu/shares", "cpu.weight", std::to_string(weight_of_shares(*cpu.shares)), kIsUsual);
  }
  const std::int64_t quota = cpu.quota.value_or(0);
  const std::uint64_t period = cpu.period.value_or(0);
  if (quota != 0 || period != 0) {
    const std::string share = quota > 0 ? std::to_string(quota) : kNoLimit;
    CgroupWrite& write =
        limits.add(quota != 0 ? "cpu/quota" : "cpu/period", "cpu.max",
                   sys::format("{} {}", share, period != 0 ? period : kUsualPeriod));
    if (quota <= 0) write.need = Need::kOptional;
  }
  if (cpu.burst) limits.add("cpu/burst", "cpu.max.burst", std::to_string(*cpu.burst));
  if (cpu.realtime_runtime.value_or(0) != 0) limits.add_impossible("cpu/realtimeRuntime", "cpu");
  if (cpu.realtime_period.value_or(0) != 0) limits.add_impossible("cpu/realtimePeriod", "cpu");
  if (!cpu.cpus.empty()) limits.add("cpu/cpus", "cpuset.cpus", cpu.cpus);
  if (!cpu.mems.empty()) limits.add("cpu/mems", "cpuset.mems", cpu.mems);
}

void add_io_weight(Limits& limits, const std::string& field, const std::string& whose,
                   std::uint64_t weight) {
  CgroupWrite& write =
      limits.add(field, "io.bfq.weight",
                 whose == "default" ? std::to_string(weight) : sys::format("{} {}", whose, weight));
  write.other_file = "io.weight";
  write.other_value = sys::format("{} {}", whose, io_weight_of(weight));
}

void add_throttles(Limits& limits, const char* field, const char* key,
                   const std::vector<config::ThrottleDevice>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const config::ThrottleDevice& device = devices[i];
    limits.add(sys::format("blockIO/{}/{}", field, i), "io.max",
               sys::format("{}:{} {}={}", device.major, device.minor, key,
                           device.rate == 0 ? kNoLimit : std::to_string(device.rate)));
  }
}

void add_block_io(Limits& limits, const config::BlockIoResources& io) {
  if (io.weight.value_or(0) != 0) add_io_weight(limits, "blockIO/weight", "default", *io.weight);
  if (io.leaf_weight.value_or(0) != 0) limits.add_impossible("blockIO/leafWeight", "io");
  for (std::size_t i = 0; i < io.weight_devices.size(); ++i) {
    const config::WeightDevice& device = io.weight_devices[i];
    const std::string field = sys::format("blockIO/weightDevice/{}", i);
    if (device.weight.value_or(0) != 0) {
      add_io_weight(limits, field, sys::format("{}:{}", device.major, device.minor),
                    *device.weight);
    }
    if (device.leaf_weight.value_or(0) != 0) limits.add_impossible(field + "/leafWeight", "io");
  }
  add_throttles(limits, "throttleReadBpsDevice", "rbps", io.read_bps);
  add_throttles(limits, "throttleWriteBpsDevice", "wbps", io.write_bps);
  add_throttles(limits, "throttleReadIOPSDevice", "riops", io.read_iops);
  add_throttles(limits, "throttleWriteIOPSDevice", "wiops", io.write_iops);
}

void add_hugepages(Limits& limits, const std::vector<config::HugepageLimit>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string field = sys::format("hugepageLimits/{}", i);
    const std::string file = "hugetlb." + list[i].page_size, value = std::to_string(list[i].limit);
    // Reserved ones count apart, where the kernel can: else a fault kills instead of a failing
    // mmap.
    limits.add(field, file + ".rsvd.max", value).need = Need::kOptional;
    limits.add(field, file + ".max", value);
  }
}

void add_rdma(Limits& limits, const std::map<std::string, config::RdmaLimit>& devices) {
  for (const auto& [device, limit] : devices) {
    limits.add("rdma/" + device, "rdma.max", rdma_line(device, limit));
  }
}

void add_network(Limits& limits, const config::NetworkResources& network) {
  if (network.class_id.value_or(0) != 0) limits.add_impossible("network/classID", "net_cls");
  if (!network.priorities.empty()) limits.add_impossible("network/priorities", "net_prio");
}

// The kernel takes one line in one write.
void add_unified(Limits& limits, const std::map<std::string, std::string>& files) {
  for (const auto& [file, text] : files) {
    // Kubernetes' kubelet sets it for every container.
    const bool is_usual = file == "memory.oom.group";
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      if (end > start || text.empty()) {
        limits.add("unified/" + file, file, text.substr(start, end - start), is_usual);
      }
      start = end + 1;
    }
  }
}

}  // namespace

std::string rdma_line(const std::string& device, const config::RdmaLimit& limit) {
  std::string line = device;
  if (limit.hca_handles) line += sys::format(" hca_handle={}", *limit.hca_handles);
  if (limit.hca_objects) line += sys::format(" hca_object={}", *limit.hca_objects);
  return line;
}

// log2 of the shares to log10 of the weight: a parabola through the least, the usual and the most.
// Source: runc 1.4, crun 1.24, https://github.com/opencontainers/cgroups
// ConvertCPUSharesToCgroupV2Value.
std::uint64_t weight_of_shares(std::uint64_t shares) {
  constexpr std::uint64_t kLeast = 2, kMost = 262144;
  if (shares <= kLeast) return 1;
  if (shares >= kMost) return 10000;
  const double power = std::log2(static_cast<double>(shares));
  const double exponent = (power * power + 125 * power) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10, exponent)));
}

std::uint64_t io_weight_of(std::uint64_t weight) {
  constexpr std::uint64_t kLeast = 10;
  return weight <= kLeast ? 1 : 1 + (weight - kLeast) * 9999 / 990;
}

std::vector<CgroupWrite> plan_limits(const config::Resources& resources, const std::string& place,
                                     CgroupPolicy policy, bool is_rootless) {
  Limits limits(place, policy, is_rootless);
  if (resources.memory) add_memory(limits, *resources.memory);
  if (resources.cpu) add_cpu(limits, *resources.cpu);
  if (resources.pids && resources.pids->limit) {
    const std::int64_t limit = *resources.pids->limit;
    limits.add("pids/limit", "pids.max", bytes_or_max(limit), limit == kPodmanPidsLimit);
  }
  if (resources.block_io) add_block_io(limits, *resources.block_io);
  add_hugepages(limits, resources.hugepage_limits);
  add_rdma(limits, resources.rdma);
  if (resources.network) add_network(limits, *resources.network);
  add_unified(limits, resources.unified);
  return limits.take();
}

}  // namespace runtime
