// SPDX-License-Identifier: Apache-2.0
// The letters that begin the messages on a monitor's attach.sock, and their bounds:
// docs/monitor.md. Stored: a running monitor may be older than the client.
#pragma once

#include <cstddef>

namespace shim {

// To the monitor.
constexpr char kAttach = 'a';
constexpr char kInput = 'i';
constexpr char kInputEnd = 'c';
constexpr char kWindow = 'w';
constexpr char kSendSignal = 'k';
constexpr char kStop = 's';
constexpr char kNoRestart = 'n';
constexpr char kReopenLog = 'l';
// Flags of kAttach.
constexpr char kWithInput = 'i';
constexpr char kWaitedFor = 'w';

// From the monitor.
constexpr char kHello = 'h';
constexpr char kOutput = 'o';
constexpr char kErrorOutput = 'e';
constexpr char kDone = 'r';
constexpr char kTooSlow = 'd';
constexpr char kExit = 'x';

constexpr std::size_t kMaxInput = 16384;  // of one message
constexpr std::size_t kMaxOutput = 32768;
constexpr std::size_t kMaxClients = 16;

}  // namespace shim
