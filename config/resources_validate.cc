// SPDX-License-Identifier: Apache-2.0
// What values of resources can't mean. That a kernel or a cgroup has no such controller is for
// whoever applies them.
#include <algorithm>

#include "config/json.h"
#include "config/resources_json.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr uint16_t kLeastWeight = 10, kMostWeight = 1000;  // of blkio, 0: not asked for
constexpr uint64_t kMostSwappiness = 100;

// It is one component of a path in the container's cgroup, and one word of a line.
bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         text.find_first_of(std::string_view("/ \t\n\0", 5)) == std::string_view::npos;
}

void check_bytes(Problems& problems, const std::string& place, std::optional<int64_t> bytes) {
  if (bytes.value_or(0) < -1) problems.add(place, sys::format("{} is below -1", *bytes));
}

void check_memory(Problems& problems, const std::string& place, const MemoryResources& memory) {
  check_bytes(problems, place + "/limit", memory.limit);
  check_bytes(problems, place + "/reservation", memory.reservation);
  check_bytes(problems, place + "/swap", memory.swap);
  const int64_t limit = memory.limit.value_or(0), swap = memory.swap.value_or(0);
  // It counts both, so it is no less than the memory alone.
  if (swap > 0 && limit > swap) {
    problems.add(place + "/swap", sys::format("{} is less than the memory limit {}", swap, limit));
  }
  if (swap > 0 && limit == -1) {
    problems.add(place + "/swap", sys::format("{} with memory that is unlimited", swap));
  }
  if (swap > 0 && limit == 0) {
    problems.add(place + "/swap", "needs a memory limit, which it counts as well");
  }
  if (memory.swappiness.value_or(0) > kMostSwappiness) {
    problems.add(place + "/swappiness",
                 sys::format("{} is above {}", *memory.swappiness, kMostSwappiness));
  }
}

void check_cpu(Problems& problems, const std::string& place, const CpuResources& cpu) {
  problems.check_text(place + "/cpus", cpu.cpus);
  problems.check_text(place + "/mems", cpu.mems);
  for (const auto& [name, list] : {std::pair("/cpus", &cpu.cpus), std::pair("/mems", &cpu.mems)}) {
    if (list->find_first_not_of("0123456789,-:/ \n") == std::string::npos) continue;
    problems.add(place + name, sys::format("{} is no list of numbers", quote_for_message(*list)));
  }
  const int64_t idle = cpu.idle.value_or(0);
  if (idle != 0 && idle != 1) problems.add(place + "/idle", sys::format("{} is not 0 or 1", idle));
}

void check_weight(Problems& problems, const std::string& place, std::optional<uint16_t> weight) {
  if (weight.value_or(0) == 0 || (*weight >= kLeastWeight && *weight <= kMostWeight)) return;
  problems.add(place,
               sys::format("{} is out of range ({} to {})", *weight, kLeastWeight, kMostWeight));
}

template <typename Device>
void check_number(Problems& problems, const std::string& place, const Device& device) {
  if (device.major < 0) problems.add(place + "/major", sys::format("{} is negative", device.major));
  if (device.minor < 0) problems.add(place + "/minor", sys::format("{} is negative", device.minor));
}

void check_block_io(Problems& problems, const std::string& place, const BlockIoResources& io) {
  check_weight(problems, place + "/weight", io.weight);
  check_weight(problems, place + "/leafWeight", io.leaf_weight);
  for (std::size_t i = 0; i < io.weight_devices.size(); ++i) {
    const std::string item = sys::format("{}/weightDevice/{}", place, i);
    check_number(problems, item, io.weight_devices[i]);
    check_weight(problems, item + "/weight", io.weight_devices[i].weight);
    check_weight(problems, item + "/leafWeight", io.weight_devices[i].leaf_weight);
  }
  for (const auto& [name, list] : {std::pair("throttleReadBpsDevice", &io.read_bps),
                                   std::pair("throttleWriteBpsDevice", &io.write_bps),
                                   std::pair("throttleReadIOPSDevice", &io.read_iops),
                                   std::pair("throttleWriteIOPSDevice", &io.write_iops)}) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      check_number(problems, sys::format("{}/{}/{}", place, name, i), (*list)[i]);
    }
  }
}

// "2MB", "1GB", "64KB": a part of a file's name.
bool is_page_size(std::string_view text) {
  const std::size_t unit = text.find_first_not_of("0123456789");
  return unit != 0 && unit != std::string_view::npos &&
         (text.substr(unit) == "KB" || text.substr(unit) == "MB" || text.substr(unit) == "GB");
}

void check_devices(Problems& problems, const std::string& place,
                   const std::vector<DeviceRule>& rules) {
  constexpr int64_t kAny = -1, kMost = UINT32_MAX;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const auto& [name, number] :
         {std::pair("major", rules[i].major), std::pair("minor", rules[i].minor)}) {
      if (number.value_or(kAny) >= kAny && number.value_or(kAny) <= kMost) continue;
      problems.add(sys::format("{}/{}/{}", place, i, name),
                   sys::format("{} is out of range ({} to {})", *number, kAny, kMost));
    }
  }
}

}  // namespace

void check_resources(Problems& problems, const std::string& place, const Resources& resources) {
  check_devices(problems, place + "/devices", resources.devices);
  if (resources.memory) check_memory(problems, place + "/memory", *resources.memory);
  if (resources.cpu) check_cpu(problems, place + "/cpu", *resources.cpu);
  if (resources.pids) check_bytes(problems, place + "/pids/limit", resources.pids->limit);
  if (resources.block_io) check_block_io(problems, place + "/blockIO", *resources.block_io);
  for (std::size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const std::string& size = resources.hugepage_limits[i].page_size;
    if (is_page_size(size)) continue;
    problems.add(sys::format("{}/hugepageLimits/{}/pageSize", place, i),
                 sys::format("{} is no size such as \"2MB\"", quote_for_message(size)));
  }
  if (resources.network) {
    for (std::size_t i = 0; i < resources.network->priorities.size(); ++i) {
      if (is_name(resources.network->priorities[i].name)) continue;
      problems.add(sys::format("{}/network/priorities/{}/name", place, i), "no interface's name");
    }
  }
  for (const auto& [device, limit] : resources.rdma) {
    if (is_name(device)) continue;
    problems.add(place + "/rdma/" + escape_pointer(device), "no device's name");
  }
  for (const auto& [file, value] : resources.unified) {
    const std::string item = place + "/unified/" + escape_pointer(file);
    // It would be a file of another cgroup.
    if (!is_name(file)) problems.add(item, "must be the name of a file");
    if (file.find('.') == std::string::npos) problems.add(item, "has no controller before a dot");
    if (file.starts_with("cgroup.") && !file.starts_with("cgroup.max.")) {
      problems.add(item, "is no limit");  // cgroup.procs would take in anybody
    }
    problems.check_text(item, value);
  }
}

std::vector<std::string> validate_resources(const Resources& resources, const std::string& place) {
  Problems problems;
  check_resources(problems, place, resources);
  return problems.take();
}

}  // namespace config
