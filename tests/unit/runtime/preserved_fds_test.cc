// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/preserved_fds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/open.h"

using runtime::first_closed_fd;
using runtime::listen_fds_from_environment;

TEST_CASE("preserved descriptors: the first closed one is found", "[commands]") {
  CHECK_FALSE(first_closed_fd(0));
  const sys::Fd probe = sys::open_path("/dev/null", O_RDONLY);  // the lowest free number
  const auto free_fd = static_cast<unsigned>(probe.get());
  CHECK_FALSE(first_closed_fd(free_fd - 2));
  CHECK(first_closed_fd(4096) >= probe.get() + 1);
  CHECK(std::string(runtime::closed_fd_error(7).what()).find("descriptor 7 is not open") !=
        std::string::npos);
}

TEST_CASE("preserved descriptors: LISTEN_FDS counts for the process it names", "[commands]") {
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(listen_fds_from_environment() == 2);
  ::setenv("LISTEN_FDS", "-2", 1);
  CHECK(listen_fds_from_environment() == 0);
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_PID", "1", 1);
  CHECK(listen_fds_from_environment() == 0);
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
}
