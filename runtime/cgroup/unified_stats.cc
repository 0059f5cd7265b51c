// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/unified_stats.h"

#include "config/json_object.h"
#include "runtime/cgroup/stats_parts.h"
#include "sys/cgroup.h"
#include "sys/format.h"

namespace runtime {
namespace {

using config::Json;
using config::JsonObject;

constexpr std::uint64_t kNanoseconds = 1000;  // in a microsecond

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a == kUnlimited || b == kUnlimited ? kUnlimited : a + b;
}

void add_pressure(JsonObject& object, int dir, const std::string& file) {
  const auto text = sys::read_cgroup_file(dir, file);
  if (text && !text->empty()) object.add_json("psi", pressure(*text));
}

Json memory(int dir) {
  const auto usage = read_number(dir, "memory.current");
  if (!usage) return {Json::Object()};
  const std::string stat = sys::read_cgroup_file(dir, "memory.stat").value_or("");
  const std::string events = sys::read_cgroup_file(dir, "memory.events").value_or("");
  const std::uint64_t limit = read_number(dir, "memory.max").value_or(kUnlimited);
  JsonObject object;
  object.add_unless_empty("cache", value_of(stat, "file"))
      .add_json("usage", memory_entry(limit, *usage, read_number(dir, "memory.peak").value_or(0),
                                      value_of(events, "max")));
  // As cgroup v1 counts it: memory and swap together.
  if (const auto swap = read_number(dir, "memory.swap.current")) {
    const std::uint64_t most = read_number(dir, "memory.swap.max").value_or(kUnlimited);
    object.add_json("swap", memory_entry(sum(limit, most), *usage + *swap, 0, 0));
  }
  object.add_json("raw", all_values(stat));
  add_pressure(object, dir, "memory.pressure");
  return object.take();
}

Json huge_pages(int dir) {
  Json::Object sizes;
  for (const char* size : kHugePageSizes) {
    const std::string file = sys::format("hugetlb.{}", size);
    const auto usage = read_number(dir, file + ".current");
    if (!usage) continue;
    const std::string events = sys::read_cgroup_file(dir, file + ".events").value_or("");
    sizes.push_back({size, JsonObject()
                               .add_unless_empty("usage", *usage)
                               .add("failcnt", value_of(events, "max"))
                               .take()});
  }
  return {std::move(sizes)};
}

}  // namespace

Json cpu_usage(std::string_view cpu_stat) {
  const auto nanoseconds = [&](std::string_view key) {
    return value_of(cpu_stat, key) * kNanoseconds;
  };
  return JsonObject()
      .add_json("usage", JsonObject()
                             .add_unless_empty("total", nanoseconds("usage_usec"))
                             .add("kernel", nanoseconds("system_usec"))
                             .add("user", nanoseconds("user_usec"))
                             .take())
      .add_json("throttling",
                JsonObject()
                    .add_unless_empty("periods", value_of(cpu_stat, "nr_periods"))
                    .add_unless_empty("throttledPeriods", value_of(cpu_stat, "nr_throttled"))
                    .add_unless_empty("throttledTime", nanoseconds("throttled_usec"))
                    .take())
      .take();
}

Json block_io(std::string_view io_stat) {
  Json::Array bytes, operations;
  while (!io_stat.empty()) {
    std::string_view line = take(io_stat, '\n');
    std::string_view device = take(line, ' ');
    const std::uint64_t major = number(take(device, ':')), minor = number(device);
    while (!line.empty()) {
      std::string_view word = take(line, ' ');
      const std::string_view key = take(word, '=');
      const char* operation = key.starts_with('r')   ? "Read"
                              : key.starts_with('w') ? "Write"
                                                     : "Discard";
      Json::Array* const list = key.ends_with("bytes") ? &bytes
                                : key.ends_with("ios") ? &operations
                                                       : nullptr;
      if (list != nullptr) list->push_back(device_entry(major, minor, operation, number(word)));
    }
  }
  JsonObject object;
  if (!bytes.empty()) object.add_json("ioServiceBytesRecursive", {std::move(bytes)});
  if (!operations.empty()) object.add_json("ioServicedRecursive", {std::move(operations)});
  return object.take();
}

Json pressure(std::string_view text) {
  JsonObject object;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view name = take(line, ' ');
    JsonObject values;
    while (!line.empty()) {
      std::string_view word = take(line, ' ');
      const std::string_view key = take(word, '=');
      if (key == "total") {
        values.add(key, number(word));
      } else {
        values.add_json(key, {config::JsonNumberText{std::string(word)}});
      }
    }
    object.add_json(name, values.take());
  }
  return object.take();
}

Json unified_stats(int dir) {
  JsonObject cpu;
  Json usage = cpu_usage(sys::read_cgroup_file(dir, "cpu.stat").value_or(""));
  for (config::JsonMember& member : std::get<Json::Object>(usage.value)) {
    cpu.add_json(member.key, std::move(member.value));
  }
  add_pressure(cpu, dir, "cpu.pressure");
  return JsonObject()
      .add_json("cpu", cpu.take())
      .add_json("memory", memory(dir))
      .add_json("pids", pids_entry(dir))
      .add_json("blkio", block_io(sys::read_cgroup_file(dir, "io.stat").value_or("")))
      .add_json("hugetlb", huge_pages(dir))
      .take();
}

}  // namespace runtime
