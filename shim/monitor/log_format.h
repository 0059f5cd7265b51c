// SPDX-License-Identifier: Apache-2.0
// A record of the log, in the form that Kubernetes has of it. Pure. Source: kubernetes/community,
// contributors/design-proposals/node/kubelet-cri-logging.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shim/monitor/log_reader.h"

namespace shim {

using LogTime = std::chrono::sys_time<std::chrono::nanoseconds>;

constexpr std::size_t kTimeLength = 30;     // "2026-11-28T00:52:33.123456789Z"
constexpr std::size_t kMaxLogText = 16384;  // of a record; what is longer is told in parts
/// What stands before the text of a record: "TIME stdout F ".
constexpr std::size_t kPrefixLength = kTimeLength + 10;
constexpr std::size_t kTagPlace = kPrefixLength - 2;
constexpr std::size_t kMaxLogRecord = kPrefixLength + kMaxLogText + 1;

/// Always nine digits, so that times compare as text.
std::string format_log_time(LogTime time);
/// With the tag "F", which is at kTagPlace.
std::string format_prefix(LogTime time, bool is_error);
/// Of a line without its newline. None: it is no record.
std::optional<LogLine> parse_record(std::string_view line);

}  // namespace shim
