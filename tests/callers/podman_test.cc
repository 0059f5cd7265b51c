// SPDX-License-Identifier: Apache-2.0
// What podman alone has: id maps, pods, and choices by the runtime's name.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

namespace {

// Of an ordinary user: as root podman 4.3 lets no devices into the cgroup of a pod, so that no
// container there gets its /dev/null, by runc either.
struct Pod {
  explicit Pod(Words flags)
      : pod(with_flags(std::move(flags)), {"pod", "rm", "--force", "--time", "0"}) {}

  static Words with_flags(Words flags) {
    flags.insert(flags.begin(),
                 {"pod", "create", "--infra-image", kImage, "--infra-command", "probe pause"});
    return flags;
  }
  Container<Podman> pod;
};

}  // namespace

TEST_CASE("podman: --userns=keep-id keeps the caller's ids", "[callers][user]") {
  NEEDS_ENGINE(Podman);
  const support::TempDirectory directory;
  const Result result =
      run_line<Podman>({"--userns", "keep-id", "--volume", directory.path() + ":/out"},
                       "id -u; id -g; echo x > /out/f");
  CHECK(result.out == sys::format("{}\n{}\n", ::geteuid(), ::getegid()));
  CHECK(support::read_text(directory / "f") == "x\n");
}

TEST_CASE("podman: --uidmap and --gidmap", "[callers]") {
  NEEDS_ENGINE(Podman);
  const Result result =
      run_line<Podman>({"--uidmap", "0:1:100", "--gidmap", "0:1:100"},
                       "awk '{print $1, $3}' /proc/self/uid_map /proc/self/gid_map; id -u");
  CHECK(result.out == "0 100\n0 100\n0\n");
}

TEST_CASE("podman: --userns=container joins another's", "[callers]") {
  NEEDS_ENGINE(Podman);
  const Container<Podman> first(detached({"--uidmap", "0:1:100"}, kTrapping));
  const Result result = run_line<Podman>({"--userns", "container:" + first.id()},
                                         "awk '{print $1, $3}' /proc/self/uid_map");
  CHECK(result.out == "0 100\n");
}

TEST_CASE("podman: a pod's containers share its network, ipc and name", "[callers][pod][user]") {
  NEEDS_ENGINE(Podman);
  const Pod pod({"--hostname", "podhost"});
  const Words in_pod = {"--pod", pod.pod.id()};
  // One that never comes to the end of its input: a client leaves at once when its server has.
  const Container<Podman> server(detached(in_pod, "mkfifo /in; nc -l -p 7000 <> /in; hostname"));
  CHECK(support::eventually([&] {
    return run_line<Podman>(in_pod, "echo from the client | nc 127.0.0.1 7000").exit_code == 0;
  }));
  CHECK(logs_show(server, "from the client\npodhost\n"));
}

TEST_CASE("podman: a pod with a shared pid namespace", "[callers][pod][user]") {
  NEEDS_ENGINE(Podman);
  const Pod pod({"--share", "pid,ipc,net,uts"});
  const Container<Podman> first(detached({"--pod", pod.pod.id()}, kTrapping));
  REQUIRE(logs_show(first, "ready"));
  const Result second = run_line<Podman>({"--pod", pod.pod.id()}, "ps; readlink /proc/self/ns/pid");
  CHECK_THAT(second.out, Contains("probe pause"));
  CHECK_THAT(second.out, Contains("trap 'exit 5' TERM"));
}

TEST_CASE("podman: a pod stops, starts and goes as one", "[callers][pod][user]") {
  NEEDS_ENGINE(Podman);
  const Caller& podman = shared<Podman>().caller();
  const Pod pod({});
  const Container<Podman> one(detached({"--pod", pod.pod.id()}, kTrapping));
  const Container<Podman> two(detached({"--pod", pod.pod.id()}, kTrapping));
  REQUIRE((logs_show(one, "ready") && logs_show(two, "ready")));
  (void)podman.must({"pod", "stop", pod.pod.id()});
  CHECK(one.field(".State.ExitCode") == "5");
  CHECK(two.field(".State.Status") == "exited");
  (void)podman.must({"pod", "start", pod.pod.id()});
  CHECK(one.field(".State.Status") == "running");
  CHECK(two.field(".State.Status") == "running");
}

TEST_CASE("podman: descriptors are handed on to run and exec", "[callers]") {
  NEEDS_ENGINE(Podman);
  const Caller& podman = shared<Podman>().caller();
  const support::TempDirectory directory;
  support::write_text(directory / "file", "through a descriptor\n");
  const auto through_shell = [&](const Words& words) {
    Words all = {"sh", "-c", "exec \"$@\" 3< " + directory / "file", "sh"};
    for (const std::string& word : podman.argv(words)) all.push_back(word);
    return support::run(all, podman.with_env({}));
  };
  CHECK(
      through_shell({"run", "--rm", "--preserve-fds", "1", kImage, "cat", "/proc/self/fd/3"}).out ==
      "through a descriptor\n");
  const Container<Podman> container(detached({}, kTrapping));
  CHECK(through_shell({"exec", "--preserve-fds", "1", container.id(), "cat", "/proc/self/fd/3"})
            .out == "through a descriptor\n");
}

TEST_CASE("podman: --cgroups=disabled under its own name", "[callers]") {
  NEEDS_ENGINE(Podman);
  CHECK(run_line<Podman>({"--cgroups", "disabled"}, "echo runs").out == "runs\n");
}

TEST_CASE("podman: under the name of crun no configuration is needed", "[callers]") {
  NEEDS_ENGINE(Podman);
  const support::TempDirectory directory;
  REQUIRE(::symlink(support::runtime_program().c_str(), (directory / "crun").c_str()) == 0);
  const Caller podman = shared<Podman>().with_runtime(directory / "crun");
  const Words run = {"run", "--rm", "--cgroups", "disabled", kImage};
  const auto with = [&](Words words) {
    words.insert(words.begin(), run.begin(), run.end());
    return podman.call(words);
  };
  CHECK(with({"echo", "runs"}).out == "runs\n");
  const Result missing = with({"nosuch"});
  CHECK(missing.exit_code == 127);
  CHECK_THAT(missing.err, Contains("\"nosuch\": executable file not found in $PATH"));
}

TEST_CASE("podman: info tells the runtime's version", "[callers]") {
  NEEDS_ENGINE(Podman);
  const std::string version =
      shared<Podman>().caller().must({"info", "--format", "{{.Host.OCIRuntime.Version}}"});
  CHECK_THAT(version, Contains("spec: 1."));
}

TEST_CASE("podman: a health check is an exec", "[callers]") {
  NEEDS_ENGINE(Podman);
  const Caller& podman = shared<Podman>().caller();
  const Container<Podman> container(
      detached({"--health-cmd", "test -e /healthy", "--health-interval", "disable"}, kTrapping));
  CHECK(podman.call({"healthcheck", "run", container.id()}).exit_code == 1);
  (void)podman.must({"exec", container.id(), "touch", "/healthy"});
  CHECK(podman.call({"healthcheck", "run", container.id()}).exit_code == 0);
}
