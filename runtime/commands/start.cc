// SPDX-License-Identifier: Apache-2.0
// start: the waiting init runs its program. Returns when it does, so that a failed exec is told
// here.
#include "runtime/apply/agent.h"
#include "runtime/apply/channel.h"
#include "runtime/apply/hooks.h"
#include "runtime/apply/parent.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/destroy.h"
#include "runtime/commands/notify.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/socket.h"

namespace runtime {
namespace {

void check_created(Status status) {
  if (status == Status::kRunning) {
    throw sys::Error("cannot start an already running container", EBUSY);
  }
  if (status == Status::kPaused) throw sys::Error("cannot start a paused container", EBUSY);
  if (status != Status::kCreated) {
    throw sys::Error("cannot start a container that has stopped", ESRCH);
  }
}

void start_program(int connection, const std::vector<sys::Fd>& agent, const sys::Procfs& proc,
                   pid_t init) {
  if (!send_start(connection, agent)) check_created(Status::kStopped);
  // An init whose creator was killed in its last moments has a socket, and ends all the same.
  if (sys::went_unheard(connection)) check_created(Status::kStopped);
  const std::optional<ChannelMessage> failure = receive(connection);
  if (failure) throw sys::Error(failure->text, failure->code, failure->hint);
  check_executed(proc, init);
}

// Connected to now, and not by `create`: an agent that serves one after the other would wait for
// us.
std::vector<sys::Fd> call_recorded_agent(const ContainerDirectory& directory,
                                         const config::Record& record) {
  if (!record.has_agent) return {};
  const config::RuntimeSpec spec =
      config::parse_runtime_spec(directory.read_config(), "config.json");
  return call_agent(spec.linux_.seccomp.value(), recorded_state(record, Status::kCreated),
                    record.pid);
}

void destroy_failed(const Context& context, ContainerDirectory& directory,
                    const std::optional<config::Record>& record) {
  try {  // why it failed is to be told, not this
    destroy(context, directory, record);
  } catch (const sys::Error& error) {
    context.log.warning(sys::format("{}, ignoring", error.what()));
  }
}

}  // namespace

int perform(const Context& context, const StartOptions& options) {
  ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("start \"{}\"", options.id), [&] {
    directory.lock();
    const std::optional<config::Record> record = directory.read_record();
    check_created(status_of(directory, record, context.proc));
    const std::optional<sys::Fd> init = open_init(*record, context.proc);
    const std::optional<sys::Fd> connection = sys::connect_at(directory.fd(), kStartSocket);
    if (!init || !connection) check_created(Status::kStopped);
    const sys::Fd notify = open_notify(directory);
    const std::optional<HooksPlan> hooks = recorded_hooks(directory, *record);
    const std::vector<sys::Fd> agent = call_recorded_agent(directory, *record);
    try {
      start_program(connection->get(), agent, context.proc, record->pid);
      if (hooks) run_poststart_hooks(*hooks, record->pid, context.log);
    } catch (const sys::Error&) {
      // runtime.md, "Lifecycle": where hooks are to undo what hooks have done, the container is
      // destroyed.
      if (hooks) destroy_failed(context, directory, record);
      throw;
    }
    if (notify) pass_readiness(notify, init->get(), record->pid);
    return 0;
  });
}

}  // namespace runtime
