// SPDX-License-Identifier: Apache-2.0
// The cgroup goes with the container, whatever was made in it and whoever was killed. What is left
// anywhere the suite finds as well.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/moments.h"
#include "tests/support/needs.h"
#include "tests/support/surroundings.h"
#include "tests/vm/place.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;

namespace {

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; }

// Owns its cgroup, carries out `line` in there, and sleeps.
Change delegated(const std::string& line) {
  return [=](RuntimeSpec& spec) {
    set_shell(spec, "cd /sys/fs/cgroup && " + line + " && echo ready; exec sleep 1000");
    drop_mount(spec, "/sys/fs/cgroup");
    add_mount(spec, "/sys/fs/cgroup", "cgroup", "cgroup", {"rw"});
    set_namespace(spec, NamespaceType::kCgroup);
  };
}

// In each of two cgroups below its own, one below the other, a process.
constexpr const char* kMakeOthers =
    "mkdir -p in/deep && for one in in in/deep; do"
    " sh -c 'echo 0 > $0/cgroup.procs; exec sleep 1000' $one & done;"
    " while test $(cat in/cgroup.procs in/deep/cgroup.procs | wc -l) != 2; do sleep 0.1; done";

// Nothing has the name of the container's, below any slice.
bool is_any_left() { return !run({"find", "/sys/fs/cgroup", "-name", "*tilla-test*"}).out.empty(); }

// Few of the moments: each is a start of the whole, and a system call of this machine is slow.
constexpr MomentCount kMoments = {.spread = 10, .last = 5};

void start_ready(const Runtime& runtime, const Bundle& bundle) {
  runtime.start(bundle, "test");
  const auto is_ready = [&] {
    return runtime.output_of("test").find("ready") != std::string::npos;
  };
  REQUIRE(eventually(is_ready, std::chrono::seconds(20)));  // a slow machine
}

}  // namespace

TEST_CASE("ending: cgroups that the container made go with it", "[vm][ending]") {
  const Bundle bundle(delegated(kMakeOthers));
  const Runtime runtime;
  const Orphanage orphans;
  start_ready(runtime, bundle);
  const std::string place = cgroup_of(runtime, "test");
  REQUIRE(exists(place + "/in/deep"));
  SECTION("while it runs") {}
  SECTION("while it is paused") { runtime.must({"pause", "test"}); }
  SECTION("while a part of it is frozen") {
    runtime.must({"exec", "test", "sh", "-c", "echo 1 > /sys/fs/cgroup/in/cgroup.freeze"});
  }
  SECTION("after its first process has ended") {
    runtime.must({"kill", "test", "KILL"});
    REQUIRE(runtime.wait_for_status("test", "stopped"));
  }
  runtime.must({"delete", "--force", "test"});
  CHECK_FALSE(exists(place));
  CHECK(eventually([&] { return orphans.is_empty(); }));
}

TEST_CASE("ending: cgroups that another id of the container's owns go with it", "[vm][ending]") {
  NEEDS(range);
  const Bundle bundle([](RuntimeSpec& spec) {
    delegated("mkdir in && chown 5:5 in")(spec);
    use_range(spec);
    for (auto* set : {&spec.process->capabilities->bounding, &spec.process->capabilities->effective,
                      &spec.process->capabilities->permitted}) {
      set->emplace_back("CAP_CHOWN");
    }
  });
  const Runtime runtime;
  start_ready(runtime, bundle);
  const std::string place = cgroup_of(runtime, "test");
  runtime.must({"exec", "--user", "5:5", "test", "mkdir", "-m", "700", "-p",
                "/sys/fs/cgroup/in/deep/deeper"});
  REQUIRE(exists(place + "/in/deep"));
  runtime.must({"delete", "--force", "test"});
  CHECK_FALSE(exists(place));
}

TEST_CASE("ending: kill --all ends those in cgroups below, frozen ones too", "[vm][ending]") {
  const Bundle bundle(delegated(kMakeOthers));
  const Runtime runtime;
  start_ready(runtime, bundle);
  const std::string place = cgroup_of(runtime, "test");
  runtime.must({"pause", "test"});
  runtime.must({"kill", "--all", "test", "KILL"});
  CHECK(runtime.wait_for_status("test", "stopped"));
  CHECK(eventually([&] {
    return !exists(place) ||
           read_text(place + "/cgroup.events").find("populated 0") != std::string::npos;
  }));
  runtime.must({"delete", "test"});
  CHECK_FALSE(exists(place));
}

TEST_CASE("ending: exec into a cgroup below, and none beside", "[vm][ending]") {
  const Bundle bundle(delegated("mkdir in"));
  const Runtime runtime;
  start_ready(runtime, bundle);
  CHECK(runtime.must({"exec", "--cgroup", "in", "test", "cat", "/proc/self/cgroup"}) == "0::/in\n");
  const Result result = runtime.call({"exec", "--cgroup", "../..", "test", "true"});
  CHECK(result.exit_code != 0);
  CHECK(result.err.find("leads out of the container's cgroup") != std::string::npos);
}

TEST_CASE("ending: nothing is left of a run that was killed at any moment",
          "[vm][ending][killed][qemu]") {
  NEEDS(strace);
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().pids.emplace().limit = 50;
  });
  const Runtime runtime;
  const std::vector<std::string> run = {"run", "--detach", "--bundle", bundle.path(), "test"};
  const std::vector<Moment> moments = moments_of(runtime, run, kMoments);
  REQUIRE(is_any_left());  // the name that is looked for
  runtime.must({"delete", "--force", "test"});
  const Orphanage orphans;
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    call_and_kill(runtime, run, moment);
    CHECK(runtime.call({"delete", "--force", "test"}).all() == "");
    CHECK(eventually([&] { return orphans.is_empty() && !is_any_left(); }));
    CHECK(runtime.left().empty());
  }
}

TEST_CASE("ending: a delete that was killed at any moment is done by the next",
          "[vm][ending][killed][qemu]") {
  NEEDS(strace);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  const std::vector<std::string> remove = {"delete", "--force", "test"};
  runtime.start(bundle, "test");
  const std::vector<Moment> moments = moments_of(runtime, remove, kMoments);
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    runtime.start(bundle, "test");
    call_and_kill(runtime, remove, moment);
    CHECK(runtime.call(remove).all() == "");
    CHECK(eventually([] { return !is_any_left(); }));
    CHECK(runtime.left().empty());
  }
}
