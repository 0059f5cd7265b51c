// SPDX-License-Identifier: Apache-2.0
// The moments of a call of the runtime's, each the end of one system call, by strace.
#pragma once

#include <string>
#include <vector>

#include "tests/support/harness.h"

namespace support {

/// "the 3rd openat" of a call.
struct Moment {
  std::string syscall;
  int number = 0;
};

struct MomentCount {
  std::size_t spread = 30;  // from its first system call on
  std::size_t last = 30;    // and each of the last ones
};

/// Some of the moments of a call; makes the call, which ends with that exit code.
std::vector<Moment> moments_of(const Runtime& runtime, const std::vector<std::string>& words,
                               const MomentCount& count = {}, int exit_code = 0);

/// Makes the call, and kills it then. One that has no such moment this time ends by itself.
void call_and_kill(const Runtime& runtime, const std::vector<std::string>& words,
                   const Moment& moment);

}  // namespace support
