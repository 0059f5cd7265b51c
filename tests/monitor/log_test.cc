// SPDX-License-Identifier: Apache-2.0
// What a container prints, in its log: all of it, whatever happens.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

#include "sys/format.h"
#include "sys/process.h"
#include "tests/support/monitored.h"

using namespace support;
using shim::RunState;

namespace {

// A number of /proc/PID/smaps_rollup, in KiB.
unsigned long memory_of(pid_t pid, const std::string& name) {
  std::istringstream lines(read_text(sys::format("/proc/{}/smaps_rollup", pid)));
  unsigned long sum = 0, number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    words >> number;
    sum += number;
  }
  return sum;
}

}  // namespace

TEST_CASE("monitor log: both streams, in their order each", "[monitor][log]") {
  Monitored container("echo one; echo bad >&2; printf 'two\\nthr'; echo ee");
  container.start();
  (void)container.wait_until_over();
  std::vector<std::string> lines = container.log_lines();
  std::erase(lines, "e:bad");
  CHECK(lines == std::vector<std::string>{"o:one", "o:two", "o:three"});
}

TEST_CASE("monitor log: a flood is there byte by byte", "[monitor][log]") {
  Monitored container("seq 1 300000");
  container.config.log = {
      .path = container / "container.log", .max_size = 1 << 20, .max_files = 99};
  container.start();
  CHECK(container.wait_until_over().exit_code == 0);
  std::string expected;
  for (int i = 1; i <= 300000; ++i) expected += sys::format("{}\n", i);
  CHECK(container.logged_output() == expected);
  CHECK(names_in(container.directory()).size() > 10);
}

TEST_CASE("monitor log: a kill of the container loses no line that was written", "[monitor][log]") {
  Monitored container("i=0; while :; do i=$((i+1)); echo line $i; echo $i >> /tmp/written; done");
  container.start();
  REQUIRE(eventually([&] { return container.log_lines().size() > 200; }));
  REQUIRE(::kill(container.status().pid, SIGKILL) == 0);
  (void)container.wait_until_over();
  const std::vector<std::string> lines = container.log_lines();
  const std::string written = read_text(container.config.bundle + "/rootfs/tmp/written");
  const auto count = static_cast<std::size_t>(std::ranges::count(written, '\n'));
  CHECK(lines.size() >= count);
  CHECK(lines.size() <= count + 1);
  CHECK(lines.back() == sys::format("o:line {}", lines.size()));
}

TEST_CASE("monitor log: its memory stays below 1 MiB under a flood", "[monitor][log]") {
  Monitored container("yes");
  container.config.log = {.path = container / "container.log", .max_size = 1 << 20, .max_files = 2};
  container.start();
  const pid_t monitor = container.status().monitor;
  ::usleep(1'000'000);
  const unsigned long private_memory = memory_of(monitor, "Private_");
  INFO("private KiB: " << private_memory);
  CHECK(private_memory > 0);
  CHECK(private_memory < 1024);
  CHECK(shim::stop(container.connect(), SIGKILL, std::nullopt));
}

TEST_CASE("monitor log: none when there is to be none", "[monitor][log]") {
  Monitored container("echo one");
  container.config.log.is_on = false;
  container.start();
  (void)container.wait_until_over();
  CHECK_FALSE(exists(container / "container.log"));
}

TEST_CASE("monitor log: a terminal's is one stream", "[monitor][log]") {
  Monitored container([](config::RuntimeSpec& spec) {
    spec.process->terminal = true;
    set_shell(spec, "echo out; echo bad >&2; tty");
  });
  container.config.has_terminal = true;
  container.start();
  (void)container.wait_until_over();
  CHECK(container.log_lines() == std::vector<std::string>{"o:out", "o:bad", "o:/dev/pts/0"});
}

TEST_CASE("monitor log: a terminal that nobody has open for a while is not lost",
          "[monitor][log]") {
  Monitored container([](config::RuntimeSpec& spec) {
    spec.process->terminal = true;
    set_shell(
        spec,
        "echo before; exec < /dev/null > /dev/null 2>&1; sleep 0.4; echo after > /dev/console");
  });
  container.config.has_terminal = true;
  container.start();
  (void)container.wait_until_over();
  CHECK(container.log_lines() == std::vector<std::string>{"o:before", "o:after"});
}

TEST_CASE("monitor log: following it ends with the container, through rotations",
          "[monitor][log]") {
  Monitored container("for i in $(seq 1 400); do echo line $i; done; sleep 0.3; echo last");
  container.config.log = {.path = container / "container.log", .max_size = 4000, .max_files = 99};
  container.start();
  const std::vector<std::string> lines = container.log_lines({.follows = true});
  REQUIRE(lines.size() == 401);
  CHECK(lines.front() == "o:line 1");
  CHECK(lines.back() == "o:last");
}

TEST_CASE("monitor log: moved away by somebody, it is opened anew", "[monitor][log]") {
  Monitored container("echo one; read line; echo two");
  container.config.input = shim::Input::kOpen;
  container.start();
  REQUIRE(eventually([&] { return container.log_lines().size() == 1; }));
  REQUIRE(std::rename(container.config.log.path.c_str(), (container / "moved").c_str()) == 0);
  CHECK(shim::reopen_log(container.connect()));
  Attacher client(container.connect(), "i");
  client.program().send("\n");
  CHECK(client.wait() == "exited 0");
  CHECK(container.log_lines() == std::vector<std::string>{"o:two"});
}
