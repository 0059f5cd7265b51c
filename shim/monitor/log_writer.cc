// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/log_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace shim {
namespace {

constexpr std::size_t kBuffer = std::size_t{128} << 10;
static_assert(kBuffer > kMaxLogRecord);
constexpr mode_t kFileMode = 0600;

}  // namespace

LogWriter::LogWriter(const LogConfig& config, Complain complain)
    : config_(config), complain_(std::move(complain)) {
  if (!config_.is_on) return;
  const std::size_t slash = config_.path.rfind('/');
  name_ = config_.path.substr(slash + 1);
  directory_ = sys::open_path(config_.path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
  buffer_ = std::make_unique_for_overwrite<char[]>(kBuffer);
  open_file();
}

void LogWriter::open_file() {
  file_ = sys::open_at(directory_.get(), name_, O_WRONLY | O_APPEND | O_CREAT, kFileMode);
  file_size_ = static_cast<std::uint64_t>(sys::status_of(file_.get()).st_size);
}

void LogWriter::reopen() {
  if (config_.is_on) open_file();
}

void LogWriter::write(bool is_error, std::string_view data, LogTime time) {
  if (!config_.is_on) return;
  prefix_ = format_prefix(time, is_error);
  while (!data.empty()) {
    const std::string_view head = data.substr(0, kMaxLogText + 1);
    const std::size_t newline = head.find('\n');
    if (newline != std::string_view::npos) {
      append('F', head.substr(0, newline));
      data.remove_prefix(newline + 1);
    } else {
      const std::string_view text = head.substr(0, kMaxLogText);
      append('P', text);
      data.remove_prefix(text.size());
    }
  }
  flush();
}

void LogWriter::append(char tag, std::string_view text) {
  const std::size_t size = kPrefixLength + text.size() + 1;
  if (config_.max_size != 0 && file_size_ + used_ + size > config_.max_size) {
    flush();
    if (file_size_ != 0) rotate();
  }
  if (used_ + size > kBuffer) flush();
  char* place = buffer_.get() + used_;
  std::memcpy(place, prefix_.data(), kPrefixLength);
  place[kTagPlace] = tag;
  std::memcpy(place + kPrefixLength, text.data(), text.size());
  place[size - 1] = '\n';
  used_ += size;
}

void LogWriter::flush() {
  if (used_ == 0) return;
  try {  // a disk that is full must not end the container
    write_buffer();
    if (lost_ != 0) complain_(sys::format("the log lacks {} bytes", lost_));
    lost_ = 0;
  } catch (const sys::Error& error) {
    if (lost_ == 0) complain_(sys::format("log: {}, going on without", error.what()));
    lost_ += used_;
  }
  used_ = 0;
}

void LogWriter::write_buffer() {
  if (lost_ != 0) sys::write_all(file_.get(), "\n");  // a part of a record may be the last there
  sys::write_all(file_.get(), {buffer_.get(), used_});
  file_size_ += used_;
}

void LogWriter::rotate() {
  try {  // as above; a file that is too large is better than none
    for (std::uint32_t i = config_.max_files; i-- > 1;) {
      const std::string from = i == 1 ? name_ : sys::format("{}.{}", name_, i - 1);
      if (!sys::open_at_if_exists(directory_.get(), from, O_PATH)) continue;
      sys::rename_at(directory_.get(), from, sys::format("{}.{}", name_, i));
    }
    if (config_.max_files == 1) (void)sys::unlink_at_if_exists(directory_.get(), name_);
    open_file();
  } catch (const sys::Error& error) {
    complain_(sys::format("log: {}, going on with a large file", error.what()));
    file_size_ = 0;  // to try it again a whole file later
  }
}

}  // namespace shim
