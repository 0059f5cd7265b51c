// SPDX-License-Identifier: Apache-2.0
// update: other limits for a container that runs.
#include <unistd.h>

#include <limits>

#include "runtime/apply/parent.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/grammar.h"
#include "runtime/commands/new_container.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxDocument = std::size_t{1} << 20;

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

// From standard input for "-".
config::Resources read_document(const std::string& name) {
  const std::string text =
      name == "-" ? sys::read_all(STDIN_FILENO, kMaxDocument) : sys::read_file(name, kMaxDocument);
  return config::parse_resources(text, name == "-" ? "standard input" : name);
}

CgroupPlan plan_update(const Context& context, const config::Resources& resources) {
  const std::vector<std::string> problems = config::validate_resources(resources, "");
  if (!problems.empty()) throw sys::Error(problems.front(), EINVAL);
  const CgroupRequest request = cgroup_request(context.options);
  CgroupPlan plan;
  plan.is_rootless = request.is_rootless.value_or(!gather_facts(context.proc).is_host_root);
  plan.resources = resources;
  plan.place = "";
  plan.policy = request.policy;
  plan.writes = plan_limits(resources, "", request.policy, plan.is_rootless);
  plan.manager = CgroupManager::kCgroupfs;  // whoever has made it
  if (!resources.devices.empty()) plan_device_rules(resources.devices, request.policy, plan);
  plan.checks_memory = resources.memory && resources.memory->check_before_update.value_or(false);
  return plan;
}

}  // namespace

int perform(const Context& context, const UpdateOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("update \"{}\"", options.id), [&] {
    const Status status = status_of(directory, directory.read_record(), context.proc);
    if (status == Status::kStopped || status == Status::kCreating) {
      throw sys::Error("container not running", ESRCH);
    }
    const CgroupPlan plan =
        plan_update(context, options.resources.empty() ? resources_of(options)
                                                       : read_document(options.resources));
    const auto cgroup = cgroup_of(directory);
    if (!cgroup) throw sys::Error("the container has no cgroup of its own", ENOTSUP);
    cgroup->set_limits(plan, context.log);
    return 0;
  });
}

}  // namespace runtime
