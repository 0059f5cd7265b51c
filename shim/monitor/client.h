// SPDX-License-Identifier: Apache-2.0
// All that the engine knows of monitors, in one header.
#pragma once

#include "config/detach_keys.h"           // IWYU pragma: export
#include "shim/monitor/attach.h"          // IWYU pragma: export
#include "shim/monitor/log_reader.h"      // IWYU pragma: export
#include "shim/monitor/monitor_config.h"  // IWYU pragma: export
#include "shim/monitor/start_monitor.h"   // IWYU pragma: export
#include "shim/monitor/status.h"          // IWYU pragma: export
