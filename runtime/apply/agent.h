// SPDX-License-Identifier: Apache-2.0
// The seccomp agent of a profile with SCMP_ACT_NOTIFY: who starts the program connects to it and
// says what the container is; the process sends that on with the listener of its filter, when it
// has loaded it. Source: config-linux.md, "The Container Process State".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/runtime_spec.h"
#include "config/state.h"
#include "runtime/apply/channel.h"
#include "sys/fd.h"

namespace runtime {

/// Whether a rule of the profile notifies one.
bool has_agent(const std::optional<config::Seccomp>& profile);

/// Whether there is something to connect to, which is seen again when the program starts.
/// Errors: in runc's words, naming the path.
void check_agent(const std::optional<config::Seccomp>& profile);

/// Connects; the descriptors go with kStart.
/// profile: which has an agent. container: the state as a hook would get it. pid: of the process
/// that the filter is for. Errors: in runc's words, naming the path.
std::vector<sys::Fd> call_agent(const config::Seccomp& profile,
                                const config::ContainerState& container, pid_t pid);

/// kStart, with what call_agent has given.
bool send_start(int channel, const std::vector<sys::Fd>& agent);

/// The child's side of it.
struct Agent {
  sys::Fd socket;
  std::string state;
};
/// Errors: the message has no agent with it.
Agent take_agent(ChannelMessage start);

}  // namespace runtime
