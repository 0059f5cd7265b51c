// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/preserved_fds.h"

#include <stdlib.h>

#include <charconv>
#include <string_view>

#include "sys/fd.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr int kFirst = 3;
constexpr unsigned kMost = 1U << 20;  // the kernel's default for nr_open

long environment_number(const char* name) {
  const char* value = ::getenv(name);
  const std::string_view text = value == nullptr ? "" : value;
  long number = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = problem == std::errc() && end == text.data() + text.size();
  return is_whole ? number : -1;
}

}  // namespace

unsigned listen_fds_from_environment() {
  if (environment_number("LISTEN_PID") != sys::own_pid()) return 0;
  const long count = environment_number("LISTEN_FDS");
  return count > 0 && count <= kMost ? static_cast<unsigned>(count) : 0;
}

std::optional<int> first_closed_fd(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const int fd = kFirst + static_cast<int>(i);
    if (!sys::is_open(fd)) return fd;
  }
  return std::nullopt;
}

sys::Error closed_fd_error(int fd) {
  return sys::Error(sys::format("preserve descriptors: descriptor {} is not open", fd), EBADF,
                    "--preserve-fds counts from descriptor 3, after those of LISTEN_FDS");
}

}  // namespace runtime
