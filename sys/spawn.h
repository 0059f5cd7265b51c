// SPDX-License-Identifier: Apache-2.0
// Programs whose streams and end somebody looks after. Source: posix_spawn(3), waitid(2).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/process.h"

namespace sys {

/// Borrowed; -1: /dev/null.
struct Streams {
  int input = -1, output = -1, error = -1;
};
/// Starts a program with these streams, no signal blocked and all at their defaults. It inherits
/// nothing else. new_group: in a process group of its own, of which it is the leader.
Process spawn_with_streams(const std::vector<std::string>& argv, const Streams& streams,
                           bool new_group = false);

/// Collects children that have ended, but not those in `kept`, whom somebody waits for.
void reap_all_but(const std::vector<pid_t>& kept);

/// How a child ended, in the kernel's own words: a code, or the signal.
struct RawEnd {
  int code = 0;
  int signal = 0;  // 0: it ended by itself
};
/// Waits for a child; it has ended already, or this blocks.
RawEnd wait_raw(int pidfd);

}  // namespace sys
