// SPDX-License-Identifier: Apache-2.0
#include "sys/scheduling.h"

#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <limits>

#include "sys/error.h"
#include "sys/format.h"

namespace sys {
namespace {

// The kernel's sched_attr, first version; its header can't be read beside the library's sched.h.
struct KernelAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(KernelAttributes) == 48);

}  // namespace

void set_scheduler(const SchedulerAttributes& attributes) {
  KernelAttributes attr = {.size = sizeof(KernelAttributes),
                           .policy = attributes.policy,
                           .flags = attributes.flags,
                           .nice = attributes.nice,
                           .priority = attributes.priority,
                           .runtime = attributes.runtime,
                           .deadline = attributes.deadline,
                           .period = attributes.period};
  if (::syscall(SYS_sched_setattr, 0, &attr, 0) == 0) return;
  Error error = errno_error("sched_setattr");
  if (error.code() == EPERM) {
    error.set_hint(
        "this needs CAP_SYS_NICE on the host, which no user namespace gives, or a limit that "
        "permits it: RLIMIT_NICE, RLIMIT_RTPRIO; real time in cgroup v1 needs realtimeRuntime, "
        "too");
  } else if (error.code() == EBUSY) {
    error.set_hint("the machine has not so much time to promise; see sched(7), SCHED_DEADLINE");
  }
  throw error;
}

void set_io_priority(int value) {
  if (::syscall(SYS_ioprio_set, kIoWhoProcess, 0, value) == 0) return;
  Error error = errno_error("ioprio_set");
  if (error.code() == EPERM) {
    error.set_hint(
        "IOPRIO_CLASS_RT needs CAP_SYS_ADMIN or CAP_SYS_NICE on the host, which no user namespace "
        "gives");
  }
  throw error;
}

void set_cpu_affinity(const std::vector<unsigned long>& mask) {
  const std::size_t size = mask.size() * sizeof(unsigned long);
  // The system call itself: the library's mask ends at 1024 processors.
  if (::syscall(SYS_sched_setaffinity, 0, size, mask.data()) == 0) return;
  Error error = errno_error("sched_setaffinity");
  if (error.code() == EINVAL) {
    error.set_hint("none of these processors is there, or none is ours to use; see cpuset(7)");
  }
  throw error;
}

void set_memory_policy(int mode, const std::vector<unsigned long>& nodes) {
  // The kernel looks at one bit less than it is told. Source: set_mempolicy(2), BUGS.
  const std::size_t bits = nodes.size() * std::numeric_limits<unsigned long>::digits + 1;
  if (::syscall(SYS_set_mempolicy, mode, nodes.empty() ? nullptr : nodes.data(),
                nodes.empty() ? 0 : bits) == 0) {
    return;
  }
  Error error = errno_error("set_mempolicy");
  if (error.code() == EINVAL) {
    error.set_hint(
        "a memory node that is not there, or not ours to use (cpuset(7)), or a mode that this "
        "kernel is too old for: see /sys/devices/system/node/has_memory");
  } else if (error.code() == ENOSYS) {
    error.set_hint("this kernel is made without NUMA");
  }
  throw error;
}

void set_personality(unsigned long persona) {
  if (::personality(persona) < 0) throw errno_error(format("personality {:#x}", persona));
}

}  // namespace sys
