// SPDX-License-Identifier: Apache-2.0
// The log that callers read: lines of text, or of JSON in runc's form, of which podman and
// containerd show the last. Made by main and passed down.
#pragma once

#include <string>
#include <string_view>

#include "sys/fd.h"

namespace sys {

class Log {
 public:
  /// kPlain: "tilla: warning: ...", for people; kText and kJson are logrus's.
  enum class Format { kText, kJson, kPlain };

  /// Writes to standard error.
  Log() = default;
  /// Appends to `path` (made with mode 0644 when missing).
  static Log to_file(const std::string& path);

  void set_format(Format format) { format_ = format; }
  void set_debug(bool debug) { debug_ = debug; }
  bool is_debug() const { return debug_; }
  /// True when lines go to a file rather than to standard error.
  bool is_json() const { return format_ == Format::kJson; }
  bool is_file() const { return static_cast<bool>(file_); }

  void debug(std::string_view message) const;
  void warning(std::string_view message) const;
  void error(std::string_view message) const;

 private:
  void write_line(std::string_view level, std::string_view message) const;

  Fd file_;
  Format format_ = Format::kText;
  bool debug_ = false;
};

/// `text` as a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);
/// `text` for a terminal: whatever it could obey (escape sequences), or show wrongly, as "\x1b".
std::string terminal_safe(std::string_view text);

}  // namespace sys
