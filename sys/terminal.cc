// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "sys/error.h"

namespace sys {

Pty make_pty(Fd ptmx) {
  int unlock = 0;
  if (::ioctl(ptmx.get(), TIOCSPTLCK, &unlock) < 0) throw errno_error("unlock a pty");
  Fd slave(::ioctl(ptmx.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) throw errno_error("open the other end of a pty");
  termios settings = {};
  if (::tcgetattr(slave.get(), &settings) < 0) throw errno_error("read the settings of a pty");
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  if (::tcsetattr(slave.get(), TCSANOW, &settings) < 0) throw errno_error("set up a pty");
  return {.master = std::move(ptmx), .slave = std::move(slave)};
}

void set_window_size(int terminal, const WindowSize& size) {
  winsize raw = {};
  raw.ws_row = size.rows;
  raw.ws_col = size.columns;
  if (::ioctl(terminal, TIOCSWINSZ, &raw) < 0) throw errno_error("set the window size");
}

std::optional<WindowSize> window_size(int fd) {
  winsize raw = {};
  if (::ioctl(fd, TIOCGWINSZ, &raw) < 0) return std::nullopt;
  return WindowSize{.rows = raw.ws_row, .columns = raw.ws_col};
}

void take_controlling_terminal(int terminal) {
  if (::ioctl(terminal, TIOCSCTTY, 0) < 0) throw errno_error("take the controlling terminal");
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

RawMode::RawMode(int terminal) : terminal_(terminal) {
  termios settings = {};
  if (::tcgetattr(terminal_, &settings) < 0) throw errno_error("read the terminal's settings");
  saved_.assign(reinterpret_cast<const char*>(&settings), sizeof(settings));
  enter();
}

void RawMode::enter() {
  termios settings = {};
  std::memcpy(&settings, saved_.data(), sizeof(settings));
  ::cfmakeraw(&settings);
  if (::tcsetattr(terminal_, TCSANOW, &settings) < 0) throw errno_error("set the terminal raw");
}

RawMode::~RawMode() {
  termios settings = {};
  std::memcpy(&settings, saved_.data(), sizeof(settings));
  (void)::tcsetattr(terminal_, TCSANOW, &settings);  // the terminal may be gone by now
}

}  // namespace sys
