// SPDX-License-Identifier: Apache-2.0
#include "engine/image/workshop.h"

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/helper_program.h"

namespace engine {

snapshotter::Worker make_worker(const Workshop& workshop, const snapshotter::Staging& staging) {
  return snapshotter::Worker({
      .program = workshop.program,
      .staging = staging.fd(),
      .progress = [&progress = workshop.progress](std::uint64_t bytes) { progress.at(bytes); },
  });
}

std::string find_layers_program() { return sys::find_helper_program("tilla-layers"); }

std::optional<std::int64_t> source_date_epoch() {
  const char* text = ::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string_view digits = text;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), seconds);
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (error != std::errc() || end != digits.end() || seconds < 0 || seconds > kYear9999) {
    throw sys::Error(sys::format("SOURCE_DATE_EPOCH \"{}\" is no number of seconds", digits));
  }
  return seconds;
}

std::string creation_time() {
  const std::optional<std::int64_t> epoch = source_date_epoch();
  const std::chrono::nanoseconds since =
      epoch ? std::chrono::nanoseconds(std::chrono::seconds(*epoch))
            : std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch());
  const auto days = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const std::chrono::hh_mm_ss time{since - days};
  std::string text =
      sys::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (!epoch) text += sys::format(".{:09}", time.subseconds().count());
  return text + "Z";
}

}  // namespace engine
