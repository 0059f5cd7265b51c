// SPDX-License-Identifier: Apache-2.0
// `linux.resources` of a config.json, and what `update --resources` gets, as plain values: the
// limits of a container's cgroup. What is empty is not asked for. Source:
// opencontainers/runtime-spec, config-linux.md, "Control groups".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace config {

/// A rule of the device controller; without a number it is about all numbers.
struct DeviceRule {
  bool allow = false;
  std::string type = "a";  // "a": all, "b", "c"
  std::optional<int64_t> major = {};
  std::optional<int64_t> minor = {};
  std::string access;  // letters of "rwm"; empty: all of them
  bool operator==(const DeviceRule&) const = default;
};

/// Bytes; -1 is no limit.
struct MemoryResources {
  std::optional<int64_t> limit, reservation, swap, kernel, kernel_tcp;
  std::optional<uint64_t> swappiness;
  std::optional<bool> disable_oom_killer, use_hierarchy, check_before_update;
  bool operator==(const MemoryResources&) const = default;
};

/// Times in microseconds.
struct CpuResources {
  std::optional<uint64_t> shares, burst, period, realtime_period;
  std::optional<int64_t> quota, realtime_runtime, idle;
  std::string cpus, mems;
  bool operator==(const CpuResources&) const = default;
};

struct WeightDevice {
  int64_t major = 0, minor = 0;
  std::optional<uint16_t> weight, leaf_weight;
  bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
  int64_t major = 0, minor = 0;
  uint64_t rate = 0;
  bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIoResources {
  std::optional<uint16_t> weight, leaf_weight;
  std::vector<WeightDevice> weight_devices;
  std::vector<ThrottleDevice> read_bps, write_bps, read_iops, write_iops;
  bool operator==(const BlockIoResources&) const = default;
};

struct HugepageLimit {
  std::string page_size;  // "2MB"
  uint64_t limit = 0;
  bool operator==(const HugepageLimit&) const = default;
};

struct InterfacePriority {
  std::string name;
  uint32_t priority = 0;
  bool operator==(const InterfacePriority&) const = default;
};

struct NetworkResources {
  std::optional<uint32_t> class_id;
  std::vector<InterfacePriority> priorities;
  bool operator==(const NetworkResources&) const = default;
};

struct PidsResources {
  std::optional<int64_t> limit;  // -1: none; 0 is a limit
  bool operator==(const PidsResources&) const = default;
};

struct RdmaLimit {
  std::optional<uint32_t> hca_handles, hca_objects;
  bool operator==(const RdmaLimit&) const = default;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<MemoryResources> memory;
  std::optional<CpuResources> cpu;
  std::optional<PidsResources> pids;
  std::optional<BlockIoResources> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<NetworkResources> network;
  std::map<std::string, RdmaLimit> rdma;       // by device
  std::map<std::string, std::string> unified;  // files of cgroup v2
  bool operator==(const Resources&) const = default;
};

/// Reads a document that is a `resources` object, as `update --resources` gets it.
Resources parse_resources(const std::string& text, const std::string& name);

/// Every problem that can be seen without looking at the machine, as "/json/pointer: reason";
/// pointers begin with `place`.
std::vector<std::string> validate_resources(const Resources& resources, const std::string& place);

}  // namespace config
