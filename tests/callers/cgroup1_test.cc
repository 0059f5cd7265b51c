// SPDX-License-Identifier: Apache-2.0
// docker, podman and containerd on a machine that has its controllers in cgroup v1; tests/run shows
// them that.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/callers/containerd.h"
#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;

namespace {

const Words kLimits = {"--memory", "64m", "--pids-limit", "20", "--cpus", ".5"};

std::string call(const Words& words) { return shared<Docker>().caller().must(words); }

}  // namespace

TEST_CASE("docker, cgroup v1: limits hold", "[callers][cgroup1][root]") {
  NEEDS(cgroup1);
  NEEDS_ENGINE(Docker);
  CHECK(run_line<Docker>(kLimits, "head -c 200m /dev/zero | tail -c 200m | wc -c").out !=
        "209715200\n");
  CHECK_THAT(run_line<Docker>(kLimits, "for i in $(seq 30); do sleep 9 & done").err,
             Contains("can't fork"));
  CHECK(run_line<Docker>(
            kLimits, "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us")
            .out == "50000\n100000\n");
}

TEST_CASE("docker, cgroup v1: out of memory is seen", "[callers][cgroup1][root]") {
  NEEDS(cgroup1);
  NEEDS_ENGINE(Docker);
  const Container<Docker> container(
      detached(kLimits, "head -c 200m /dev/zero | tail -c 200m | wc -c"));
  (void)call({"wait", container.id()});
  CHECK(container.field(".State.OOMKilled") == "true");
}

TEST_CASE("docker, cgroup v1: stats, pause and update", "[callers][cgroup1][root]") {
  NEEDS(cgroup1);
  NEEDS_ENGINE(Docker);
  const Container<Docker> container(detached(kLimits, kTrapping));
  const auto stats = [&] {
    return call({"stats", "--no-stream", "--format", "{{.MemUsage}}", container.id()});
  };
  CHECK_THAT(stats(), Contains("/ 64MiB"));
  (void)call({"update", "--memory", "96m", "--memory-swap", "192m", container.id()});
  CHECK_THAT(stats(), Contains("/ 96MiB"));
  (void)call({"pause", container.id()});
  CHECK(container.field(".State.Status") == "paused");
  (void)call({"unpause", container.id()});
  CHECK(call({"exec", container.id(), "echo", "back"}) == "back");
}

TEST_CASE("podman, cgroup v1: limits hold, and a container is paused", "[callers][cgroup1][root]") {
  NEEDS(cgroup1);
  NEEDS_ENGINE(Podman);
  CHECK(run_line<Podman>(kLimits, "head -c 200m /dev/zero | tail -c 200m | wc -c").out !=
        "209715200\n");
  CHECK_THAT(run_line<Podman>(kLimits, "for i in $(seq 30); do sleep 9 & done").err,
             Contains("can't fork"));
  const Container<Podman> container(detached(kLimits, kTrapping));
  const Caller& podman = shared<Podman>().caller();
  (void)podman.must({"pause", container.id()});
  CHECK(container.field(".State.Status") == "paused");
  (void)podman.must({"unpause", container.id()});
  (void)podman.must({"update", "--memory", "96m", container.id()});
  CHECK(podman.must({"exec", container.id(), "echo", "back"}) == "back");
  CHECK(podman.must({"exec", container.id(), "cat",
                     "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) == "100663296");
  CHECK_THAT(podman.must({"stats", "--no-stream", "--format", "{{.MemUsage}}", container.id()}),
             Contains("B / "));
}

TEST_CASE("ctr, cgroup v1: limits hold, and are measured", "[callers][cgroup1][root]") {
  NEEDS(cgroup1);
  if (support::is_missing(Containerd::kNeed)) return;
  const Caller ctr = shared<Containerd>().ctr();
  const Words limits = {"--memory-limit", "67108864",     "--cpu-quota",
                        "50000",          "--cpu-period", "100000"};
  Words flags = {"--rm"};
  std::ranges::copy(limits, std::back_inserter(flags));
  const std::string line = "head -c 200m /dev/zero | tail -c 200m | wc -c";
  CHECK(ctr.call(Containerd::run_words(flags, "filled", {"sh", "-c", line})).out != "209715200\n");
  flags.front() = "--detach";
  (void)ctr.must(Containerd::run_words(flags, "task", {"sh", "-c", kTrapping}));
  CHECK_THAT(ctr.must({"tasks", "metrics", "task"}), Contains("memory.usage_in_bytes"));
  (void)ctr.must({"tasks", "pause", "task"});
  CHECK_THAT(ctr.must({"tasks", "list"}), Contains("PAUSED"));
  (void)ctr.must({"tasks", "resume", "task"});
  CHECK_THAT(ctr.must({"tasks", "exec", "--exec-id", "one", "task", "cat", "/proc/self/cgroup"}),
             Contains(":memory:/default/task"));
  (void)ctr.call({"tasks", "delete", "--force", "task"});
  (void)ctr.call({"containers", "delete", "task"});
}
