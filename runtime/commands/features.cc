// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <unistd.h>

#include "config/features.h"
#include "config/seccomp_filter.h"
#include "runtime/commands/commands.h"
#include "sys/capability.h"
#include "sys/fd.h"
#include "sys/seccomp.h"

#ifndef TILLA_COMMIT
#define TILLA_COMMIT ""
#endif

namespace runtime {

namespace {

// Those of every kernel from 5.14 on, and one of Linux 5.19.
std::vector<std::string> supported_flags() {
  std::vector<std::string> flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                    "SECCOMP_FILTER_FLAG_TSYNC"};
  constexpr std::uint32_t kWaitKillable = 1U << 5U;  // for filters with a listener alone
  if (sys::has_seccomp_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable)) {
    flags.emplace_back("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
  }
  return flags;
}

}  // namespace

int perform(const Context&, const FeaturesOptions&) {
  const config::FeaturesFacts facts = {
      .tilla_version = TILLA_VERSION,
      .tilla_commit = TILLA_COMMIT,
      .capabilities = sys::all_capability_names(),
      .libseccomp_version = config::libseccomp_version(),
      // What libseccomp 2.5 has names for.
      .seccomp_archs = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
                        "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
                        "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
                        "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
                        "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32",
                        "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"},
      .seccomp_supported_flags = supported_flags(),
  };
  sys::write_all(STDOUT_FILENO, config::features_document(facts));
  return 0;
}

}  // namespace runtime
