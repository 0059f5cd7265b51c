// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/agent.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "config/seccomp_notify.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"

namespace runtime {
namespace {

constexpr const char* kWords = "failed to connect with seccomp agent";  // runc's
constexpr std::size_t kMaxState = std::size_t{32} << 20;  // more than a config.json can come to

}  // namespace

bool has_agent(const std::optional<config::Seccomp>& profile) {
  return profile && config::notifies(*profile);
}

void check_agent(const std::optional<config::Seccomp>& profile) {
  if (!has_agent(profile)) return;
  sys::in_context(kWords, [&] {
    const sys::Fd socket = sys::open_path(profile->listener_path, O_PATH);
    if (S_ISSOCK(sys::status_of(socket.get()).st_mode)) return;
    throw sys::Error(sys::format("\"{}\" is no socket", profile->listener_path), ENOTSOCK);
  });
}

std::vector<sys::Fd> call_agent(const config::Seccomp& profile,
                                const config::ContainerState& container, pid_t pid) {
  std::vector<sys::Fd> agent;
  agent.push_back(
      sys::in_context(kWords, [&] { return sys::connect_path(profile.listener_path); }));
  agent.push_back(sys::sealed_memory_file(
      "state", config::write_process_state(container, pid, profile.listener_metadata)));
  return agent;
}

bool send_start(int channel, const std::vector<sys::Fd>& agent) {
  std::vector<int> descriptors;
  for (const sys::Fd& fd : agent) descriptors.push_back(fd.get());
  return send(channel, MessageKind::kStart, {}, descriptors);
}

Agent take_agent(ChannelMessage start) {
  if (start.descriptors.size() != 2) throw sys::Error("no seccomp agent to tell", EPROTO);
  sys::rewind(start.descriptors[1].get());
  return {.socket = std::move(start.descriptors[0]),
          .state = sys::read_all(start.descriptors[1].get(), kMaxState)};
}

}  // namespace runtime
