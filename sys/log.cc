// SPDX-License-Identifier: Apache-2.0
#include "sys/log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "sys/format.h"
#include "sys/open.h"

namespace sys {
namespace {

std::string utc_now() {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts = {};
  ::gmtime_r(&now.tv_sec, &parts);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// Length of the UTF-8 sequence at the front of `text`; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t length = 1;
  if (byte(0) >= 0xF0 && byte(0) < 0xF5)
    length = 4;
  else if (byte(0) >= 0xE0 && byte(0) < 0xF0)
    length = 3;
  else if (byte(0) >= 0xC2 && byte(0) < 0xE0)
    length = 2;
  else if (byte(0) >= 0x80)
    return 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char letter = text[0];
    std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\\ufffd";
      length = 1;
    } else if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (letter == '\n') {
      out += "\\n";
    } else if (letter == '\t') {
      out += "\\t";
    } else if (letter == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      out += format("\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
  return out;
}

Log Log::to_file(const std::string& path) {
  Log log;
  log.file_ = open_path(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644);
  return log;
}

void Log::write_line(std::string_view level, std::string_view message) const {
  std::string line;
  if (format_ == Format::kJson) {
    line = format("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n", level, json_quoted(message),
                  utc_now());
  } else {
    line = format("time=\"{}\" level={} msg={}\n", utc_now(), level, json_quoted(message));
  }
  const int fd = file_ ? file_.get() : STDERR_FILENO;
  (void)!::write(fd, line.data(), line.size());  // a log that can't be written is no reason to fail
}

void Log::debug(std::string_view message) const {
  if (debug_) write_line("debug", message);
}
void Log::warning(std::string_view message) const { write_line("warning", message); }
void Log::error(std::string_view message) const { write_line("error", message); }

}  // namespace sys
