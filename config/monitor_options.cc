// SPDX-License-Identifier: Apache-2.0
// --restart, --log-driver, --log-opt, --health-*.
#include <charconv>

#include "config/container_options.h"
#include "config/go_duration.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

[[noreturn]] void fail(std::string_view flag, const std::string& word, std::string_view why) {
  throw sys::Error(sys::format("invalid argument \"{}\" for \"--{}\" flag: {}",
                               sys::terminal_safe(word), flag, why));
}

std::uint32_t count_of(std::string_view flag, const std::string& word, std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) fail(flag, word, "it is no number");
  return number;
}

std::int64_t nanoseconds_of(std::string_view flag, const std::string& word) {
  if (word.empty()) return 0;
  const auto duration = parse_duration(word);
  if (!duration || duration->count() <= 0)
    fail(flag, word, "it is no duration, as 30s and 1m30s are");
  return duration->count();
}

void read_restart(const std::string& word, MonitorRequest& monitor) {
  constexpr std::string_view kOnFailure = "on-failure";
  if (word.empty() || word == "no") return;
  if (word == "always") {
    monitor.restart = RestartKind::kAlways;
  } else if (word == "unless-stopped") {
    monitor.restart = RestartKind::kUnlessStopped;
  } else if (word == kOnFailure || word.starts_with("on-failure:")) {
    monitor.restart = RestartKind::kOnFailure;
    if (word.size() > kOnFailure.size()) {
      monitor.restarts =
          count_of("restart", word, std::string_view(word).substr(kOnFailure.size() + 1));
    }
  } else {
    fail("restart", word, "it can be no, on-failure[:MOST], always or unless-stopped");
  }
}

void read_log(const ContainerFlags& flags, MonitorRequest& monitor) {
  const std::string& driver = flags.log_driver;
  if (!driver.empty() && driver != "none" && driver != "k8s-file") {
    fail("log-driver", driver, "k8s-file and none are there");
  }
  monitor.has_log = driver != "none";
  for (const std::string& word : flags.log_opt) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string key = word.substr(0, equals);
    const std::string value = equals < word.size() ? word.substr(equals + 1) : "";
    if (key == "max-size") {
      const auto bytes = parse_bytes(value);
      if (!bytes) fail("log-opt", word, "it is no size, as 10m is");
      monitor.log_bytes = *bytes;
    } else if (key == "max-file") {
      monitor.log_files = count_of("log-opt", word, value);
      if (monitor.log_files == 0) fail("log-opt", word, "one file at least");
    } else {
      fail("log-opt", word, "max-size and max-file are there");
    }
  }
}

}  // namespace

MonitorRequest read_monitor(const ContainerFlags& flags) {
  MonitorRequest monitor;
  read_restart(flags.restart, monitor);
  read_log(flags, monitor);
  monitor.has_health_check = !flags.no_healthcheck;
  monitor.health_command = flags.health_cmd;
  monitor.health_interval = nanoseconds_of("health-interval", flags.health_interval);
  monitor.health_timeout = nanoseconds_of("health-timeout", flags.health_timeout);
  monitor.health_start_period = nanoseconds_of("health-start-period", flags.health_start_period);
  if (!flags.health_retries.empty()) {
    monitor.health_retries = count_of("health-retries", flags.health_retries, flags.health_retries);
  }
  return monitor;
}

}  // namespace config
