// SPDX-License-Identifier: Apache-2.0
#include "config/json_object.h"
#include "config/resources_json.h"

namespace config {

// Static, since JsonObject finds these by the namespace of their argument.

static Json to_json(const DeviceRule& rule) {
  JsonObject object;
  object.add("allow", rule.allow);
  if (rule.type != "a") object.add("type", rule.type);
  return object.add_unless_empty("major", rule.major)
      .add_unless_empty("minor", rule.minor)
      .add_unless_empty("access", rule.access)
      .take();
}

static Json to_json(const MemoryResources& memory) {
  return JsonObject()
      .add_unless_empty("limit", memory.limit)
      .add_unless_empty("reservation", memory.reservation)
      .add_unless_empty("swap", memory.swap)
      .add_unless_empty("kernel", memory.kernel)
      .add_unless_empty("kernelTCP", memory.kernel_tcp)
      .add_unless_empty("swappiness", memory.swappiness)
      .add_unless_empty("disableOOMKiller", memory.disable_oom_killer)
      .add_unless_empty("useHierarchy", memory.use_hierarchy)
      .add_unless_empty("checkBeforeUpdate", memory.check_before_update)
      .take();
}

static Json to_json(const CpuResources& cpu) {
  return JsonObject()
      .add_unless_empty("shares", cpu.shares)
      .add_unless_empty("quota", cpu.quota)
      .add_unless_empty("burst", cpu.burst)
      .add_unless_empty("period", cpu.period)
      .add_unless_empty("realtimeRuntime", cpu.realtime_runtime)
      .add_unless_empty("realtimePeriod", cpu.realtime_period)
      .add_unless_empty("cpus", cpu.cpus)
      .add_unless_empty("mems", cpu.mems)
      .add_unless_empty("idle", cpu.idle)
      .take();
}

static Json to_json(const PidsResources& pids) {
  return JsonObject().add_unless_empty("limit", pids.limit).take();
}

static Json to_json(const WeightDevice& device) {
  return JsonObject()
      .add("major", device.major)
      .add("minor", device.minor)
      .add_unless_empty("weight", device.weight)
      .add_unless_empty("leafWeight", device.leaf_weight)
      .take();
}

static Json to_json(const ThrottleDevice& device) {
  return JsonObject()
      .add("major", device.major)
      .add("minor", device.minor)
      .add("rate", device.rate)
      .take();
}

static Json to_json(const BlockIoResources& block_io) {
  return JsonObject()
      .add_unless_empty("weight", block_io.weight)
      .add_unless_empty("leafWeight", block_io.leaf_weight)
      .add_unless_empty("weightDevice", block_io.weight_devices)
      .add_unless_empty("throttleReadBpsDevice", block_io.read_bps)
      .add_unless_empty("throttleWriteBpsDevice", block_io.write_bps)
      .add_unless_empty("throttleReadIOPSDevice", block_io.read_iops)
      .add_unless_empty("throttleWriteIOPSDevice", block_io.write_iops)
      .take();
}

static Json to_json(const HugepageLimit& limit) {
  return JsonObject().add("pageSize", limit.page_size).add("limit", limit.limit).take();
}

static Json to_json(const InterfacePriority& priority) {
  return JsonObject().add("name", priority.name).add("priority", priority.priority).take();
}

static Json to_json(const NetworkResources& network) {
  return JsonObject()
      .add_unless_empty("classID", network.class_id)
      .add_unless_empty("priorities", network.priorities)
      .take();
}

static Json to_json(const RdmaLimit& limit) {
  return JsonObject()
      .add_unless_empty("hcaHandles", limit.hca_handles)
      .add_unless_empty("hcaObjects", limit.hca_objects)
      .take();
}

Json to_json(const Resources& resources) {
  return JsonObject()
      .add_unless_empty("devices", resources.devices)
      .add_unless_empty("memory", resources.memory)
      .add_unless_empty("cpu", resources.cpu)
      .add_unless_empty("pids", resources.pids)
      .add_unless_empty("blockIO", resources.block_io)
      .add_unless_empty("hugepageLimits", resources.hugepage_limits)
      .add_unless_empty("network", resources.network)
      .add_unless_empty("rdma", resources.rdma)
      .add_unless_empty("unified", resources.unified)
      .take();
}

}  // namespace config
