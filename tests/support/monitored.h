// SPDX-License-Identifier: Apache-2.0
// Containers with a monitor, by the runtime under test and the monitor beside it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shim/monitor/client.h"
#include "tests/support/harness.h"

namespace support {

/// Beside the runtime under test.
std::string program_beside_runtime(const std::string& name);

/// A container's directory, that of its sockets, its bundle and its configuration. Whatever is left
/// of it at the end is ended.
class Monitored {
 public:
  explicit Monitored(const Change& change);
  explicit Monitored(const std::string& shell_line);
  ~Monitored();
  Monitored(const Monitored&) = delete;
  Monitored& operator=(const Monitored&) = delete;

  shim::MonitorConfig config;  // to be changed before the start
  bool at_once = false;        // StartOptions::at_once

  std::string directory() const { return files_.path(); }
  std::string operator/(std::string_view name) const { return files_ / name; }
  int fd() const { return directory_.get(); }
  const Runtime& runtime() const { return runtime_; }

  shim::Starting begin(bool attach = false, bool attach_input = false);
  /// Created and started, nobody attached.
  void start();
  /// A new connection to the monitor. Errors: there is none.
  sys::Fd connect() const;
  /// Of status.json; Errors: there is none.
  shim::RunStatus status() const;
  bool wait_for_state(shim::RunState state, milliseconds limit = milliseconds(8000)) const;
  /// Waits until the monitor has gone, and returns the last status.
  shim::RunStatus wait_until_over() const;

  /// The log as read by `read_log`: "o:text" or "e:text" of each whole line.
  std::vector<std::string> log_lines(shim::LogOptions options = {}) const;
  /// What of one stream is in the log's files, newlines included, byte by byte.
  std::string logged_output() const;

 private:
  TempDirectory files_, sockets_;
  Bundle bundle_;
  Runtime runtime_;
  sys::Fd directory_;
};

/// tests/support/attacher.cc on this connection, with a terminal or pipes: `shim::attach` in a
/// process of its own. letters: "t" the container has a terminal, "i" with input, "w" is waited
/// for, "s" signals are not passed on.
class Attacher {
 public:
  Attacher(sys::Fd connection, const std::string& letters, bool pty = false,
           const std::string& keys = "ctrl-p,ctrl-q");
  Program& program() { return program_; }
  /// "exited 3", "detached", "signal 15", "dropped", "lost"; what came out is in `out`, `err`.
  std::string wait();
  std::string out, err;

 private:
  sys::Pipe result_;
  Program program_;
};

}  // namespace support
