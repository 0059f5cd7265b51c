// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/commands.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {

int perform(const Context&, const UnsupportedOptions& options) {
  throw sys::Error(sys::format("{}: not supported by tilla-runtime", options.verb), ENOTSUP);
}

}  // namespace runtime
