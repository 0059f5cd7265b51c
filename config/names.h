// SPDX-License-Identifier: Apache-2.0
// The closed lists of names in the runtime specification, shared by the reader, the writer, the
// validator and `features`.
#pragma once

#include <string_view>

#include "config/runtime_spec.h"

namespace config {

template <typename T>
struct NamedValue {
  std::string_view name;
  T value;
};

/// Sorted, as `features` prints them.
inline constexpr NamedValue<NamespaceType> kNamespaceTypes[] = {
    {"cgroup", NamespaceType::kCgroup}, {"ipc", NamespaceType::kIpc},
    {"mount", NamespaceType::kMount},   {"network", NamespaceType::kNetwork},
    {"pid", NamespaceType::kPid},       {"time", NamespaceType::kTime},
    {"user", NamespaceType::kUser},     {"uts", NamespaceType::kUts},
};

/// Sorted. SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD are one action; the writer takes the first.
inline constexpr NamedValue<SeccompAction> kSeccompActions[] = {
    {"SCMP_ACT_ALLOW", SeccompAction::kAllow},
    {"SCMP_ACT_ERRNO", SeccompAction::kErrno},
    {"SCMP_ACT_KILL", SeccompAction::kKillThread},
    {"SCMP_ACT_KILL_PROCESS", SeccompAction::kKillProcess},
    {"SCMP_ACT_KILL_THREAD", SeccompAction::kKillThread},
    {"SCMP_ACT_LOG", SeccompAction::kLog},
    {"SCMP_ACT_NOTIFY", SeccompAction::kNotify},
    {"SCMP_ACT_TRACE", SeccompAction::kTrace},
    {"SCMP_ACT_TRAP", SeccompAction::kTrap},
};

/// Sorted.
inline constexpr NamedValue<SeccompOperator> kSeccompOperators[] = {
    {"SCMP_CMP_EQ", SeccompOperator::kEq}, {"SCMP_CMP_GE", SeccompOperator::kGe},
    {"SCMP_CMP_GT", SeccompOperator::kGt}, {"SCMP_CMP_LE", SeccompOperator::kLe},
    {"SCMP_CMP_LT", SeccompOperator::kLt}, {"SCMP_CMP_MASKED_EQ", SeccompOperator::kMaskedEq},
    {"SCMP_CMP_NE", SeccompOperator::kNe},
};

inline constexpr std::string_view kSeccompArchitectures[] = {
    "SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
    "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
    "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",
};

inline constexpr std::string_view kSeccompFlags[] = {
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

inline constexpr std::string_view kRlimitTypes[] = {
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
};

inline constexpr std::string_view kSchedulerPolicies[] = {
    "SCHED_BATCH", "SCHED_DEADLINE", "SCHED_FIFO", "SCHED_IDLE",
    "SCHED_ISO",   "SCHED_OTHER",    "SCHED_RR",
};

inline constexpr std::string_view kSchedulerFlags[] = {
    "SCHED_FLAG_DL_OVERRUN",     "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_RECLAIM",        "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_UTIL_CLAMP_MAX",
    "SCHED_FLAG_UTIL_CLAMP_MIN",
};

inline constexpr std::string_view kIoPriorityClasses[] = {
    "IOPRIO_CLASS_BE",
    "IOPRIO_CLASS_IDLE",
    "IOPRIO_CLASS_RT",
};

inline constexpr std::string_view kPersonalityDomains[] = {"LINUX", "LINUX32"};

inline constexpr std::string_view kDeviceTypes[] = {"b", "c", "p", "u"};

inline constexpr std::string_view kRootfsPropagations[] = {
    "private", "rprivate", "rshared", "rslave", "runbindable", "shared", "slave", "unbindable",
};

/// In the order of their moments.
inline constexpr std::string_view kHookKinds[] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

inline constexpr std::string_view kMemoryPolicyModes[] = {
    "MPOL_BIND",      "MPOL_DEFAULT",        "MPOL_INTERLEAVE",          "MPOL_LOCAL",
    "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE",
};

inline constexpr std::string_view kMemoryPolicyFlags[] = {
    "MPOL_F_NUMA_BALANCING",
    "MPOL_F_RELATIVE_NODES",
    "MPOL_F_STATIC_NODES",
};

}  // namespace config
