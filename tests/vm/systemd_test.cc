// SPDX-License-Identifier: Apache-2.0
// What systemd knows of a container when it is the manager.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/moments.h"
#include "tests/support/needs.h"
#include "tests/vm/place.h"

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

// Somebody else's, which has the name that the container asks for.
class ForeignUnit {
 public:
  ForeignUnit() : program_(words({"systemd-run", "--scope", "--unit", kUnit, "sleep", "1000"})) {
    REQUIRE(eventually([&] { return show(kUnit, "ActiveState") == "active\n"; }));
  }
  ~ForeignUnit() { program_.signal(SIGKILL); }
  ForeignUnit(const ForeignUnit&) = delete;
  ForeignUnit& operator=(const ForeignUnit&) = delete;
  bool is_alive() const {
    return show(kUnit, "ActiveState") == "active\n" && !sys::wait_until_ended(program_.pidfd(), 0);
  }

 private:
  static std::vector<std::string> words(std::vector<std::string> argv) {
    if (!is_root()) argv.insert(argv.begin() + 1, "--user");
    return argv;
  }
  Program program_;  // systemd-run, and then sleep
};

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
  const std::string cgroup = cgroup_of(runtime, "test");
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

TEST_CASE("systemd: a unit of another's keeps its name and its processes", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  const ForeignUnit foreign;
  const Result result = runtime.create(bundle, "test");
  CHECK(result.exit_code == 1);
  CHECK(runtime.output_of("test").find("was already loaded") != std::string::npos);
  CHECK(foreign.is_alive());
  CHECK(runtime.left().empty());
}

TEST_CASE("systemd: delete ends no unit that has taken the name since", "[vm][systemd]") {
  NEEDS(systemd_manager);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  runtime.must({"kill", "test", "KILL"});
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  REQUIRE(eventually([] { return show(kUnit, "LoadState") == "not-found\n"; }));
  const ForeignUnit foreign;
  CHECK(runtime.call({"kill", "--all", "test", "KILL"}).exit_code != 2);
  runtime.must({"delete", "--force", "test"});
  CHECK(foreign.is_alive());
}

TEST_CASE("systemd: whenever a run is killed, delete ends no unit of another's",
          "[vm][systemd][killed][qemu]") {
  NEEDS(systemd_manager);
  NEEDS(strace);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  const ForeignUnit foreign;
  const std::vector<std::string> run = {"run", "--detach", "--bundle", bundle.path(), "test"};
  for (const Moment& moment : moments_of(runtime, run, {.spread = 12, .last = 12}, 1)) {
    INFO(moment.syscall << " " << moment.number);
    call_and_kill(runtime, run, moment);
    CHECK(runtime.call({"delete", "--force", "test"}).all() == "");
    CHECK(runtime.left().empty());
    REQUIRE(foreign.is_alive());
  }
}

TEST_CASE("systemd: huge pages' controller is enabled, which systemd doesn't know",
          "[vm][systemd][qemu][root]") {
  NEEDS(systemd_manager);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources->hugepage_limits = {{.page_size = "2MB", .limit = 2 << 20}};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  REQUIRE(run({"systemctl", "daemon-reload"}).exit_code == 0);
  CHECK(read_text(cgroup_of(runtime, "test") + "/hugetlb.2MB.max") == "2097152\n");
}

TEST_CASE("systemd: the weight of disks outlives a reload", "[vm][systemd][qemu][root]") {
  NEEDS(systemd_manager);
  REQUIRE(run({"modprobe", "bfq"}).exit_code == 0);
  const int weight = GENERATE(10, 500);
  const Bundle bundle([=](config::RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources->block_io.emplace().weight = static_cast<std::uint16_t>(weight);
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  REQUIRE(run({"systemctl", "daemon-reload"}).exit_code == 0);
  CHECK(read_text(cgroup_of(runtime, "test") + "/io.bfq.weight") ==
        "default " + std::to_string(weight) + "\n");
}
