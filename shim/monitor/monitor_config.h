// SPDX-License-Identifier: Apache-2.0
// What a container's monitor is told, as `monitor.json` in the container's directory. The format is
// docs/monitor.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shim {

using std::chrono::nanoseconds;

/// What becomes of the container's standard input.
enum class Input {
  kNone,  // /dev/null; nothing from a terminal's clients is passed on either
  kOnce,  // closed when the first client that is attached to it goes or ends its own (docker's -i)
  kOpen,  // stays open without clients, for the next one (docker's OpenStdin without StdinOnce)
};

struct LogConfig {
  bool is_on = true;
  std::string path = {};        // absolute; its directory exists. ".1" is the one before, and so on
  std::uint64_t max_size = 0;   // bytes of a file; 0: no limit
  std::uint32_t max_files = 1;  // with the current one
  bool operator==(const LogConfig&) const = default;
};

enum class RestartPolicy { kNo, kOnFailure, kAlways, kUnlessStopped };

struct RestartConfig {
  RestartPolicy policy = RestartPolicy::kNo;
  std::uint32_t maximum = 0;  // of kOnFailure; 0: no limit
  bool operator==(const RestartConfig&) const = default;
};

struct HealthConfig {
  std::vector<std::string> command = {};  // what `tilla-runtime exec` runs; empty: no checks
  nanoseconds interval = std::chrono::seconds(30), timeout = std::chrono::seconds(30);
  nanoseconds start_period{0};
  std::uint32_t retries = 3;
  bool operator==(const HealthConfig&) const = default;
};

struct MonitorConfig {
  std::string id;
  std::string bundle;                          // absolute
  std::string runtime;                         // the program tilla-runtime, absolute
  std::vector<std::string> runtime_arguments;  // before the verb: "--root", ...
  std::vector<std::string> create_arguments;   // of `create`: "--no-pivot"
  std::string sockets;                         // a directory of ours, mode 0700: attach.sock
  bool has_terminal = false;                   // as the bundle's process.terminal says
  Input input = Input::kNone;
  LogConfig log;
  RestartConfig restart;
  HealthConfig health;
  std::uint32_t stop_signal = 15;
  /// What is run after the last end, when nobody took the cleaning over; empty: nothing.
  std::vector<std::string> on_exit;
  bool operator==(const MonitorConfig&) const = default;
};

constexpr std::size_t kMaxMonitorConfigBytes = std::size_t{1} << 20;  // INV-12

/// Errors: what is wrong, with its place; a member that is not known; another version.
MonitorConfig parse_monitor_config(const std::string& text, const std::string& name);
std::string write_monitor_config(const MonitorConfig& config);

}  // namespace shim
