// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/notify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <optional>
#include <string_view>

#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"

namespace runtime {
namespace {

constexpr const char* kDirectory = "notify";
constexpr const char* kSocket = "notify.sock";
constexpr const char* kTarget = "/run/notify";
constexpr std::size_t kMaxDatagram = 4096;

std::string notify_socket() {
  const char* value = ::getenv("NOTIFY_SOCKET");
  return value == nullptr ? std::string() : std::string(value);
}

bool says_ready(std::string_view datagram) {
  for (std::size_t start = 0; start <= datagram.size();) {
    const std::size_t end = std::min(datagram.find('\n', start), datagram.size());
    if (datagram.substr(start, end - start) == "READY=1") return true;
    start = end + 1;
  }
  return false;
}

// Empty: nothing that matters to us. The container's word must not end `start`.
std::optional<sys::Message> next_message(int notify) {
  try {
    return sys::receive_message(notify, kMaxDatagram);
  } catch (const sys::Error& error) {
    if (error.code() != EMSGSIZE) throw;
    return std::nullopt;
  }
}

}  // namespace

bool wants_notify() { return !notify_socket().empty(); }

void add_notify(Plan& plan, const ContainerDirectory& directory, const std::string& state_root) {
  (void)sys::make_directory_at(directory.fd(), kDirectory, 0755);
  MountStep step;
  step.label = "mount of NOTIFY_SOCKET";
  step.kind = MountKind::kBind;
  step.source = sys::format("{}/{}/{}", state_root, directory.id(), kDirectory);
  step.target = sys::RelPath::parse(kTarget);
  // Read-only as runc has it: a socket can be sent to all the same, and nothing can be left there.
  step.attr_set = config::kMountAttrRdonly | config::kMountAttrNosuid | config::kMountAttrNodev |
                  config::kMountAttrNoexec;
  step.propagation = {{.type = MS_PRIVATE, .recursive = true}};
  plan.root.mounts.push_back(std::move(step));
  plan.process.env.push_back(sys::format("NOTIFY_SOCKET={}/{}", kTarget, kSocket));
}

sys::Fd open_notify(const ContainerDirectory& directory) {
  if (!wants_notify()) return {};
  const std::optional<sys::Fd> dir =
      sys::open_at_if_exists(directory.fd(), kDirectory, O_RDONLY | O_DIRECTORY);
  if (!dir) return {};
  return sys::bind_datagram_at(dir->get(), kSocket);
}

void pass_readiness(const sys::Fd& notify, int init_pidfd, pid_t init) {
  for (;;) {
    std::vector<sys::Waiting> waiting = {{.fd = notify.get(), .wants_input = true},
                                         {.fd = init_pidfd, .wants_input = true}};
    sys::wait_for_any(waiting);
    if (waiting[0].has_input) {
      const auto message = next_message(notify.get());
      if (message && says_ready(message->text)) {
        return sys::send_datagram(notify_socket(), sys::format("MAINPID={}\nREADY=1", init));
      }
    } else if (waiting[1].has_input) {
      return;
    }
  }
}

}  // namespace runtime
