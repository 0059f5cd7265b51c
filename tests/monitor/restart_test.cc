// SPDX-License-Identifier: Apache-2.0
// Restarts by policy, and health checks.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/monitored.h"

using namespace support;
using Catch::Matchers::Contains;
using shim::RestartPolicy;
using shim::RunState;
using shim::RunStatus;

namespace {

std::size_t runs_of(const Monitored& container) { return container.log_lines().size(); }

}  // namespace

TEST_CASE("restart: on failure, as often as allowed, with growing pauses", "[monitor][restart]") {
  Monitored container("echo run; exit 3");
  container.config.restart = {.policy = RestartPolicy::kOnFailure, .maximum = 2};
  const auto begin = std::chrono::steady_clock::now();
  container.start();
  const RunStatus status = container.wait_until_over();
  CHECK(std::chrono::steady_clock::now() - begin > milliseconds(300));
  CHECK(status.state == RunState::kExited);
  CHECK(status.exit_code == 3);
  CHECK(status.restarts == 2);
  CHECK(runs_of(container) == 3);
}

TEST_CASE("restart: on failure a success is an end", "[monitor][restart]") {
  Monitored container("echo run; test -e /tmp/second && exit 0; touch /tmp/second; exit 1");
  container.config.restart = {.policy = RestartPolicy::kOnFailure};
  container.start();
  const RunStatus status = container.wait_until_over();
  CHECK(status.exit_code == 0);
  CHECK(status.restarts == 1);
}

TEST_CASE("restart: always, until somebody stops it", "[monitor][restart]") {
  Monitored container("echo run; exit 0");
  container.config.restart = {.policy = RestartPolicy::kAlways};
  container.start();
  REQUIRE(eventually([&] { return runs_of(container) >= 3; }));
  CHECK(shim::stop(container.connect(), 0, std::chrono::seconds(5)));
  CHECK(container.status().state == RunState::kExited);
  CHECK(container.status().was_stopped_by_hand);
  CHECK_FALSE(shim::is_monitor_alive(container.fd()));
}

TEST_CASE("restart: what is forbidden beforehand is not done", "[monitor][restart]") {
  Monitored container("echo run; sleep 100");
  container.config.restart = {.policy = RestartPolicy::kUnlessStopped};
  container.start();
  CHECK(shim::forbid_restart(container.connect()));
  REQUIRE(::kill(container.status().pid, SIGKILL) == 0);
  CHECK(container.wait_until_over().exit_code == 137);
  CHECK(runs_of(container) == 1);
}

TEST_CASE("restart: clients stay attached through it", "[monitor][restart]") {
  Monitored container("echo run; test -e /tmp/second && exit 6; touch /tmp/second; exit 1");
  container.config.restart = {.policy = RestartPolicy::kOnFailure, .maximum = 1};
  shim::Starting starting = container.begin(true);
  (void)starting.wait_created();
  starting.start();
  Attacher client(starting.take_attachment(), "w");
  CHECK(client.wait() == "exited 6");
  CHECK(client.out == "run\nrun\n");
}

TEST_CASE("restart: one that can't be created ends as failed", "[monitor][restart]") {
  Monitored container("echo run; rm /bin/sh; exit 1");
  container.config.restart = {.policy = RestartPolicy::kAlways};
  container.start();
  const RunStatus status = container.wait_until_over();
  CHECK(status.state == RunState::kFailed);
  CHECK_THAT(status.error, Contains("executable file not found"));
  CHECK(container.runtime().left().empty());
}

TEST_CASE("health: checks run in the container, and their results are on record",
          "[monitor][health]") {
  Monitored container("touch /tmp/good; sleep 100");
  container.config.health = {.command = {"sh", "-c", "echo looked; test -e /tmp/good"},
                             .interval = milliseconds(100),
                             .retries = 2};
  container.start();
  CHECK(container.status().health->status == "starting");
  REQUIRE(eventually([&] { return container.status().health->status == "healthy"; }));
  CHECK(container.status().health->log.back().output == "looked\n");
  REQUIRE(::unlink((container.config.bundle + "/rootfs/tmp/good").c_str()) == 0);
  REQUIRE(eventually([&] { return container.status().health->status == "unhealthy"; }));
  CHECK(container.status().health->failing_streak >= 2);
  CHECK(container.status().health->log.size() <= 5);
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("health: a check that takes too long is killed, and has failed", "[monitor][health]") {
  Monitored container("sleep 100");
  container.config.health = {.command = {"sleep", "77"},
                             .interval = milliseconds(100),
                             .timeout = milliseconds(300),
                             .retries = 1};
  container.start();
  REQUIRE(eventually([&] { return container.status().health->status == "unhealthy"; }));
  CHECK(container.status().health->log.back().exit_code == -1);
  CHECK_THAT(container.status().health->log.back().output, Contains("took longer"));
  // At most the one that runs now is there.
  const std::string all = container.runtime().must({"exec", "test", "ps"});
  CHECK(all.find("sleep 77") == all.rfind("sleep 77"));
}

TEST_CASE("health: a check that prints without end costs nothing", "[monitor][health]") {
  Monitored container("sleep 100");
  container.config.health = {.command = {"sh", "-c", "yes | head -c 1000000"},
                             .interval = milliseconds(100)};
  container.start();
  REQUIRE(eventually([&] { return container.status().health->status == "healthy"; }));
  CHECK(container.status().health->log.back().output.size() == 4096);
}

TEST_CASE("health: an end during a check is an end", "[monitor][health]") {
  Monitored container("sleep 0.5; exit 5");
  container.config.health = {.command = {"sleep", "100"}, .interval = milliseconds(50)};
  container.start();
  CHECK(container.wait_until_over().exit_code == 5);
}
