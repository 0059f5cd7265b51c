// SPDX-License-Identifier: Apache-2.0
// A container's life with a monitor: beginnings, ends, and what is on record of them.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "tests/support/monitored.h"

using namespace support;
using Catch::Matchers::Contains;
using shim::RunState;
using shim::RunStatus;

TEST_CASE("monitor: a run leaves its exit code, its times, and nothing else", "[monitor]") {
  Monitored container("exit 7");
  container.start();
  const RunStatus status = container.wait_until_over();
  CHECK(status.state == RunState::kExited);
  CHECK(status.exit_code == 7);
  CHECK(status.signal == 0);
  CHECK(status.pid == 0);
  CHECK(status.monitor == 0);
  CHECK(status.started < status.finished);
  CHECK(container.runtime().left().empty());
  CHECK(names_in(container.config.sockets).empty());
  CHECK(read_text(container / "monitor.log").empty());
}

TEST_CASE("monitor: an end by a signal is told as one", "[monitor]") {
  Monitored container("kill -KILL $$; sleep 100");
  // Process 1 can't kill itself: somebody outside does.
  container.start();
  const RunStatus running = container.status();
  REQUIRE(running.state == RunState::kRunning);
  REQUIRE(::kill(running.pid, SIGKILL) == 0);
  const RunStatus status = container.wait_until_over();
  CHECK(status.exit_code == 128 + SIGKILL);
  CHECK(status.signal == SIGKILL);
  CHECK_FALSE(status.was_oom_killed);
}

TEST_CASE("monitor: created, and nothing runs before the start", "[monitor]") {
  Monitored container("echo ran; sleep 100");
  shim::Starting starting = container.begin();
  const pid_t pid = starting.wait_created();
  CHECK(container.status().state == RunState::kCreated);
  CHECK(container.status().pid == pid);
  CHECK(container.runtime().status("test") == "created");
  starting.start();
  CHECK(container.status().state == RunState::kRunning);
  CHECK(eventually([&] { return container.log_lines() == std::vector<std::string>{"o:ran"}; }));
}

TEST_CASE("monitor: a create that fails tells the runtime's words", "[monitor]") {
  Monitored container([](config::RuntimeSpec& spec) { spec.process->args = {"nothere"}; });
  shim::Starting starting = container.begin();
  try {
    (void)starting.wait_created();
    FAIL("it was created");
  } catch (const sys::Error& error) {
    CHECK_THAT(error.what(), Contains("exec: \"nothere\": executable file not found in $PATH"));
    CHECK(shim::exit_code_of_failure(error.what()) == 127);
  }
  starting.wait_until_over();
  const RunStatus status = container.wait_until_over();
  CHECK(status.state == RunState::kFailed);
  CHECK(status.exit_code == 127);
  CHECK_THAT(status.error, Contains("nothere"));
  CHECK(container.runtime().left().empty());
}

TEST_CASE("monitor: a start that fails takes everything back", "[monitor]") {
  Monitored container([](config::RuntimeSpec& spec) { spec.process->args = {"/bad"}; });
  write_text(container.config.bundle + "/rootfs/bad", "no program", 0755);
  shim::Starting starting = container.begin();
  (void)starting.wait_created();
  CHECK_THROWS_WITH(starting.start(), Contains("xec format error"));
  starting.wait_until_over();
  CHECK(container.wait_until_over().state == RunState::kFailed);
  CHECK(container.wait_until_over().exit_code == 126);
  CHECK(container.runtime().left().empty());
}

TEST_CASE("monitor: a caller that dies before the start leaves nothing", "[monitor]") {
  Monitored container("sleep 100");
  {
    shim::Starting starting = container.begin();
    (void)starting.wait_created();
  }
  const RunStatus status = container.wait_until_over();
  CHECK(status.state == RunState::kFailed);
  CHECK_THAT(status.error, Contains("before its start"));
  CHECK(container.runtime().left().empty());
}

TEST_CASE("monitor: a caller that dies after it leaves the container running", "[monitor]") {
  Monitored container("sleep 100");
  container.start();  // whose Starting has gone
  ::usleep(100'000);
  CHECK(container.status().state == RunState::kRunning);
  CHECK(container.runtime().status("test") == "running");
}

TEST_CASE("monitor: it is in a session of its own, and signals are nothing to it", "[monitor]") {
  Monitored container("sleep 100");
  container.start();
  const pid_t monitor = container.status().monitor;
  CHECK(::getsid(monitor) != ::getsid(0));
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGTSTP}) {
    REQUIRE(::kill(monitor, number) == 0);
  }
  ::usleep(100'000);
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("monitor: a second one for the same container is refused", "[monitor]") {
  Monitored container("sleep 100");
  container.start();
  CHECK_THROWS_WITH(container.begin(), Contains("the container has a monitor"));
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("monitor: killed, the container is seen as lost, and can be started again", "[monitor]") {
  Monitored container("trap 'exit 3' TERM; while :; do sleep 0.05; done");
  container.start();
  const RunStatus before = container.status();
  REQUIRE(::kill(before.monitor, SIGKILL) == 0);
  CHECK(container.wait_for_state(RunState::kLost));
  CHECK(container.status().pid == before.pid);
  CHECK_FALSE(shim::is_monitor_alive(container.fd()));
  container.runtime().must({"delete", "--force", "test"});
  container.start();
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("monitor: stop sends the configured signal, and waits", "[monitor][stop]") {
  Monitored container("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done");
  container.config.stop_signal = SIGUSR1;
  container.config.restart.policy = shim::RestartPolicy::kAlways;
  container.start();
  REQUIRE(eventually([&] { return !container.log_lines().empty(); }));
  CHECK(shim::stop(container.connect(), 0, std::chrono::seconds(10)));
  CHECK_FALSE(shim::is_monitor_alive(container.fd()));
  CHECK(container.status().exit_code == 5);
  CHECK(container.status().was_stopped_by_hand);
}

TEST_CASE("monitor: who does not stop in time is killed", "[monitor][stop]") {
  Monitored container("trap '' TERM; sleep 100");
  container.start();
  CHECK(shim::stop(container.connect(), SIGTERM, std::chrono::seconds(0)));
  CHECK(container.status().exit_code == 128 + SIGKILL);
}

TEST_CASE("monitor: whoever waits gets the exit code", "[monitor]") {
  Monitored container("read line; exit 6");
  container.config.input = shim::Input::kOpen;
  container.start();
  const sys::Fd waiter = container.connect();
  CHECK(shim::stop(container.connect(), SIGKILL, std::nullopt));
  CHECK(shim::wait_for_exit(waiter) == 128 + SIGKILL);
}

TEST_CASE("monitor: on exit a program is run, when the container is free", "[monitor][on-exit]") {
  Monitored container("exit 2");
  container.config.on_exit = {"/bin/sh", "-c",
                              "cp " + (container / "status.json") + " " + (container / "seen")};
  container.start();
  (void)container.wait_until_over();
  CHECK(eventually(
      [&] { return read_text(container / "seen").find("\"exitCode\": 2") != std::string::npos; }));
}

TEST_CASE("monitor: a client that takes the cleaning over is left to do it", "[monitor][on-exit]") {
  Monitored container("true");
  container.config.on_exit = {"/bin/touch", container / "cleaned"};
  {
    shim::Starting starting = container.begin();
    (void)starting.wait_created();
    starting.take_over_cleaning();
    starting.start();
    starting.wait_until_over();
  }
  ::usleep(200'000);
  CHECK_FALSE(exists(container / "cleaned"));
}

TEST_CASE("monitor: a client that dies with it is replaced", "[monitor][on-exit]") {
  Monitored container("sleep 0.3");
  container.config.on_exit = {"/bin/touch", container / "cleaned"};
  {
    shim::Starting starting = container.begin();
    (void)starting.wait_created();
    starting.take_over_cleaning();
    starting.start();
  }
  CHECK(eventually([&] { return exists(container / "cleaned"); }));
}

TEST_CASE("monitor: orphans that come to it are collected", "[monitor]") {
  // Without a pid namespace what the program leaves behind comes to the subreaper.
  Monitored container([](config::RuntimeSpec& spec) {
    drop_namespace(spec, config::NamespaceType::kPid);
    drop_mount(spec, "/proc");
    set_shell(spec, "(sleep 0.1 &); (sleep 0.2 &); exec sleep 100");
  });
  container.start();
  const std::string children =
      sys::format("/proc/{0}/task/{0}/children", container.status().monitor);
  CHECK(eventually(
      [&] { return read_text(children) == sys::format("{} ", container.status().pid); }));
  ::kill(container.status().pid, SIGKILL);
  CHECK(container.wait_until_over().exit_code == 137);
}

TEST_CASE("monitor: a process that outlives the container holds its end up for no long",
          "[monitor]") {
  Monitored container([](config::RuntimeSpec& spec) {
    drop_namespace(spec, config::NamespaceType::kPid);
    drop_mount(spec, "/proc");
    set_shell(spec, "setsid sleep 30 & echo said; exit 4");
  });
  container.start();
  CHECK(container.wait_until_over().exit_code == 4);
  CHECK(container.log_lines() == std::vector<std::string>{"o:said"});
}

TEST_CASE("monitor: a configuration that is none is told to the client", "[monitor]") {
  Monitored container("true");
  container.config.log.path = "/nowhere/at/all";
  shim::Starting starting = container.begin();
  CHECK_THROWS_WITH(starting.wait_created(), Contains("/nowhere/at/"));
  CHECK(container.wait_until_over().state == RunState::kFailed);
}

TEST_CASE("monitor: at once: the same record, the same log, and the first byte", "[monitor]") {
  Monitored container("echo out; exit 7");
  container.at_once = true;
  shim::Starting starting = container.begin(true);
  CHECK(starting.wait_created() > 0);
  starting.start();
  Attacher client(starting.take_attachment(), "w");
  CHECK(client.wait() == "exited 7");
  CHECK(client.out == "out\n");
  CHECK(container.wait_until_over().exit_code == 7);
  CHECK(container.log_lines() == std::vector<std::string>{"o:out"});
  CHECK(container.runtime().left().empty());
}

TEST_CASE("monitor: at once: what fails is told, whichever half it is of", "[monitor]") {
  for (const char* program : {"nothere", "/bad"}) {
    INFO(program);
    Monitored container([&](config::RuntimeSpec& spec) { spec.process->args = {program}; });
    write_text(container.config.bundle + "/rootfs/bad", "no program", 0755);
    container.at_once = true;
    shim::Starting starting = container.begin();
    CHECK_THROWS_WITH(starting.wait_created(), Contains("exec: "));
    starting.wait_until_over();
    CHECK(container.wait_until_over().state == RunState::kFailed);
    CHECK(container.wait_until_over().exit_code >= 126);
    CHECK(container.runtime().left().empty());
  }
}

TEST_CASE("monitor: at once: with a terminal", "[monitor]") {
  Monitored container([](config::RuntimeSpec& spec) {
    spec.process->terminal = true;
    set_shell(spec, "tty; exit 3");
  });
  container.config.has_terminal = true;
  container.at_once = true;
  container.start();
  CHECK(container.wait_until_over().exit_code == 3);
  CHECK(container.log_lines() == std::vector<std::string>{"o:/dev/pts/0"});
}
