// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/cli.h"
#include "engine/commands/verbs.h"

#ifndef TILLA_COMMIT
#define TILLA_COMMIT "unknown"
#endif

namespace engine {

Command version_command() {
  return {
      .summary = "Show the version",
      .usage = "",
      .run =
          [](Context&) {
            print("tilla version " TILLA_VERSION ", commit " TILLA_COMMIT "\n");
            return 0;
          },
  };
}

}  // namespace engine
