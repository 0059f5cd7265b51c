// SPDX-License-Identifier: Apache-2.0
// Private to sys/: repeats a system call that a signal interrupted.
#pragma once

#include <cerrno>

namespace sys {

template <typename Call>
auto retry(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace sys
