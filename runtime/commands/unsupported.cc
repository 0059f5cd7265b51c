// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {

int perform(const Context&, const UnsupportedOptions& options) {
  const bool is_criu = options.verb == "checkpoint" || options.verb == "restore";
  if (is_criu) {
    throw sys::Error(sys::format("{}: not supported by tilla-runtime", options.verb), ENOTSUP);
  }
  throw sys::Error(sys::format("{}: not supported yet: needs cgroups", options.verb), ENOTSUP);
}

}  // namespace runtime
