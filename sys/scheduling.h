// SPDX-License-Identifier: Apache-2.0
// How this process shares the machine with others. Source: sched(7), sched_setattr(2),
// ioprio_set(2), sched_setaffinity(2), personality(2), set_mempolicy(2).
#pragma once

#include <cstdint>
#include <vector>

namespace sys {

struct SchedulerAttributes {
  std::uint32_t policy = 0;  // SCHED_*
  std::uint64_t flags = 0;   // SCHED_FLAG_*
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // nanoseconds
  bool operator==(const SchedulerAttributes&) const = default;
};
/// Errors: EPERM with a hint.
void set_scheduler(const SchedulerAttributes& attributes);

// The kernel's, written out: C++ can't read <linux/ioprio.h> of later headers, whose arguments are
// named "class". Source: ioprio_set(2).
constexpr int kIoClassRealTime = 1, kIoClassBestEffort = 2, kIoClassIdle = 3;
constexpr int kIoWhoProcess = 1;
constexpr int io_priority_value(int io_class, int priority) { return io_class << 13 | priority; }

/// value: of io_priority_value. Errors: EPERM with a hint.
void set_io_priority(int value);

/// Bit n of the words is processor n. Errors: EINVAL with a hint when we may use none of them.
void set_cpu_affinity(const std::vector<unsigned long>& mask);

/// mode: MPOL_* with its MPOL_F_*; bit n of `nodes` is memory node n. Kept across exec.
/// Errors: EINVAL with a hint, for nodes that are not there or not ours.
void set_memory_policy(int mode, const std::vector<unsigned long>& nodes);

/// PER_LINUX or PER_LINUX32.
void set_personality(unsigned long persona);

}  // namespace sys
