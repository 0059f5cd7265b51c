// SPDX-License-Identifier: Apache-2.0
// What systemd knows of a container when it is the manager.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

namespace {

std::string show(const std::string& unit, const std::string& property) {
  std::vector<std::string> argv = {"systemctl", "show", "--value", "-p", property, unit};
  if (!is_root()) argv.insert(argv.begin() + 1, "--user");
  return run(argv).out;
}

void sleeps(config::RuntimeSpec& spec) {
  spec.process->args = {"sleep", "100"};
  spec.linux_.cgroups_path = ":tillatest:one";
  spec.linux_.resources.emplace().pids.emplace().limit = 7;
  spec.annotations["org.systemd.property.TimeoutStopSec"] = "uint64 5";
}

constexpr const char* kUnit = "tillatest-one.scope";

}  // namespace

TEST_CASE("systemd: a scope of the name that was asked for, gone with the container",
          "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(show(kUnit, "ActiveState") == "active\n");
  CHECK(show(kUnit, "Slice") == (is_root() ? "system.slice\n" : "user.slice\n"));
  CHECK(show(kUnit, "TasksMax") == "7\n");
  CHECK(show(kUnit, "Delegate") == "yes\n");
  CHECK(show(kUnit, "TimeoutStopUSec") == "5s\n");
  runtime.must({"delete", "--force", "test"});
  CHECK(show(kUnit, "LoadState") == "not-found\n");
}

TEST_CASE("systemd: limits outlive a reload", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources->memory.emplace().limit = 64 << 20;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string line = read_text("/proc/" + std::to_string(runtime.pid("test")) + "/cgroup");
  const std::string cgroup = "/sys/fs/cgroup" + line.substr(3, line.find('\n') - 3);
  std::vector<std::string> reload = {"systemctl", "daemon-reload"};
  if (!is_root()) reload.insert(reload.begin() + 1, "--user");
  REQUIRE(run(reload).exit_code == 0);
  CHECK(read_text(cgroup + "/memory.max") == "67108864\n");
  CHECK(read_text(cgroup + "/pids.max") == "7\n");
}

TEST_CASE("systemd: a container that ends by itself leaves no unit", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Result result = run_args({"sh", "-c", "exit 3"}, [](config::RuntimeSpec& spec) {
    spec.linux_.cgroups_path = ":tillatest:one";
  });
  CHECK(result.exit_code == 3);
  CHECK(show(kUnit, "LoadState") == "not-found\n");
}

TEST_CASE("systemd: a cgroupsPath of another form is refused", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Result result = run_args(
      {"true"}, [](config::RuntimeSpec& spec) { spec.linux_.cgroups_path = "/tilla/one"; });
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("systemd as the manager wants \"slice:prefix:name\"") != std::string::npos);
}

TEST_CASE("systemd: where no bus is, the address that was tried is told", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Bundle bundle;
  const Runtime runtime;
  const Result result = runtime.run(bundle, {},
                                    {.env = {"DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere",
                                             "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"}});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("bus at \"unix:path=/nowhere\": No such file or directory") !=
        std::string::npos);
  CHECK(runtime.left().empty());
}
