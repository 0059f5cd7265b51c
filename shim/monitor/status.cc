// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/status.h"

#include <fcntl.h>

#include "config/json.h"
#include "config/json_object.h"
#include "shim/monitor/directory.h"
#include "shim/monitor/json_members.h"
#include "sys/file.h"
#include "sys/open.h"

namespace shim {
namespace {

using config::Json;
using config::JsonObject;
using config::Reader;

constexpr std::uint32_t kVersion = 1;  // stored; raised when an older tilla must not read it

constexpr Named<RunState> kStates[] = {
    {"starting", RunState::kStarting}, {"created", RunState::kCreated},
    {"running", RunState::kRunning},   {"restarting", RunState::kRestarting},
    {"exited", RunState::kExited},     {"failed", RunState::kFailed},
    {"lost", RunState::kLost}};

HealthResult read_result(const Reader& place) {
  check_members(place, {"start", "end", "exitCode", "output"});
  HealthResult result;
  place.get_required("start", result.start);
  place.get_required("end", result.end);
  place.get_required("exitCode", result.exit_code);
  place.get_required("output", result.output);
  return result;
}

Health read_health(const Reader& place) {
  check_members(place, {"status", "failingStreak", "log"});
  Health health;
  place.get_required("status", health.status);
  place.get_required("failingStreak", health.failing_streak);
  const Reader log = place.required("log");
  log.each_element([&](const Reader& one) { health.log.push_back(read_result(one)); });
  return health;
}

Json write_result(const HealthResult& result) {
  return JsonObject()
      .add("start", result.start)
      .add("end", result.end)
      .add("exitCode", result.exit_code)
      .add("output", result.output)
      .take();
}

Json write_health(const Health& health) {
  Json::Array log;
  for (const HealthResult& result : health.log) log.push_back(write_result(result));
  return JsonObject()
      .add("status", health.status)
      .add("failingStreak", health.failing_streak)
      .add_json("log", {std::move(log)})
      .take();
}

bool is_over(RunState state) { return state == RunState::kExited || state == RunState::kFailed; }

// Empty: there is none. A file that says nothing, as after a power cut, is a lost container's.
std::optional<RunStatus> read_record(int directory) {
  const auto text = sys::read_file_at_if_exists(directory, kStatusFile, kMaxStatusBytes);
  if (!text) return std::nullopt;
  if (text->empty()) return RunStatus{.state = RunState::kLost};
  return parse_status(*text, kStatusFile);
}

}  // namespace

std::string_view name_of(RunState state) { return name_in(kStates, state); }

RunStatus parse_status(const std::string& text, const std::string& name) {
  const Json json = config::parse_json(text, name);
  const Reader document(json, name);
  check_version(document, kVersion);
  check_members(document, {"version", "state", "monitor", "pid", "started", "finished", "exitCode",
                           "signal", "oomKilled", "restarts", "stoppedByHand", "error", "health"});
  RunStatus status;
  status.state = read_named(document.required("state"), kStates);
  document.get_required("monitor", status.monitor);
  document.get_required("pid", status.pid);
  // A negative one would be a whole process group to kill(2).
  if (status.monitor < 0) document.required("monitor").fail("negative");
  if (status.pid < 0) document.required("pid").fail("negative");
  document.get_required("started", status.started);
  document.get_required("finished", status.finished);
  document.get_required("exitCode", status.exit_code);
  document.get_required("signal", status.signal);
  document.get_required("oomKilled", status.was_oom_killed);
  document.get_required("restarts", status.restarts);
  document.get_required("stoppedByHand", status.was_stopped_by_hand);
  document.get_required("error", status.error);
  document.with("health", [&](const Reader& place) { status.health = read_health(place); });
  return status;
}

std::string write_status(const RunStatus& status) {
  JsonObject object;
  object.add("version", kVersion)
      .add("state", std::string(name_of(status.state)))
      .add("monitor", status.monitor)
      .add("pid", status.pid)
      .add("started", status.started)
      .add("finished", status.finished)
      .add("exitCode", status.exit_code)
      .add("signal", status.signal)
      .add("oomKilled", status.was_oom_killed)
      .add("restarts", status.restarts)
      .add("stoppedByHand", status.was_stopped_by_hand)
      .add("error", status.error);
  if (status.health) object.add_json("health", write_health(*status.health));
  return config::write_json(object.take(), "  ") + '\n';
}

bool is_monitor_alive(int directory) {
  const auto file = sys::open_at_if_exists(directory, kLockFile, O_RDWR);
  return file && sys::is_locked(file->get());
}

std::optional<RunStatus> read_status(int directory) {
  std::optional<RunStatus> status = read_record(directory);
  if (!status || is_over(status->state) || is_monitor_alive(directory)) return status;
  // Its last record may have come between the two looks.
  status = read_record(directory);
  if (status && !is_over(status->state)) status->state = RunState::kLost;
  return status;
}

}  // namespace shim
