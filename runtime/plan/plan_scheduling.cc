// SPDX-License-Identifier: Apache-2.0
// How a program shares the machine: scheduler, I/O priority, processors, memory nodes, personality.
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "config/cpu_list.h"
#include "runtime/plan/plan.h"
#include "sys/scheduling.h"

namespace runtime {
namespace {

template <typename T>
using Table = std::pair<std::string_view, T>;

constexpr std::array<Table<std::uint32_t>, 6> kPolicies = {{{"SCHED_OTHER", SCHED_NORMAL},
                                                            {"SCHED_FIFO", SCHED_FIFO},
                                                            {"SCHED_RR", SCHED_RR},
                                                            {"SCHED_BATCH", SCHED_BATCH},
                                                            {"SCHED_IDLE", SCHED_IDLE},
                                                            {"SCHED_DEADLINE", SCHED_DEADLINE}}};

constexpr std::array<Table<std::uint64_t>, 5> kFlags = {
    {{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
     {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
     {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
     {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
     {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS}}};

constexpr std::array<Table<int>, 3> kIoClasses = {{{"IOPRIO_CLASS_RT", sys::kIoClassRealTime},
                                                   {"IOPRIO_CLASS_BE", sys::kIoClassBestEffort},
                                                   {"IOPRIO_CLASS_IDLE", sys::kIoClassIdle}}};

// Linux 6.9; the headers of Debian 12 are older.
constexpr int kWeightedInterleave = 6;

constexpr std::array<Table<int>, 7> kMemoryModes = {
    {{"MPOL_DEFAULT", MPOL_DEFAULT},
     {"MPOL_PREFERRED", MPOL_PREFERRED},
     {"MPOL_BIND", MPOL_BIND},
     {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
     {"MPOL_LOCAL", MPOL_LOCAL},
     {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
     {"MPOL_WEIGHTED_INTERLEAVE", kWeightedInterleave}}};

constexpr std::array<Table<int>, 3> kMemoryFlags = {
    {{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
     {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
     {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING}}};

template <typename T, std::size_t N>
T number_of(const std::array<Table<T>, N>& table, std::string_view name) {
  const auto* found =
      std::ranges::find_if(table, [&](const Table<T>& row) { return row.first == name; });
  assert(found != table.end());  // guaranteed by config::validate
  return found->second;
}

SchedulerStep plan_scheduler(const config::Scheduler& wanted) {
  SchedulerStep step;
  step.policy_name = wanted.policy;
  step.attributes = {.policy = number_of(kPolicies, wanted.policy),
                     .flags = 0,
                     .nice = wanted.nice,
                     .priority = static_cast<std::uint32_t>(wanted.priority),
                     .runtime = wanted.runtime,
                     .deadline = wanted.deadline,
                     .period = wanted.period};
  for (const std::string& flag : wanted.flags) step.attributes.flags |= number_of(kFlags, flag);
  return step;
}

config::CpuMask to_mask(const std::string& list) {
  if (list.empty()) return {};
  return config::parse_cpu_list(list).value_or(config::CpuMask{});  // checked by config::validate
}

MemoryPolicyStep plan_memory_policy(const config::MemoryPolicy& wanted) {
  MemoryPolicyStep step = {.name = wanted.mode,
                           .mode = number_of(kMemoryModes, wanted.mode),
                           .node_list = wanted.nodes,
                           .nodes = to_mask(wanted.nodes)};
  for (const std::string& flag : wanted.flags) step.mode |= number_of(kMemoryFlags, flag);
  return step;
}

}  // namespace

void plan_scheduling(const config::Process& process, const config::Linux& platform,
                     ProcessPlan& plan) {
  if (process.scheduler) plan.scheduler = plan_scheduler(*process.scheduler);
  if (process.io_priority) {
    plan.io_priority = sys::io_priority_value(number_of(kIoClasses, process.io_priority->io_class),
                                              process.io_priority->priority);
    plan.io_class = process.io_priority->io_class;
  }
  if (process.exec_cpu_affinity) {
    plan.initial_cpus = to_mask(process.exec_cpu_affinity->initial);
    plan.final_cpus = to_mask(process.exec_cpu_affinity->final_);
  }
  if (platform.memory_policy) plan.memory_policy = plan_memory_policy(*platform.memory_policy);
  if (platform.personality) {
    plan.personality = platform.personality->domain == "LINUX32" ? PER_LINUX32 : PER_LINUX;
  }
}

}  // namespace runtime
