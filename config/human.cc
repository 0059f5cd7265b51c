// SPDX-License-Identifier: Apache-2.0
#include "config/human.h"

#include <charconv>

#include "sys/format.h"

namespace config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t take_fraction(std::string_view& text) {
  std::int64_t nanoseconds = 0;
  std::int64_t unit = 100'000'000;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    nanoseconds += unit * (text.front() - '0');
    unit /= 10;
  }
  return nanoseconds;
}

// "Z" or "+01:00", which is taken off.
std::optional<minutes> take_zone(std::string_view& text) {
  if (take(text, "Zz")) return minutes(0);
  const bool is_west = text.starts_with('-');
  int zone_hours = 0, zone_minutes = 0;
  if (!take(text, "+-") || !take_number(text, 2, zone_hours) || !take(text, ":") ||
      !take_number(text, 2, zone_minutes) || zone_hours > 23 || zone_minutes > 59) {
    return std::nullopt;
  }
  const minutes zone = hours(zone_hours) + minutes(zone_minutes);
  return is_west ? -zone : zone;
}

}  // namespace

std::string human_size(std::uint64_t bytes, int precision) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < std::size(kUnits); ++unit) size /= 1000;
  std::string number = sys::format("{:.{}g}", size, precision);
  // Go writes 1e+03 as well, for 999999 bytes.
  return number.append(kUnits[unit]);
}

std::string human_duration(std::chrono::nanoseconds span) {
  const auto count_seconds = std::chrono::duration_cast<seconds>(span).count();
  if (count_seconds < 1) return "Less than a second";
  if (count_seconds == 1) return "1 second";
  if (count_seconds < 60) return sys::format("{} seconds", count_seconds);
  const auto count_minutes = std::chrono::duration_cast<minutes>(span).count();
  if (count_minutes == 1) return "About a minute";
  if (count_minutes < 60) return sys::format("{} minutes", count_minutes);
  // Rounded, here alone.
  const auto count_hours = std::chrono::duration_cast<hours>(span + minutes(30)).count();
  if (count_hours == 1) return "About an hour";
  if (count_hours < 48) return sys::format("{} hours", count_hours);
  if (count_hours < 24 * 7 * 2) return sys::format("{} days", count_hours / 24);
  if (count_hours < 24 * 30 * 2) return sys::format("{} weeks", count_hours / 24 / 7);
  if (count_hours < 24 * 365 * 2) return sys::format("{} months", count_hours / 24 / 30);
  return sys::format("{} years", std::chrono::duration_cast<hours>(span).count() / 24 / 365);
}

std::string human_age(std::string_view created, Time now) {
  const std::optional<Time> time = parse_time(created);
  // What has no date is of the year 1 in Go, or of 1970 when it was built reproducibly.
  if (!time) return "N/A";
  return human_duration(now - *time) + " ago";
}

std::optional<Time> parse_time(std::string_view text) {
  constexpr int kFirstYear = 1678;
  constexpr int kLastYear = 2261;  // beyond it, nanoseconds don't fit
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool is_read =
      take_number(text, 4, year) && take(text, "-") && take_number(text, 2, month) &&
      take(text, "-") && take_number(text, 2, day) && take(text, "Tt ") &&
      take_number(text, 2, hour) && take(text, ":") && take_number(text, 2, minute) &&
      take(text, ":") && take_number(text, 2, second);
  if (!is_read || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (take(text, ".,")) nanoseconds = take_fraction(text);
  const std::optional<minutes> zone = take_zone(text);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool is_in_range = year >= kFirstYear && year <= kLastYear;
  if (!zone || !text.empty() || !date.ok() || !is_in_range) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
         std::chrono::nanoseconds(nanoseconds) - *zone;
}

std::string created_at(std::string_view created) {
  const std::optional<Time> time = parse_time(created);
  if (!time) return std::string(created);
  const auto day = std::chrono::floor<std::chrono::days>(*time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(*time - day));
  return sys::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} +0000 UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace config
