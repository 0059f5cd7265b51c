// SPDX-License-Identifier: Apache-2.0
// Waiting for several things at once, signals among them. Source: poll(2), signalfd(2).
#pragma once

#include <optional>
#include <vector>

#include "sys/fd.h"

namespace sys {

/// One descriptor to wait for; -1 is skipped.
struct Waiting {
  int fd = -1;
  bool wants_input = false, wants_output = false;
  // Set by wait_for_any; an error or hang-up counts as both, so that the next call meets it.
  bool has_input = false, has_output = false;
};
/// Waits until something can be done, at most `timeout_ms` (-1: for ever).
void wait_for_any(std::vector<Waiting>& entries, int timeout_ms = -1);

/// Blocks every signal that can be blocked, but those in `left`; they are read from the returned
/// descriptor instead. Children of clone_child start with them blocked.
Fd divert_signals(const std::vector<int>& left = {});
/// The next signal's number; empty when there is none.
std::optional<int> read_signal(int signal_fd);

/// One read or write on a non-blocking descriptor. Empty: it would block. 0 from read, or -1 from
/// either: the other side is gone.
std::optional<long> read_now(int fd, char* buffer, std::size_t size);
std::optional<long> write_now(int fd, const char* data, std::size_t size);

}  // namespace sys
