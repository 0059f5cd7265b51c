// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/update_resources.h"

#include <limits>

#include "runtime/commands/grammar.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

[[noreturn]] void refuse(const char* option, const std::string& value) {
  throw sys::Error(sys::format("{}: \"{}\" is no number that it takes", option, value), EINVAL);
}

template <typename Number>
std::optional<Number> number_of(const char* option, const std::string& value) {
  if (value.empty()) return std::nullopt;
  const bool is_negative = std::is_signed_v<Number> && value.starts_with('-');
  const auto number = parse_number<std::uint64_t>(std::string_view(value).substr(is_negative));
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
  if (!number || *number > kMost) refuse(option, value);
  const auto whole = static_cast<Number>(*number);
  return is_negative ? static_cast<Number>(-whole) : whole;
}

// "64m" as Docker has it: powers of 1024. -1 is no limit.
std::optional<std::int64_t> bytes_of(const char* option, const std::string& value) {
  if (value.empty() || value == "-1") return number_of<std::int64_t>(option, value);
  const std::size_t end = value.find_first_not_of("0123456789");
  const auto number = parse_number<std::uint64_t>(std::string_view(value).substr(0, end));
  std::string unit = end == std::string::npos ? "" : value.substr(end);
  for (char& letter : unit) letter = static_cast<char>(letter | 0x20);  // lower case
  for (const char* suffix : {"ib", "b"}) {
    if (unit.ends_with(suffix)) unit.resize(unit.size() - std::string_view(suffix).size());
  }
  constexpr std::string_view kUnits = "kmgtp";
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool is_known = unit.size() <= 1 && (unit.empty() || power != 0);
  if (!number || !is_known || *number > (most >> (10 * power))) refuse(option, value);
  return static_cast<std::int64_t>(*number << (10 * power));
}

}  // namespace

config::Resources resources_of(const UpdateOptions& options) {
  config::Resources resources;
  config::MemoryResources memory;
  memory.limit = bytes_of("--memory", options.memory);
  memory.reservation = bytes_of("--memory-reservation", options.memory_reservation);
  memory.swap = bytes_of("--memory-swap", options.memory_swap);
  if (memory != config::MemoryResources{}) resources.memory = memory;
  config::CpuResources cpu;
  cpu.shares = number_of<std::uint64_t>("--cpu-share", options.cpu_share);
  cpu.quota = number_of<std::int64_t>("--cpu-quota", options.cpu_quota);
  cpu.period = number_of<std::uint64_t>("--cpu-period", options.cpu_period);
  cpu.burst = number_of<std::uint64_t>("--cpu-burst", options.cpu_burst);
  cpu.idle = number_of<std::int64_t>("--cpu-idle", options.cpu_idle);
  cpu.realtime_period = number_of<std::uint64_t>("--cpu-rt-period", options.cpu_rt_period);
  cpu.realtime_runtime = number_of<std::int64_t>("--cpu-rt-runtime", options.cpu_rt_runtime);
  cpu.cpus = options.cpuset_cpus;
  cpu.mems = options.cpuset_mems;
  if (cpu != config::CpuResources{}) resources.cpu = cpu;
  if (const auto limit = number_of<std::int64_t>("--pids-limit", options.pids_limit)) {
    resources.pids.emplace().limit = limit;
  }
  if (const auto weight = number_of<std::uint16_t>("--blkio-weight", options.blkio_weight)) {
    resources.block_io.emplace().weight = weight;
  }
  return resources;
}

void complete(config::Resources& resources, const CurrentLimits& current) {
  if (resources.cpu) {
    config::CpuResources& cpu = *resources.cpu;
    const bool has_quota = cpu.quota.value_or(0) != 0, has_period = cpu.period.value_or(0) != 0;
    if (has_period && !has_quota) cpu.quota = current.cpu_quota;
    if (has_quota && !has_period) cpu.period = current.cpu_period;
  }
  if (resources.memory) {
    config::MemoryResources& memory = *resources.memory;
    if (memory.swap.value_or(0) > 0 && memory.limit.value_or(0) == 0) memory.limit = current.memory;
  }
}

}  // namespace runtime
