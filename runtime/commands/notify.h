// SPDX-License-Identifier: Apache-2.0
// systemd's readiness protocol: the container gets a socket of ours, and of all that it says only
// "READY=1" is passed on. Source: sd_notify(3).
#pragma once

#include <string>

#include "runtime/commands/state_store.h"
#include "runtime/plan/plan.h"
#include "sys/process.h"

namespace runtime {

/// Whether NOTIFY_SOCKET names a socket of the host's.
bool wants_notify();
/// Makes the socket's directory, and has the plan bind it into the container and say where it is.
void add_notify(Plan& plan, const ContainerDirectory& directory, const std::string& state_root);
/// The socket that the container writes to; empty when NOTIFY_SOCKET is not set or the container
/// was created without it. To be made before the program starts.
sys::Fd open_notify(const ContainerDirectory& directory);
/// Waits until the container is ready or has ended, and tells NOTIFY_SOCKET, with the init's pid.
void pass_readiness(const sys::Fd& notify, int init_pidfd, pid_t init);

}  // namespace runtime
