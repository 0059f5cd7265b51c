// SPDX-License-Identifier: Apache-2.0
// Reads a container's log, through rotations, while the monitor writes it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace shim {

struct LogLine {
  std::string_view time = {};  // RFC 3339, UTC, nine digits of nanoseconds: comparable as text
  bool is_error = false;       // from standard error
  std::string_view text = {};  // a whole line, or a part of a long one
  bool is_complete = true;     // a newline followed
};

struct LogOptions {
  std::string path = {};  // LogConfig::path
  /// Times as LogLine has them; empty: no bound. `since` counts in, `until` too.
  std::string since = {}, until = {};
  std::optional<std::uint64_t> tail = {};  // lines at the end; empty: all
  bool follows = false;
  /// The container's directory, of which `follows` learns that the monitor has gone.
  int directory = -1;
  /// An answer of false ends the reading.
  std::function<bool(const LogLine&)> sink = {};
};

/// Calls the sink for each part of a line, in the order in which they were written. With `follows`
/// until the monitor is gone and all is read. Errors: there is no log; it can't be read.
/// A line that is no line of a log is passed over.
void read_log(const LogOptions& options);

}  // namespace shim
