// SPDX-License-Identifier: Apache-2.0
// Writes a container's log: records of lines, files of a bounded size. Nothing is kept back, and
// nothing is allocated for a line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "shim/monitor/log_format.h"
#include "shim/monitor/monitor_config.h"
#include "sys/fd.h"

namespace shim {

class LogWriter {
 public:
  using Complain = std::function<void(const std::string&)>;

  /// Appends to a file that is there. complain: gets what goes wrong later, once for each series.
  /// Errors: it can't be opened.
  LogWriter(const LogConfig& config, Complain complain);

  /// Writes all of `data`, which came from one stream at `time`. What can't be written is lost.
  void write(bool is_error, std::string_view data, LogTime time);
  /// Opens the file by its name once more.
  void reopen();

 private:
  void append(char tag, std::string_view text);
  void flush();
  void rotate();
  void write_buffer();
  void open_file();

  const LogConfig config_;
  const Complain complain_;
  sys::Fd directory_, file_;
  std::string name_;
  std::uint64_t file_size_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  std::string prefix_;
  std::uint64_t lost_ = 0;  // bytes
};

}  // namespace shim
