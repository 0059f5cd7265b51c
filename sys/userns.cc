// SPDX-License-Identifier: Apache-2.0
#include "sys/userns.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <unistd.h>

#include "sys/capability.h"
#include "sys/error.h"
#include "sys/process.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr CapabilitySet kSetIds = CapabilitySet{1} << CAP_SETUID | CapabilitySet{1} << CAP_SETGID;

// The first process of the namespace: lives until somebody else has a hold on it.
struct Sleeper {
  int parents_end, own_end;
};

void sleep_until_closed(void* argument) noexcept {
  const Sleeper& sleeper = *static_cast<const Sleeper*>(argument);
  (void)::close(sleeper.parents_end);  // or its end would never be seen
  char byte = 0;
  (void)retry([&] { return ::read(sleeper.own_end, &byte, 1); });
  exit_now(0);
}

}  // namespace

Fd make_user_namespace(const Procfs& proc, const IdMap& uids, const IdMap& gids) {
  Pipe alive = make_pipe();
  Sleeper sleeper = {.parents_end = alive.write_end.get(), .own_end = alive.read_end.get()};
  const Process child =
      clone_child({.namespaces = CLONE_NEWUSER, .joins = {}}, sleep_until_closed, &sleeper);
  // Ends the child, however we leave.
  struct Reap {
    ~Reap() {
      end.reset();
      try {
        (void)wait_child(process);
      } catch (const Error&) {
        // A destructor: what is left is a zombie that ends with us.
      }
    }
    Fd& end;
    const Process& process;
  } const reap{alive.write_end, child};
  const std::string pid = std::to_string(child.pid);
  if ((own_capabilities().effective & kSetIds) == kSetIds) {
    write_id_maps(proc, pid, uids, gids, false);
  } else {
    write_id_maps_by_helpers(child.pid, uids, gids);
  }
  return proc.open_magic_link(pid + "/ns/user", O_RDONLY);
}

}  // namespace sys
