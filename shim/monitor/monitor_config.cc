// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/monitor_config.h"

#include <algorithm>
#include <iterator>

#include "config/json.h"
#include "config/json_object.h"
#include "shim/monitor/json_members.h"
#include "sys/format.h"

namespace shim {
namespace {

using config::Json;
using config::JsonObject;
using config::Reader;

constexpr std::uint32_t kVersion = 1;  // stored; raised when an older tilla must not read it

constexpr Named<Input> kInputs[] = {
    {"none", Input::kNone}, {"once", Input::kOnce}, {"open", Input::kOpen}};
constexpr Named<RestartPolicy> kPolicies[] = {{"no", RestartPolicy::kNo},
                                              {"on-failure", RestartPolicy::kOnFailure},
                                              {"always", RestartPolicy::kAlways},
                                              {"unless-stopped", RestartPolicy::kUnlessStopped}};
constexpr std::uint32_t kMaxSignal = 64;

void read_duration(const Reader& document, std::string_view key, nanoseconds& target) {
  std::int64_t count = 0;
  document.get_required(key, count);
  if (count < 0) document.required(key).fail("negative");
  target = nanoseconds(count);
}

void read_absolute(const Reader& document, std::string_view key, std::string& target) {
  document.get_required(key, target);
  if (!target.starts_with('/')) document.required(key).fail("not an absolute path");
}

LogConfig read_log(const Reader& place) {
  check_members(place, {"on", "path", "maxSize", "maxFiles"});
  LogConfig log;
  place.get_required("on", log.is_on);
  place.get_required("path", log.path);
  place.get_required("maxSize", log.max_size);
  place.get_required("maxFiles", log.max_files);
  if (log.is_on && !log.path.starts_with('/')) place.required("path").fail("not an absolute path");
  if (log.max_files == 0) place.required("maxFiles").fail("not a number of files");
  return log;
}

RestartConfig read_restart(const Reader& place) {
  check_members(place, {"policy", "maximum"});
  RestartConfig restart;
  restart.policy = read_named(place.required("policy"), kPolicies);
  place.get_required("maximum", restart.maximum);
  return restart;
}

HealthConfig read_health(const Reader& place) {
  check_members(place, {"command", "interval", "timeout", "startPeriod", "retries"});
  HealthConfig health;
  place.get_required("command", health.command);
  read_duration(place, "interval", health.interval);
  read_duration(place, "timeout", health.timeout);
  read_duration(place, "startPeriod", health.start_period);
  place.get_required("retries", health.retries);
  if (health.interval.count() == 0) place.required("interval").fail("not a duration");
  if (health.timeout.count() == 0) place.required("timeout").fail("not a duration");
  return health;
}

Json write_log(const LogConfig& log) {
  return JsonObject()
      .add("on", log.is_on)
      .add("path", log.path)
      .add("maxSize", log.max_size)
      .add("maxFiles", log.max_files)
      .take();
}

Json write_restart(const RestartConfig& restart) {
  return JsonObject()
      .add("policy", std::string(name_in(kPolicies, restart.policy)))
      .add("maximum", restart.maximum)
      .take();
}

Json write_health(const HealthConfig& health) {
  return JsonObject()
      .add("command", health.command)
      .add("interval", health.interval.count())
      .add("timeout", health.timeout.count())
      .add("startPeriod", health.start_period.count())
      .add("retries", health.retries)
      .take();
}

}  // namespace

MonitorConfig parse_monitor_config(const std::string& text, const std::string& name) {
  const Json json = config::parse_json(text, name);
  const Reader document(json, name);
  check_version(document, kVersion);
  check_members(document, {"version", "id", "bundle", "runtime", "runtimeArguments",
                           "createArguments", "sockets", "terminal", "input", "log", "restart",
                           "health", "stopSignal", "onExit"});
  MonitorConfig config;
  document.get_required("id", config.id);
  read_absolute(document, "bundle", config.bundle);
  read_absolute(document, "runtime", config.runtime);
  document.get_required("runtimeArguments", config.runtime_arguments);
  document.get_required("createArguments", config.create_arguments);
  read_absolute(document, "sockets", config.sockets);
  document.get_required("terminal", config.has_terminal);
  config.input = read_named(document.required("input"), kInputs);
  config.log = read_log(document.required("log"));
  config.restart = read_restart(document.required("restart"));
  config.health = read_health(document.required("health"));
  document.get_required("stopSignal", config.stop_signal);
  if (config.stop_signal == 0 || config.stop_signal > kMaxSignal) {
    document.required("stopSignal").fail("not a signal");
  }
  document.get_required("onExit", config.on_exit);
  return config;
}

std::string write_monitor_config(const MonitorConfig& config) {
  const Json json = JsonObject()
                        .add("version", kVersion)
                        .add("id", config.id)
                        .add("bundle", config.bundle)
                        .add("runtime", config.runtime)
                        .add("runtimeArguments", config.runtime_arguments)
                        .add("createArguments", config.create_arguments)
                        .add("sockets", config.sockets)
                        .add("terminal", config.has_terminal)
                        .add("input", std::string(name_in(kInputs, config.input)))
                        .add_json("log", write_log(config.log))
                        .add_json("restart", write_restart(config.restart))
                        .add_json("health", write_health(config.health))
                        .add("stopSignal", config.stop_signal)
                        .add("onExit", config.on_exit)
                        .take();
  return config::write_json(json, "  ") + '\n';
}

}  // namespace shim
