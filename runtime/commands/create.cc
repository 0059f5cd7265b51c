// SPDX-License-Identifier: Apache-2.0
// create: everything but the program's exec.
#include "runtime/apply/channel.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/new_container.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {

int perform(const Context& context, const CreateOptions& options) {
  return sys::in_context(sys::format("create \"{}\"", options.id), [&] {
    NewContainer container(context, options, true);
    container.run_creation_hooks();
    container.launch().wait_until_ready();
    container.tell_pid();
    container.record();
    if (!send(container.launch().channel(), MessageKind::kCreated)) {
      throw sys::Error("the container's first process ended while it was set up");
    }
    (void)container.launch().release();
    container.keep();
    return 0;
  });
}

}  // namespace runtime
