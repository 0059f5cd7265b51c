// SPDX-License-Identifier: Apache-2.0
// monitor.json and status.json, and what is derived from them.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "shim/monitor/health_checks.h"
#include "shim/monitor/monitor_config.h"
#include "shim/monitor/restart.h"
#include "shim/monitor/start_monitor.h"
#include "shim/monitor/status.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "tests/support/harness.h"

using namespace shim;
using Catch::Matchers::Contains;

namespace {

MonitorConfig full_config() {
  MonitorConfig config;
  config.id = "web";
  config.bundle = "/b";
  config.runtime = "/r";
  config.runtime_arguments = {"--root", "/x"};
  config.create_arguments = {"--no-pivot"};
  config.sockets = "/s";
  config.has_terminal = true;
  config.input = Input::kOnce;
  config.log = {.path = "/l", .max_size = 10, .max_files = 3};
  config.restart = {.policy = RestartPolicy::kOnFailure, .maximum = 4};
  config.health.command = {"true"};
  config.health.start_period = std::chrono::seconds(5);
  config.stop_signal = 3;
  config.on_exit = {"/bin/tilla", "rm"};
  return config;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

struct Directory {
  support::TempDirectory files;
  sys::Fd fd = sys::open_path(files.path(), O_RDONLY | O_DIRECTORY);
};

}  // namespace

TEST_CASE("monitor.json: what is written is read", "[shim][config]") {
  CHECK(parse_monitor_config(write_monitor_config(full_config()), "m") == full_config());
}

TEST_CASE("monitor.json: what nobody wrote is refused", "[shim][config]") {
  const std::string good = write_monitor_config(full_config());
  const auto parse = [](const std::string& text) { return parse_monitor_config(text, "m"); };
  CHECK_THROWS_WITH(parse(replaced(good, "\"id\"", "\"ID\"")), Contains("unknown member"));
  CHECK_THROWS_WITH(parse(replaced(good, "\"version\": 1", "\"version\": 2")),
                    Contains("version 2"));
  CHECK_THROWS_WITH(parse(replaced(good, "\"on-failure\"", "\"often\"")), Contains("often"));
  CHECK_THROWS_WITH(parse(replaced(good, "\"/b\"", "\"b\"")), Contains("/bundle"));
  CHECK_THROWS_WITH(parse(replaced(good, "\"stopSignal\": 3", "\"stopSignal\": 65")),
                    Contains("not a signal"));
  CHECK_THROWS_WITH(parse(replaced(good, "\"maxFiles\": 3", "\"maxFiles\": 0")),
                    Contains("maxFiles"));
}

TEST_CASE("status.json: what is written is read", "[shim][status]") {
  RunStatus status;
  status.state = RunState::kExited;
  status.monitor = 7;
  status.started = "a";
  status.finished = "b";
  status.exit_code = 137;
  status.signal = 9;
  status.was_oom_killed = true;
  status.restarts = 2;
  status.was_stopped_by_hand = true;
  status.error = "e";
  status.health = Health{.status = "healthy", .failing_streak = 1, .log = {{"s", "e", -1, "o"}}};
  CHECK(parse_status(write_status(status), "s") == status);
}

TEST_CASE("status.json: a process group is no process", "[shim][status]") {
  const std::string good = write_status({});
  CHECK_THROWS_WITH(parse_status(replaced(good, "\"pid\": 0", "\"pid\": -1"), "s"),
                    Contains("negative"));
}

TEST_CASE("status: without a monitor, what was not over is lost", "[shim][status]") {
  const Directory directory;
  CHECK_FALSE(read_status(directory.fd.get()).has_value());
  RunStatus status;
  status.state = RunState::kRunning;
  sys::replace_file_at(directory.fd.get(), "status.json", write_status(status), 0600);
  CHECK(read_status(directory.fd.get())->state == RunState::kLost);
  const sys::Fd lock = sys::open_at(directory.fd.get(), "monitor.lock", O_RDWR | O_CREAT, 0600);
  CHECK(read_status(directory.fd.get())->state == RunState::kLost);
  REQUIRE(sys::try_lock(lock.get()));
  CHECK(is_monitor_alive(directory.fd.get()));
  CHECK(read_status(directory.fd.get())->state == RunState::kRunning);
}

TEST_CASE("status: an end stays what it was without a monitor", "[shim][status]") {
  const Directory directory;
  RunStatus status;
  status.state = RunState::kExited;
  status.exit_code = 3;
  sys::replace_file_at(directory.fd.get(), "status.json", write_status(status), 0600);
  CHECK(read_status(directory.fd.get()) == status);
}

TEST_CASE("status: an empty file, as after a power cut, is a lost container's", "[shim][status]") {
  const Directory directory;
  sys::replace_file_at(directory.fd.get(), "status.json", "", 0600);
  CHECK(read_status(directory.fd.get())->state == RunState::kLost);
}

TEST_CASE("restart: docker's policies", "[shim][restart]") {
  const RestartConfig no, always{.policy = RestartPolicy::kAlways},
      failure{.policy = RestartPolicy::kOnFailure, .maximum = 2};
  CHECK_FALSE(is_to_be_restarted(no, 1, 0));
  CHECK(is_to_be_restarted(always, 0, 1000));
  CHECK(is_to_be_restarted(failure, 1, 1));
  CHECK_FALSE(is_to_be_restarted(failure, 1, 2));
  CHECK_FALSE(is_to_be_restarted(failure, 0, 0));
  CHECK(is_to_be_restarted({.policy = RestartPolicy::kOnFailure}, 1, 1000));
}

TEST_CASE("restart: delays double up to a minute, and begin again after a good run",
          "[shim][restart]") {
  using namespace std::chrono_literals;
  Backoff backoff;
  CHECK(backoff.next(1s) == 100ms);
  CHECK(backoff.next(1s) == 200ms);
  CHECK(backoff.next(9s) == 400ms);
  CHECK(backoff.next(10s) == 100ms);
  for (int i = 0; i < 20; ++i) (void)backoff.next(0s);
  CHECK(backoff.next(0s) == 1min);
}

TEST_CASE("health: as many failures in a row as allowed are unhealthy", "[shim][health]") {
  const HealthConfig config{.command = {"x"}, .retries = 2};
  Health health{.status = "starting", .log = {}};
  add_result(health, {.exit_code = 1}, config, false);
  CHECK(health.status == "starting");
  add_result(health, {.exit_code = 1}, config, false);
  CHECK(health.status == "unhealthy");
  add_result(health, {.exit_code = 0}, config, false);
  CHECK(health.status == "healthy");
  CHECK(health.failing_streak == 0);
}

TEST_CASE("health: failures of the start do not count, until a success", "[shim][health]") {
  const HealthConfig config{.command = {"x"}, .retries = 1};
  Health health{.status = "starting", .log = {}};
  add_result(health, {.exit_code = 1}, config, true);
  CHECK(health.status == "starting");
  add_result(health, {.exit_code = 0}, config, true);
  add_result(health, {.exit_code = 1}, config, true);
  CHECK(health.status == "unhealthy");
}

TEST_CASE("health: the last five results are kept", "[shim][health]") {
  Health health{.status = "starting", .log = {}};
  for (int i = 0; i < 8; ++i) add_result(health, {.exit_code = i}, {}, false);
  REQUIRE(health.log.size() == 5);
  CHECK(health.log.back().exit_code == 7);
}

TEST_CASE("failures: docker's exit codes, by the runtime's words", "[shim][start]") {
  CHECK(exit_code_of_failure("create \"a\": exec: \"x\": executable file not found in $PATH") ==
        127);
  CHECK(exit_code_of_failure("exec: \"/x\": stat /x: no such file or directory") == 127);
  CHECK(exit_code_of_failure("exec: \"/etc\": is a directory: permission denied") == 126);
  CHECK(exit_code_of_failure("start \"a\": exec: Exec format error") == 126);
  CHECK(exit_code_of_failure("start \"a\": exec: No such file or directory") == 127);
  CHECK(exit_code_of_failure("mount 3 \"/x\": no such file or directory") == 125);
}
