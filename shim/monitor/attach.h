// SPDX-License-Identifier: Apache-2.0
// The client's side of a container's standard streams and of its monitor's few services.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace shim {

/// Connects to the monitor whose `attach.sock` is in directory `sockets`. Empty: nobody is there.
std::optional<sys::Fd> connect_monitor(int sockets);

struct AttachOptions {
  int input = 0, output = 1, error_output = 2;  // borrowed; -1: none
  bool has_terminal = false;     // the container has; `input` is put into raw mode if it is one too
  std::string detach_keys = {};  // their bytes, config::parse_detach_keys; empty: none
  bool passes_signals = true;    // our SIGTERM and so on go to the container's init
  /// The container waits for us when we are slow, as a pipe's writer does, for as long as we live;
  /// false: who is slow for ten seconds is dropped.
  bool is_waited_for = false;
};

struct AttachEnd {
  enum class Kind {
    kExited,    // the container; `exit_code`
    kDetached,  // by the keys
    kSignal,    // passes_signals is false; `signal`, which the caller should die of
    kDropped,   // we were too slow
    kLost,      // the monitor has died
  };
  Kind kind = Kind::kLost;
  int exit_code = 0;
  int signal = 0;
};

/// Passes the streams on until one of these happens. Afterwards the terminal is as it was, and the
/// signals that we block during it are unblocked again, the pending ones delivered.
AttachEnd attach(sys::Fd connection, const AttachOptions& options);

/// The container gets `signal`; if it lives after `timeout`, SIGKILL. It is not restarted. Waits
/// until it has ended. False: the monitor died meanwhile, or the connection is none.
/// timeout: empty: for ever. signal: 0: the configuration's.
bool stop(const sys::Fd& connection, int signal, std::optional<std::chrono::seconds> timeout);
/// The container is not restarted when it ends: for `kill`, `rm --force`. False: as above.
bool forbid_restart(const sys::Fd& connection);
/// Waits for the container's end for good. Empty: the monitor died meanwhile.
std::optional<int> wait_for_exit(const sys::Fd& connection);
/// The size of the container's terminal. False: as above.
bool resize(const sys::Fd& connection, std::uint16_t rows, std::uint16_t columns);
/// The log's file is opened anew: somebody has moved it. False: as above.
bool reopen_log(const sys::Fd& connection);

}  // namespace shim
