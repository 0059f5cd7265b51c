// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "config/read_lists.h"
#include "config/resources_json.h"
#include "sys/format.h"

namespace config {
namespace {

// Reader has no 16 bits of its own: nothing else does.
void get_weight(const Reader& place, std::string_view key, std::optional<uint16_t>& target) {
  place.with(key, [&](const Reader& weight) {
    uint32_t value = 0;
    weight.read(value);
    constexpr uint32_t kMost = std::numeric_limits<uint16_t>::max();
    if (value > kMost) weight.fail(sys::format("{} is out of range (0 to {})", value, kMost));
    target = static_cast<uint16_t>(value);
  });
}

void read_device_rule(const Reader& place, DeviceRule& rule) {
  place.get("allow", rule.allow);
  place.get("type", rule.type);
  if (rule.type.empty()) rule.type = 'a';  // Go's writers leave it so
  if (rule.type != "a" && rule.type != "b" && rule.type != "c") {
    place.required("type").fail(
        sys::format("unknown device type {}", quote_for_message(rule.type)));
  }
  place.get("major", rule.major);
  place.get("minor", rule.minor);
  place.get("access", rule.access);
  if (rule.access.find_first_not_of("rwm") != std::string::npos) {
    place.required("access").fail(
        sys::format("{} has other letters than r, w, m", quote_for_message(rule.access)));
  }
}

void read_memory(const Reader& place, MemoryResources& memory) {
  place.get("limit", memory.limit);
  place.get("reservation", memory.reservation);
  place.get("swap", memory.swap);
  place.get("kernel", memory.kernel);
  place.get("kernelTCP", memory.kernel_tcp);
  place.get("swappiness", memory.swappiness);
  place.get("disableOOMKiller", memory.disable_oom_killer);
  place.get("useHierarchy", memory.use_hierarchy);
  place.get("checkBeforeUpdate", memory.check_before_update);
}

void read_cpu(const Reader& place, CpuResources& cpu) {
  place.get("shares", cpu.shares);
  place.get("quota", cpu.quota);
  place.get("burst", cpu.burst);
  place.get("period", cpu.period);
  place.get("realtimeRuntime", cpu.realtime_runtime);
  place.get("realtimePeriod", cpu.realtime_period);
  place.get("cpus", cpu.cpus);
  place.get("mems", cpu.mems);
  place.get("idle", cpu.idle);
}

void read_weight_device(const Reader& place, WeightDevice& device) {
  place.get_required("major", device.major);
  place.get_required("minor", device.minor);
  get_weight(place, "weight", device.weight);
  get_weight(place, "leafWeight", device.leaf_weight);
}

void read_throttle_device(const Reader& place, ThrottleDevice& device) {
  place.get_required("major", device.major);
  place.get_required("minor", device.minor);
  place.get_required("rate", device.rate);
}

void read_block_io(const Reader& place, BlockIoResources& block_io) {
  get_weight(place, "weight", block_io.weight);
  get_weight(place, "leafWeight", block_io.leaf_weight);
  get_list(place, "weightDevice", block_io.weight_devices, read_weight_device);
  get_list(place, "throttleReadBpsDevice", block_io.read_bps, read_throttle_device);
  get_list(place, "throttleWriteBpsDevice", block_io.write_bps, read_throttle_device);
  get_list(place, "throttleReadIOPSDevice", block_io.read_iops, read_throttle_device);
  get_list(place, "throttleWriteIOPSDevice", block_io.write_iops, read_throttle_device);
}

void read_hugepage_limit(const Reader& place, HugepageLimit& limit) {
  place.get_required("pageSize", limit.page_size);
  place.get_required("limit", limit.limit);
}

void read_priority(const Reader& place, InterfacePriority& priority) {
  place.get_required("name", priority.name);
  place.get_required("priority", priority.priority);
}

void read_network(const Reader& place, NetworkResources& network) {
  place.get("classID", network.class_id);
  get_list(place, "priorities", network.priorities, read_priority);
}

void read_pids(const Reader& place, PidsResources& pids) { place.get("limit", pids.limit); }

}  // namespace

void read_resources(const Reader& place, Resources& resources) {
  get_list(place, "devices", resources.devices, read_device_rule);
  get_optional(place, "memory", resources.memory, read_memory);
  get_optional(place, "cpu", resources.cpu, read_cpu);
  get_optional(place, "pids", resources.pids, read_pids);
  get_optional(place, "blockIO", resources.block_io, read_block_io);
  get_list(place, "hugepageLimits", resources.hugepage_limits, read_hugepage_limit);
  get_optional(place, "network", resources.network, read_network);
  place.with("rdma", [&](const Reader& devices) {
    devices.each_member([&](const std::string& device, const Reader& limit) {
      RdmaLimit& target = resources.rdma[device];
      limit.get("hcaHandles", target.hca_handles);
      limit.get("hcaObjects", target.hca_objects);
    });
  });
  place.get("unified", resources.unified);
}

Resources parse_resources(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  Resources resources;
  read_resources(Reader(json, name), resources);
  return resources;
}

}  // namespace config
