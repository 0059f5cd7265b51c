// SPDX-License-Identifier: Apache-2.0
// plan: prints what `run` would do, without doing any of it.
#include <unistd.h>

#include "runtime/commands/commands.h"
#include "runtime/commands/new_container.h"
#include "sys/fd.h"

namespace runtime {

int perform(const Context& context, const PlanOptions& options) {
  const Bundle bundle = load_bundle(options.bundle);
  const Plan plan =
      make_plan(bundle.spec, gather_facts(context.proc),
                {.id = "plan", .bundle = bundle.path, .cgroup = cgroup_request(context.options)});
  sys::write_all(STDOUT_FILENO, describe(plan));
  return 0;
}

}  // namespace runtime
