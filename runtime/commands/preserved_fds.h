// SPDX-License-Identifier: Apache-2.0
// --preserve-fds and LISTEN_FDS hand descriptors 3, 4, ... of the caller's to the container. What
// isn't open when we start would be one of ours by the time of exec (INV-4; runc issue 5474).
#pragma once

#include <optional>

#include "sys/error.h"

namespace runtime {

/// How many descriptors socket activation gave this very process. Source: sd_listen_fds(3).
unsigned listen_fds_from_environment();

/// The first of descriptors 3 to 2 + `count` that is not open; main asks before it opens anything.
std::optional<int> first_closed_fd(unsigned count);
/// The error that names it.
sys::Error closed_fd_error(int fd);

}  // namespace runtime
