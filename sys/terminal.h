// SPDX-License-Identifier: Apache-2.0
// Pseudo-terminals. Source: pts(4), ioctl_tty(2), CVE-2025-52565.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace sys {

struct WindowSize {
  std::uint16_t rows = 0, columns = 0;
  bool operator==(const WindowSize&) const = default;
};

struct Pty {
  Fd master, slave;
};
/// Makes a pty in the devpts instance whose multiplexer `ptmx` (an O_RDWR descriptor) is; the slave
/// comes from the master (TIOCGPTPEER), never from a path.
/// Clears ONLCR, as runc does: callers expect plain newlines.
Pty make_pty(Fd ptmx);
void set_window_size(int terminal, const WindowSize& size);
/// Empty when `fd` is no terminal.
std::optional<WindowSize> window_size(int fd);
/// Makes `terminal` the controlling terminal of this session.
void take_controlling_terminal(int terminal);
bool is_terminal(int fd);

/// Puts a terminal into raw mode and restores it when it goes.
class RawMode {
 public:
  explicit RawMode(int terminal);
  ~RawMode();
  /// Once more, after somebody else has had the terminal. What is restored stays the same.
  void enter();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int terminal_;
  std::string saved_;  // a struct termios; kept opaque so that <termios.h> stays out of headers
};

}  // namespace sys
