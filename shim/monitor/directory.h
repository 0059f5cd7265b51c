// SPDX-License-Identifier: Apache-2.0
// Names of the monitor's files, in the container's directory and in that of its sockets. Stored: a
// running monitor of another version has them too.
#pragma once

namespace shim {

constexpr const char* kConfigFile = "monitor.json";
constexpr const char* kLockFile = "monitor.lock";
constexpr const char* kStatusFile = "status.json";
constexpr const char* kComplaintsFile = "monitor.log";

constexpr const char* kAttachSocket = "attach.sock";
constexpr const char* kConsoleSocket = "console.sock";

}  // namespace shim
