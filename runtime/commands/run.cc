// SPDX-License-Identifier: Apache-2.0
// run: create and start in one, without the round trip; in the foreground unless detached.
#include "runtime/apply/agent.h"
#include "runtime/apply/hooks.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/foreground.h"
#include "runtime/commands/new_container.h"
#include "runtime/commands/notify.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/format.h"

namespace runtime {

int perform(const Context& context, const RunOptions& options) {
  const std::string name = sys::format("run \"{}\"", options.id);
  sys::Fd signals;
  if (!options.detach) {
    signals = sys::divert_signals();  // before there is anybody to pass them to
    if (!options.no_subreaper) sys::set_subreaper();
  }
  std::optional<NewContainer> container;
  sys::in_context(name, [&] {
    container.emplace(context, options, false);
    container->run_creation_hooks();
    // While the child mounts, we write.
    container->record();
    container->tell_pid();
    const sys::Fd notify = open_notify(container->directory());
    (void)send_start(container->launch().channel(), container->call_agent());
    container->launch().wait_until_running();
    run_poststart_hooks(container->plan().hooks, container->launch().process().pid, context.log);
    if (notify)
      pass_readiness(notify, container->launch().process().pidfd.get(),
                     container->launch().process().pid);
  });
  sys::Fd console = container->launch().take_console();
  if (options.detach) {
    container->keep();
    (void)container->launch().release();
    return 0;
  }
  const sys::Process init = container->launch().release();
  container->directory().unlock();
  const int code = stay_in_foreground(init, signals, std::move(console));
  if (options.keep) container->keep();
  return code;
}

}  // namespace runtime
