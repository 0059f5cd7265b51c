// SPDX-License-Identifier: Apache-2.0
#include "sys/event.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/retry.h"

namespace sys {

void wait_for_any(std::vector<Waiting>& entries, int timeout_ms) {
  std::vector<pollfd> fds;
  for (const Waiting& entry : entries) {
    const int events = (entry.wants_input ? POLLIN : 0) | (entry.wants_output ? POLLOUT : 0);
    // A descriptor that nothing is wanted of would wake us for ever when it hangs up.
    fds.push_back(
        {.fd = events == 0 ? -1 : entry.fd, .events = static_cast<short>(events), .revents = 0});
  }
  if (retry([&] { return ::poll(fds.data(), fds.size(), timeout_ms); }) < 0)
    throw errno_error("poll");
  for (std::size_t i = 0; i < fds.size(); ++i) {
    constexpr int kGone = POLLERR | POLLHUP | POLLNVAL;
    entries[i].has_input = entries[i].wants_input && (fds[i].revents & (POLLIN | kGone)) != 0;
    entries[i].has_output = entries[i].wants_output && (fds[i].revents & (POLLOUT | kGone)) != 0;
  }
}

Fd divert_signals(const std::vector<int>& left) {
  sigset_t all;
  ::sigfillset(&all);
  // Faults are our own: they must end us as ever.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    ::sigdelset(&all, fault);
  }
  for (const int signal : left) ::sigdelset(&all, signal);
  if (::sigprocmask(SIG_SETMASK, &all, nullptr) < 0) throw errno_error("sigprocmask");
  Fd fd(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw errno_error("signalfd");
  return fd;
}

std::optional<int> read_signal(int signal_fd) {
  signalfd_siginfo info = {};
  if (retry([&] { return ::read(signal_fd, &info, sizeof(info)); }) !=
      static_cast<ssize_t>(sizeof(info))) {
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

std::optional<long> read_now(int fd, char* buffer, std::size_t size) {
  const ssize_t count = retry([&] { return ::read(fd, buffer, size); });
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  return count;
}

std::optional<long> write_now(int fd, const char* data, std::size_t size) {
  const ssize_t count = retry([&] { return ::write(fd, data, size); });
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  return count;
}

}  // namespace sys
