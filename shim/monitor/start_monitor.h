// SPDX-License-Identifier: Apache-2.0
// Starting a container by way of a monitor of its own.
#pragma once

#include <string>

#include "shim/monitor/monitor_config.h"
#include "sys/fd.h"

namespace shim {

/// A container that is being started. When this goes before `start` was called, the monitor takes
/// everything back; after it, the monitor goes on alone.
class Starting {
 public:
  Starting(sys::Fd channel, sys::Fd attachment, bool is_start_asked)
      : channel_(std::move(channel)),
        attachment_(std::move(attachment)),
        is_start_asked_(is_start_asked) {}

  /// Waits until the container is created. Returns its init's pid.
  /// Errors: the runtime's own words; the monitor has ended.
  pid_t wait_created();
  /// Has the program executed (it is asked for already with StartOptions::at_once), and waits for
  /// that. Errors: the runtime's own words; nothing is left
  /// of the container then.
  void start();
  /// Before `start`: says that the caller will do what `on_exit` would do, once all is over, also
  /// when `start` fails. A caller that dies is replaced by `on_exit`.
  void take_over_cleaning();
  /// Waits until the container is free for anybody: its last end, and what the monitor does about
  /// it.
  void wait_until_over();

  /// The connection for `attach`, made before anything ran, so that no byte is lost. Only with
  /// StartOptions::attach.
  sys::Fd take_attachment() { return std::move(attachment_); }

 private:
  sys::Fd channel_, attachment_;
  bool is_start_asked_;
};

struct StartOptions {
  std::string program;    // tilla-monitor, absolute
  std::string directory;  // the container's, absolute, of the caller
  /// Nothing is to be done between `wait_created` and `start`: the runtime does both in one call.
  bool at_once = false;
  bool takes_over_cleaning = false;  // with at_once `take_over_cleaning` would come too late
  bool attach = false;               // as the first client
  bool attach_input = false;         // which also has the container's standard input
  int lease = -1;  // borrowed: what the monitor is to keep open as long as it lives
};

/// Writes `config` into the directory and starts the monitor in a session of its own, in the
/// caller's user and mount namespaces. The caller has one thread.
/// Errors: EBUSY when another monitor has the container; no process can be made.
Starting start_monitor(const StartOptions& options, const MonitorConfig& config);

/// The exit code that docker gives for what `wait_created` or `start` threw: 127 not found, 126 not
/// executable, 125 anything else.
int exit_code_of_failure(std::string_view message);

/// Beside the program that runs, in ../libexec/tilla, or where it was installed to.
/// Errors: ENOENT.
std::string find_monitor_program();
/// The same of tilla-init.
std::string find_init_program();

}  // namespace shim
