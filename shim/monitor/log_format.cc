// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/log_format.h"

#include "sys/format.h"

namespace shim {

std::string format_log_time(LogTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return sys::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string format_prefix(LogTime time, bool is_error) {
  return format_log_time(time) + (is_error ? " stderr F " : " stdout F ");
}

std::optional<LogLine> parse_record(std::string_view line) {
  if (line.size() < kPrefixLength) return std::nullopt;
  const std::string_view stream = line.substr(kTimeLength, 8);
  const char tag = line[kTagPlace];
  if (line[kTimeLength - 1] != 'Z' || line[kPrefixLength - 1] != ' ') return std::nullopt;
  if (stream != " stdout " && stream != " stderr ") return std::nullopt;
  if (tag != 'F' && tag != 'P') return std::nullopt;
  return LogLine{.time = line.substr(0, kTimeLength),
                 .is_error = stream == " stderr ",
                 .text = line.substr(kPrefixLength),
                 .is_complete = tag == 'F'};
}

}  // namespace shim
