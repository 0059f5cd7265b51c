// SPDX-License-Identifier: Apache-2.0
// One system call of the runtime's is its last, by strace: the state tells the truth, and nothing
// is left.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/moments.h"
#include "tests/support/needs.h"
#include "tests/support/surroundings.h"

using namespace support;

namespace {

void pauses(config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; }

// What `state` says when nobody is at work any more.
std::string settled_status(const Runtime& runtime) {
  std::string status;
  CHECK(eventually([&] {
    status = runtime.status("test");
    return status != "creating";
  }));
  return status;
}

void check_deletable(const Runtime& runtime, const Orphanage& orphans) {
  const Result result = runtime.call({"delete", "--force", "test"});
  CHECK(result.all() == "");
  CHECK(result.exit_code == 0);
  CHECK(runtime.left() == std::vector<std::string>{});
  CHECK(eventually([&] { return orphans.is_empty(); }));
}

}  // namespace

TEST_CASE("killed: a create at any moment is created, stopped or nothing, and is what it says",
          "[integration][killed]") {
  NEEDS(strace);
  const Bundle bundle(pauses);
  const Runtime runtime;
  const Orphanage orphans;
  const std::vector<std::string> create = {"create", "--bundle", bundle.path(), "test"};
  const std::vector<Moment> moments = moments_of(runtime, create);
  check_deletable(runtime, orphans);
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    call_and_kill(runtime, create, moment);
    const std::string status = settled_status(runtime);
    if (status == "created") {
      // Its creator's last word may be missing; then it ends, and is not said to have started.
      const bool has_started = runtime.call({"start", "test"}).exit_code == 0;
      CHECK(runtime.wait_for_status("test", has_started ? "running" : "stopped"));
      if (!has_started) CHECK(eventually([&] { return orphans.is_empty(); }));
    } else {
      CHECK((status == "stopped" || status.empty()));
      CHECK(eventually([&] { return orphans.is_empty(); }));
    }
    check_deletable(runtime, orphans);
  }
}

TEST_CASE("killed: a start at any moment has happened or has not", "[integration][killed]") {
  NEEDS(strace);
  const Bundle bundle(pauses);
  const Runtime runtime;
  const Orphanage orphans;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const std::vector<Moment> moments = moments_of(runtime, {"start", "test"});
  check_deletable(runtime, orphans);
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    REQUIRE(runtime.create(bundle, "test").exit_code == 0);
    call_and_kill(runtime, {"start", "test"}, moment);
    const std::string status = settled_status(runtime);
    CHECK((status == "created" || status == "running"));
    // The init may be on its way, so the second one may be told that it is late.
    if (status == "created") (void)runtime.call({"start", "test"});
    CHECK(runtime.wait_for_status("test", "running"));
    CHECK(runtime.call({"exec", "test", "true"}).exit_code == 0);
    check_deletable(runtime, orphans);
  }
}

TEST_CASE("killed: a run at any moment is running, stopped or nothing, and is what it says",
          "[integration][killed]") {
  NEEDS(strace);
  const Bundle bundle(pauses);
  const Runtime runtime;
  const Orphanage orphans;
  const std::vector<std::string> run = {"run", "--detach", "--bundle", bundle.path(), "test"};
  const std::vector<Moment> moments = moments_of(runtime, run);
  check_deletable(runtime, orphans);
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    call_and_kill(runtime, run, moment);
    // Whoever is not told to go on ends, but not at once: "running" until then.
    std::string status;
    CHECK(eventually([&] {
      status = runtime.status("test");
      if (status != "running") return status == "stopped" || status.empty();
      return runtime.call({"exec", "test", "true"}).exit_code == 0;
    }));
    if (status != "running") CHECK(eventually([&] { return orphans.is_empty(); }));
    check_deletable(runtime, orphans);
  }
}

TEST_CASE("killed: a delete at any moment can be done again", "[integration][killed]") {
  NEEDS(strace);
  const Bundle bundle(pauses);
  const Runtime runtime;
  const Orphanage orphans;
  runtime.start(bundle, "test");
  const std::vector<std::string> remove = {"delete", "--force", "test"};
  const std::vector<Moment> moments = moments_of(runtime, remove);
  for (const Moment& moment : moments) {
    INFO(moment.syscall << " " << moment.number);
    runtime.start(bundle, "test");
    call_and_kill(runtime, remove, moment);
    const std::string status = settled_status(runtime);
    CHECK((status == "running" || status == "stopped" || status.empty()));
    if (status != "running") CHECK(eventually([&] { return orphans.is_empty(); }));
    check_deletable(runtime, orphans);
  }
}
