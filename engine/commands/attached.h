// SPDX-License-Identifier: Apache-2.0
// `run`, `start` and `attach` with a monitor: how a container is started and stayed with.
#pragma once

#include <string>

#include "engine/commands/context.h"
#include "engine/container/containers.h"
#include "shim/monitor/client.h"

namespace engine {

struct AttachedOptions {
  bool is_detached = false;
  bool has_input = false;
  std::string detach_keys = {};
  bool passes_signals = true;
};

/// Starts it with a monitor. Attached: stays until its end, or until the detach keys, and gives the
/// exit code; what --rm promises is kept. Errors: ExitError with docker's code when it never ran.
int run_attached(Context& context, const ContainerRecord& record,
                 const config::ContainerConfig& image, const AttachedOptions& options);
/// To a container that runs. Errors: it has no monitor.
int attach_to(Context& context, const ContainerRecord& record, const AttachedOptions& options);

}  // namespace engine
