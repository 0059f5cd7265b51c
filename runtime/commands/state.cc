// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "runtime/commands/commands.h"
#include "runtime/commands/status.h"

namespace runtime {

int perform(const Context& context, const StateOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  sys::write_all(STDOUT_FILENO, config::write_state(describe(directory, context.proc)));
  return 0;
}

}  // namespace runtime
