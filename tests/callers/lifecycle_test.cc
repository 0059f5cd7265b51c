// SPDX-License-Identifier: Apache-2.0
// Containers in the background: exec, signals, the end, and what engines tell of them.
#include <catch2/catch.hpp>

#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

TEMPLATE_TEST_CASE("detached: running, then exited with its code", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, kTrapping));
  CHECK(container.field(".State.Status") == "running");
  REQUIRE(logs_show(container, "ready"));
  CHECK(shared<TestType>().caller().must({"stop", container.id()}) == container.id());
  CHECK(container.field(".State.Status") == "exited");
  CHECK(container.field(".State.ExitCode") == "5");
}

TEMPLATE_TEST_CASE("detached: wait tells the exit code", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, "sleep 0.3; exit 9"));
  CHECK(shared<TestType>().caller().must({"wait", container.id()}) == "9");
}

TEMPLATE_TEST_CASE("stop: who ignores SIGTERM is killed", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(
      detached({}, "trap '' TERM; echo ready; while :; do sleep 0.1; done"));
  REQUIRE(logs_show(container, "ready"));
  (void)shared<TestType>().caller().must({"stop", "--time", "1", container.id()});
  CHECK(container.field(".State.ExitCode") == "137");
}

TEMPLATE_TEST_CASE("kill: any signal arrives", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, kTrapping));
  REQUIRE(logs_show(container, "ready"));
  (void)caller.must({"kill", "--signal", "USR1", container.id()});
  CHECK(logs_show(container, "usr1"));
  (void)caller.must({"kill", container.id()});
  REQUIRE(container.wait_for(".State.Status", "exited"));
  CHECK(container.field(".State.ExitCode") == "137");
}

TEMPLATE_TEST_CASE("kill: of a container that has exited is an error", "[callers]", Podman,
                   Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, "true"));
  REQUIRE(container.wait_for(".State.Status", "exited"));
  CHECK(shared<TestType>().caller().call({"kill", container.id()}).exit_code != 0);
}

TEMPLATE_TEST_CASE("start: a container that has exited runs again", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, "echo line >> /written; cat /written; exit 2"));
  REQUIRE(container.wait_for(".State.Status", "exited"));
  const Result again = shared<TestType>().caller().call({"start", "--attach", container.id()});
  CHECK(again.out == "line\nline\n");
  CHECK(again.exit_code == 2);
}

TEMPLATE_TEST_CASE("restart: ends it and starts it", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, kTrapping));
  REQUIRE(logs_show(container, "ready"));
  const std::string pid = container.field(".State.Pid");
  (void)shared<TestType>().caller().must({"restart", container.id()});
  CHECK(container.field(".State.Status") == "running");
  CHECK(container.field(".State.Pid") != pid);
}

TEMPLATE_TEST_CASE("exec: output, input, exit code and identity", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({"--env", "FROM=run"}, kTrapping));
  const Result result =
      caller.call({"exec", "-i", "--env", "A=b", "--workdir", "/tmp", "--user", "7", container.id(),
                   "sh", "-c", "cat; echo $A $FROM; pwd; id -u; exit 8"},
                  {.input = "in\n"});
  CHECK(result.out == "in\nb run\n/tmp\n7\n");
  CHECK(result.exit_code == 8);
}

TEMPLATE_TEST_CASE("exec -it: has a terminal", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, kTrapping));
  support::Program program(caller.argv({"exec", "-it", container.id(), "sh", "-c",
                                        "echo ask; read answer; echo \"got $answer\"; test -t 0"}),
                           caller.with_env({.pty = true}));
  program.wait_for("ask");
  program.send("this\n");
  const Result result = program.wait();
  CHECK_THAT(result.out, Contains("got this"));
  CHECK(result.exit_code == 0);
}

TEMPLATE_TEST_CASE("exec --detach: runs by itself", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, kTrapping));
  (void)caller.must({"exec", "--detach", container.id(), "sh", "-c", "echo done > /tmp/written"});
  CHECK(support::eventually([&] {
    return caller.call({"exec", container.id(), "cat", "/tmp/written"}).out == "done\n";
  }));
}

TEMPLATE_TEST_CASE("exec: a wrong command exits with 127 or 126", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, kTrapping));
  // docker before 23 takes every failure of an exec for that, whatever the runtime says.
  const int missing = std::is_same_v<TestType, Docker> ? 126 : 127;
  CHECK(caller.call({"exec", container.id(), "nosuch"}).exit_code == missing);
  CHECK(caller.call({"exec", container.id(), "/no/such"}).exit_code == missing);
  CHECK(caller.call({"exec", container.id(), "/bin/notprogram"}).exit_code == 126);
}

TEMPLATE_TEST_CASE("top: lists the container's processes", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container(detached({}, kTrapping));
  CHECK_THAT(shared<TestType>().caller().must({"top", container.id()}), Contains("sleep 0.1"));
}

TEMPLATE_TEST_CASE("cp: both ways, running and stopped", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const support::TempDirectory directory;
  support::write_text(directory / "in", "content");
  const Container<TestType> container(detached({}, "echo made > /made; " + std::string(kTrapping)));
  REQUIRE(logs_show(container, "ready"));
  (void)caller.must({"cp", directory / "in", container.id() + ":/tmp/copied"});
  CHECK(caller.must({"exec", container.id(), "cat", "/tmp/copied"}) == "content");
  (void)caller.must({"kill", container.id()});
  REQUIRE(container.wait_for(".State.Status", "exited"));
  (void)caller.must({"cp", container.id() + ":/made", directory / "out"});
  CHECK(support::read_text(directory / "out") == "made\n");
}

TEMPLATE_TEST_CASE("rm --force: of a running container ends it", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, "trap '' TERM; while :; do sleep 0.1; done"));
  const std::string pid = container.field(".State.Pid");
  Words words = TestType::removal();
  words.push_back(container.id());
  (void)caller.must(words);
  CHECK_FALSE(support::exists("/proc/" + pid));
  CHECK(caller.call({"inspect", container.id()}).exit_code != 0);
}

TEMPLATE_TEST_CASE("create and start are two steps", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> container({"create", kImage, "sh", "-c", "echo started"});
  CHECK(container.field(".State.Status") == "created");
  CHECK(shared<TestType>().caller().must({"start", "--attach", container.id()}) == "started");
}

TEMPLATE_TEST_CASE("commit: the changes become an image", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Caller& caller = shared<TestType>().caller();
  const Container<TestType> container(detached({}, "echo changed > /changed"));
  REQUIRE(container.wait_for(".State.Status", "exited"));
  (void)caller.must({"commit", container.id(), "localhost/changed"});
  CHECK(caller.must({"run", "--rm", "localhost/changed", "cat", "/changed"}) == "changed");
}
