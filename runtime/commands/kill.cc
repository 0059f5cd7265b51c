// SPDX-License-Identifier: Apache-2.0
// Takes no lock: a pidfd can't hit a stranger, and a start that hangs in a hook must stay killable.
#include <signal.h>

#include "config/signal_names.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/signal_processes.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

// Stored in other people's programs: containerd's shim looks for these words.
constexpr const char* kNotRunning = "container not running";
constexpr const char* kFinished = "os: process already finished";

// Also of a container whose init has ended. False: it has no cgroup of its own.
bool signal_cgroup(const ContainerDirectory& directory, int signal) {
  const auto cgroup = cgroup_of(directory);
  if (!cgroup) return false;
  if (signal != SIGKILL || !cgroup->kill()) signal_processes(*cgroup, signal);
  return true;
}

}  // namespace

int perform(const Context& context, const KillOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  const auto signal = config::parse_signal(options.signal);
  if (!signal) throw sys::Error(sys::format("unknown signal \"{}\"", options.signal), EINVAL);
  const auto record = directory.read_record();
  const Status status = status_of(directory, record, context.proc);
  if (options.all && signal_cgroup(directory, *signal)) return 0;
  // As in runc, there being nobody left is what `kill --all` was for.
  if (options.all && status == Status::kStopped) return 0;
  if (!record || status == Status::kStopped || status == Status::kCreating) {
    throw sys::Error(kNotRunning, ESRCH);
  }
  if (options.all) {
    (void)signal_all(*record, context.proc, *signal);
    return 0;
  }
  const auto init = open_init(*record, context.proc);
  if (!init || !sys::send_signal(init->get(), *signal)) throw sys::Error(kFinished, ESRCH);
  if (*signal == SIGKILL && status == Status::kPaused) {
    const auto cgroup = cgroup_of(directory);
    if (cgroup && !cgroup->kills_frozen()) cgroup->set_frozen(false);
  }
  return 0;
}

}  // namespace runtime
