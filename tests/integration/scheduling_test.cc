// SPDX-License-Identifier: Apache-2.0
// process.scheduler, ioPriority, execCPUAffinity, linux.personality and memoryPolicy.
#include <sys/syscall.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "sys/scheduling.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

// proc(5), stat: fields 19 (nice), 40 (rt_priority) and 41 (policy).
constexpr const char* kShowScheduler = "cut -d' ' -f19,40,41 /proc/self/stat";
const std::string kShowIoPriority =
    sys::format("probe syscall {} 1 0", SYS_ioprio_get);  // 1: a process

Change with_scheduler(const config::Scheduler& scheduler) {
  return [=](RuntimeSpec& spec) { spec.process->scheduler = scheduler; };
}
Change with_io(const std::string& io_class, int priority) {
  return [=](RuntimeSpec& spec) {
    spec.process->io_priority = {.io_class = io_class, .priority = priority};
  };
}

}  // namespace

TEST_CASE("scheduler: policies that everybody may have", "[integration][scheduling]") {
  CHECK(run_shell(kShowScheduler, with_scheduler({"SCHED_OTHER", 5, 0, {}, 0, 0, 0})).all() ==
        "5 0 0\n");
  CHECK(run_shell(kShowScheduler, with_scheduler({"SCHED_BATCH", 6, 0, {}, 0, 0, 0})).all() ==
        "6 0 3\n");
  CHECK(run_shell(kShowScheduler, with_scheduler({"SCHED_IDLE", 0, 0, {}, 0, 0, 0})).all() ==
        "0 0 5\n");
}

TEST_CASE("scheduler: real time, of root", "[integration][scheduling][root]") {
  NEEDS(root);
  const auto with_scheduler = [](const config::Scheduler& scheduler) -> Change {
    return [=](RuntimeSpec& spec) {
      spec.process->scheduler = scheduler;
      // In cgroup v1 nobody may have some without a part of its group's.
      if (!exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us")) return;
      spec.linux_.resources.emplace().cpu.emplace().realtime_runtime = 1000;
    };
  };
  CHECK(run_shell(kShowScheduler, with_scheduler({"SCHED_RR", 0, 7, {}, 0, 0, 0})).all() ==
        "0 7 2\n");
  CHECK(run_shell(std::string(kShowScheduler) + "; true",
                  with_scheduler({"SCHED_FIFO", 0, 8, {"SCHED_FLAG_RESET_ON_FORK"}, 0, 0, 0}))
            .all() == "0 0 0\n");  // what sh forks
}

TEST_CASE("scheduler: what is refused is told with a hint", "[integration][scheduling]") {
  const Change change = with_scheduler({"SCHED_FIFO", 0, 50, {}, 0, 0, 0});
  const Result result = run_shell("true", [&](RuntimeSpec& spec) {
    use_single(spec);
    change(spec);
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("scheduler SCHED_FIFO: sched_setattr: Operation not permitted") &&
                             Contains("CAP_SYS_NICE"));
}

TEST_CASE("scheduler: an exec gets its container's", "[integration][scheduling]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->args = {"probe", "wait"};
    spec.process->scheduler = {"SCHED_BATCH", 6, 0, {}, 0, 0, 0};
    spec.process->io_priority = {.io_class = "IOPRIO_CLASS_BE", .priority = 6};
    spec.linux_.personality = {.domain = "LINUX32", .flags = {}};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "test", "sh", "-c",
                      std::string(kShowScheduler) + ";" + kShowIoPriority + ";uname -m"}) ==
        sys::format("6 0 3\n{}\ni686\n", sys::io_priority(sys::IoClass::kBestEffort, 6)));
}

TEST_CASE("I/O priority: classes that everybody may have", "[integration][scheduling]") {
  CHECK(run_shell(kShowIoPriority, with_io("IOPRIO_CLASS_BE", 7)).all() ==
        sys::format("{}\n", sys::io_priority(sys::IoClass::kBestEffort, 7)));
  CHECK(run_shell(kShowIoPriority, with_io("IOPRIO_CLASS_IDLE", 0)).all() ==
        sys::format("{}\n", sys::io_priority(sys::IoClass::kIdle, 0)));
}

TEST_CASE("I/O priority: real time is the host's root's", "[integration][scheduling]") {
  const Change change = with_io("IOPRIO_CLASS_RT", 1);
  const Result refused = run_shell("true", [&](RuntimeSpec& spec) {
    use_single(spec);
    change(spec);
  });
  CHECK(refused.exit_code == 1);
  CHECK_THAT(refused.err, Contains("I/O priority IOPRIO_CLASS_RT") && Contains("hint"));
  NEEDS(root);
  CHECK(run_shell(kShowIoPriority, change).all() ==
        sys::format("{}\n", sys::io_priority(sys::IoClass::kRealtime, 1)));
}

TEST_CASE("CPU affinity: of an exec, and of nothing else", "[integration][scheduling]") {
  const std::string show = "grep Cpus_allowed_list /proc/self/status | cut -f2";
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, show + "; exec probe wait");
    spec.process->exec_cpu_affinity = {.initial = "0", .final_ = ""};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(eventually([&] { return !runtime.output_of("test").empty(); }));
  std::string own = run({"sh", "-c", show}).out;
  CHECK_THAT(runtime.output_of("test"), Catch::StartsWith(own));
  CHECK(runtime.must({"exec", "test", "sh", "-c", show}) == "0\n");
}

TEST_CASE("CPU affinity: the final one comes last, and one of no processor is refused",
          "[integration][scheduling]") {
  const Bundle bundle([&](RuntimeSpec& spec) { spec.process->args = {"probe", "wait"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto exec = [&](const std::string& initial, const std::string& final_) {
    const std::string file = runtime.directory() / "process.json";
    config::Process process = *default_spec().process;
    process.args = {"sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f2"};
    process.exec_cpu_affinity = {.initial = initial, .final_ = final_};
    write_text(file, config::write_process(process));
    return runtime.call({"exec", "--process", file, "test"});
  };
  CHECK(exec("0-4000", "0").all() == "0\n");
  const Result result = exec("", "60000");
  CHECK(result.exit_code == 255);
  CHECK_THAT(result.err, Contains("final CPU affinity") && Contains("hint"));
}

TEST_CASE("personality: a 32-bit machine, and back", "[integration][scheduling]") {
  const auto with_domain = [](const char* domain) {
    return [=](RuntimeSpec& spec) { spec.linux_.personality = {.domain = domain, .flags = {}}; };
  };
  const std::string line = sys::format("probe syscall {} 0xffffffff", SYS_personality);
  CHECK(run_shell(line, with_domain("LINUX32")).all() == "8\n");
  CHECK(run_shell(line, with_domain("LINUX")).all() == "0\n");
}

TEST_CASE("memory policy: of the program, and of every exec", "[integration][scheduling]") {
  const std::string show = "head -n 1 /proc/self/numa_maps | cut -d' ' -f2";
  const auto with_policy = [](const config::MemoryPolicy& policy) {
    return [=](RuntimeSpec& spec) { spec.linux_.memory_policy = policy; };
  };
  CHECK(run_shell(show, with_policy({"MPOL_BIND", "0", {}})).all() == "bind:0\n");
  CHECK(run_shell(show, with_policy({"MPOL_INTERLEAVE", "0", {"MPOL_F_STATIC_NODES"}})).all() ==
        "interleave=static:0\n");
  CHECK(run_shell(show, with_policy({"MPOL_INTERLEAVE", "0", {"MPOL_F_RELATIVE_NODES"}})).all() ==
        "interleave=relative:0\n");
  CHECK(run_shell(show, with_policy({"MPOL_PREFERRED", "0", {}})).all() == "prefer:0\n");
  CHECK(run_shell(show, with_policy({"MPOL_LOCAL", "", {}})).all() == "local\n");
  CHECK(run_shell(show, with_policy({"MPOL_DEFAULT", "", {}})).all() == "default\n");

  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.process->args = {"probe", "wait"};
    spec.linux_.memory_policy = {"MPOL_BIND", "0", {}};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "test", "sh", "-c", show}) == "bind:0\n");
}

TEST_CASE("memory policy: nodes that are not there are told with a hint",
          "[integration][scheduling]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    spec.linux_.memory_policy = {"MPOL_BIND", "900", {}};
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("memory policy MPOL_BIND: set_mempolicy: Invalid argument") &&
                             Contains("has_memory"));
}

TEST_CASE("intelRdt: an update of what can't be had is an error", "[integration][scheduling]") {
  if (exists("/sys/fs/resctrl/schemata")) return;
  const std::string option = GENERATE("--l3-cache-schema", "--mem-bw-schema");
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result = runtime.call({"update", option, "L3:0=f", "test"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains(option + ": no resctrl file system on /sys/fs/resctrl"));
}

TEST_CASE("intelRdt: a machine without it is told", "[integration][scheduling]") {
  if (exists("/sys/fs/resctrl/schemata")) return;
  const Bundle bundle([](RuntimeSpec& spec) { spec.linux_.intel_rdt.emplace(); });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/intelRdt: no resctrl file system on /sys/fs/resctrl") &&
                             Contains("hint"));
  CHECK(runtime.left().empty());
}
