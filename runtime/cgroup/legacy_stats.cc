// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/legacy_stats.h"

#include <array>
#include <string>
#include <vector>

#include "config/json_object.h"
#include "runtime/cgroup/stats_parts.h"
#include "sys/cgroup.h"
#include "sys/format.h"

namespace runtime {
namespace {

using config::Json;
using config::JsonObject;

constexpr std::uint64_t kTick = 10'000'000;  // nanoseconds: USER_HZ is 100 wherever we run

std::string text_of(int dir, const std::string& file) {
  return sys::read_cgroup_file(dir, file).value_or("");
}

Json memory_of(int dir, const std::string& prefix) {
  const auto value = [&](const char* name) { return read_number(dir, prefix + name).value_or(0); };
  return memory_entry(value("limit_in_bytes"), value("usage_in_bytes"), value("max_usage_in_bytes"),
                      value("failcnt"));
}

Json memory(int dir) {
  if (dir < 0) return {Json::Object()};
  const std::string stat = text_of(dir, "memory.stat");
  JsonObject object;
  object.add_unless_empty("cache", value_of(stat, "cache"))
      .add_json("usage", memory_of(dir, "memory."));
  for (const auto& [name, prefix] :
       {std::pair{"swap", "memory.memsw."}, std::pair{"kernel", "memory.kmem."},
        std::pair{"kernelTCP", "memory.kmem.tcp."}}) {
    if (read_number(dir, sys::format("{}limit_in_bytes", prefix))) {
      object.add_json(name, memory_of(dir, prefix));
    }
  }
  return object.add_json("raw", all_values(stat)).take();
}

Json throttling(std::string_view cpu_stat) {
  return JsonObject()
      .add_unless_empty("periods", value_of(cpu_stat, "nr_periods"))
      .add_unless_empty("throttledPeriods", value_of(cpu_stat, "nr_throttled"))
      .add_unless_empty("throttledTime", value_of(cpu_stat, "throttled_time"))
      .take();
}

Json cpu(int cpu_dir, int accounting_dir) {
  JsonObject object;
  if (accounting_dir >= 0) {
    object.add_json("usage", legacy_cpu_usage(text_of(accounting_dir, "cpuacct.usage"),
                                              text_of(accounting_dir, "cpuacct.stat"),
                                              text_of(accounting_dir, "cpuacct.usage_all")));
  }
  if (cpu_dir >= 0) object.add_json("throttling", throttling(text_of(cpu_dir, "cpu.stat")));
  return object.take();
}

// The first that counts anything: CFQ's, BFQ's, those of all schedulers.
Json first_of(int dir, const char* name) {
  for (const char* prefix : {"blkio.", "blkio.bfq.", "blkio.throttle."}) {
    Json list = legacy_block_io(text_of(dir, sys::format("{}{}_recursive", prefix, name)));
    if (!std::get<Json::Array>(list.value).empty()) return list;
  }
  return {Json::Array()};
}

Json block_io(int dir) {
  JsonObject object;
  if (dir < 0) return object.take();
  for (const auto& [key, name] : {std::pair{"ioServiceBytesRecursive", "io_service_bytes"},
                                  std::pair{"ioServicedRecursive", "io_serviced"}}) {
    Json list = first_of(dir, name);
    if (!std::get<Json::Array>(list.value).empty()) object.add_json(key, std::move(list));
  }
  return object.take();
}

Json huge_pages(int dir) {
  Json::Object sizes;
  for (const char* size : kHugePageSizes) {
    const std::string prefix = sys::format("hugetlb.{}.", size);
    const auto usage = dir < 0 ? std::nullopt : read_number(dir, prefix + "usage_in_bytes");
    if (!usage) continue;
    sizes.push_back(
        {size, JsonObject()
                   .add_unless_empty("usage", *usage)
                   .add_unless_empty("max", read_number(dir, prefix + "max_usage_in_bytes"))
                   .add("failcnt", read_number(dir, prefix + "failcnt").value_or(0))
                   .take()});
  }
  return {std::move(sizes)};
}

}  // namespace

Json legacy_cpu_usage(std::string_view usage, std::string_view stat, std::string_view all) {
  std::vector<std::uint64_t> user, kernel, both;
  (void)take(all, '\n');  // "cpu user system"
  while (!all.empty()) {
    std::string_view line = take(all, '\n');
    (void)take(line, ' ');
    user.push_back(number(take(line, ' ')));
    kernel.push_back(number(line));
    both.push_back(user.back() + kernel.back());
  }
  return JsonObject()
      .add_unless_empty("total", number(usage))
      .add_unless_empty("percpu", both)
      .add_unless_empty("percpu_kernel", kernel)
      .add_unless_empty("percpu_user", user)
      .add("kernel", value_of(stat, "system") * kTick)
      .add("user", value_of(stat, "user") * kTick)
      .take();
}

Json legacy_block_io(std::string_view text) {
  Json::Array entries;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    std::string_view device = take(line, ' ');
    if (device.find(':') == std::string_view::npos) continue;  // the sum
    const std::uint64_t major = number(take(device, ':')), minor = number(device);
    const std::string operation(take(line, ' '));
    entries.push_back(device_entry(major, minor, operation.c_str(), number(line)));
  }
  return {std::move(entries)};
}

Json legacy_stats(const std::function<int(const char*)>& directory_of) {
  const int pids = directory_of("pids");
  return JsonObject()
      .add_json("cpu", cpu(directory_of("cpu"), directory_of("cpuacct")))
      .add_json("memory", memory(directory_of("memory")))
      .add_json("pids", pids < 0 ? Json{Json::Object()} : pids_entry(pids))
      .add_json("blkio", block_io(directory_of("blkio")))
      .add_json("hugetlb", huge_pages(directory_of("hugetlb")))
      .take();
}

}  // namespace runtime
