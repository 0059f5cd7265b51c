// SPDX-License-Identifier: Apache-2.0
#include "sys/log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

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

// Length of the UTF-8 sequence at the front of `text`; 0 when it is none: overlong forms,
// surrogates and numbers beyond U+10FFFF are none. Source: RFC 3629, section 4.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (!is_tail(1)) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);
    return !is_wrong && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_wrong = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    return !is_wrong && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

// The number of a control character at the front, which a terminal may obey: C0, DEL and C1.
std::optional<unsigned> control_character(std::string_view text, std::size_t length) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (length == 1 && (first < 0x20 || first == 0x7F)) return first;
  if (length != 2 || first != 0xC2) return std::nullopt;
  const auto second = static_cast<unsigned char>(text[1]);
  return second < 0xA0 ? std::optional<unsigned>(second) : std::nullopt;
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
    } else if (const auto control = control_character(text, length)) {
      out += format("\\u{:04x}", *control);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
  return out;
}

std::string terminal_safe(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (const auto control = control_character(text, length);
               control && text[0] != '\n' && text[0] != '\t') {
      out += format("\\x{:02x}", *control);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
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
  } else if (format_ == Format::kPlain) {
    const std::string_view what = level == "error" ? "" : level;  // an error needs no other word
    line = format("tilla: {}{}{}\n", what, what.empty() ? "" : ": ", terminal_safe(message));
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
