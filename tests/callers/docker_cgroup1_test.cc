// SPDX-License-Identifier: Apache-2.0
// docker on a machine that has its controllers in cgroup v1; tests/run shows it that.
#include <catch2/catch.hpp>

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
