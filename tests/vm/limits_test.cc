// SPDX-License-Identifier: Apache-2.0
// Each limit by its effect, and what the verbs say of it.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/vm/place.h"

using namespace support;
using Catch::Matchers::Contains;
using config::Resources;
using config::RuntimeSpec;

namespace {

Result run_limited(const std::string& line, const std::function<void(Resources&)>& limit) {
  return run_shell(line, [&](RuntimeSpec& spec) { limit(spec.linux_.resources.emplace()); });
}

constexpr const char* kFillMemory = "head -c 48m /dev/zero | tail -c 48m | wc -c";

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; }

Result exec_shell(const Runtime& runtime, const std::string& line) {
  return runtime.call({"exec", "test", "sh", "-c", line});
}

// On the machine's disk, with a file of 4 MB to read and one to write.
std::string make_disk_folder() {
  std::string folder = "/var/tmp/tilla-test-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  write_text(folder + "/read", std::string(4 << 20, 'x'));
  write_text(folder + "/written", "");
  REQUIRE(run({"sync"}).exit_code == 0);
  return folder;
}

}  // namespace

TEST_CASE("vm: who takes more memory than the limit is ended", "[vm][limits]") {
  const Result result = run_limited(kFillMemory, [](Resources& resources) {
    resources.memory.emplace().limit = 16 << 20;
    resources.memory->swap = 16 << 20;
  });
  CHECK(result.out != "50331648\n");
  CHECK(run_shell(kFillMemory).out == "50331648\n");
}

TEST_CASE("vm: more processes than the limit are refused", "[vm][limits]") {
  const std::string line =
      "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done 2>/dev/null; jobs | wc -l; kill $(jobs -p)";
  const Result result =
      run_limited(line, [](Resources& resources) { resources.pids.emplace().limit = 5; });
  CHECK(result.out != "9\n");
  CHECK(run_shell(line).out == "9\n");
}

TEST_CASE("vm: a limit of 0 processes is one, and -1 is none", "[vm][limits]") {
  const std::string line = "(true) 2>/dev/null && echo forked";
  const auto forks = [&](std::int64_t limit) {
    return run_limited(line, [=](Resources& resources) { resources.pids.emplace().limit = limit; });
  };
  CHECK_THAT(forks(0).out, !Contains("forked"));
  CHECK(forks(-1).out == "forked\n");
}

TEST_CASE("vm: what is swapped out is limited as well", "[vm][limits][root]") {
  const std::string file = "/var/tmp/tilla-test-swap";
  // 20 MB in 8 MB of memory. To and from this disk it takes a while.
  const auto fits = [](std::int64_t both) {
    const Bundle bundle([=](RuntimeSpec& spec) {
      set_shell(spec, "head -c 20m /dev/zero | tail -c 20m | wc -c");
      spec.linux_.resources.emplace().memory.emplace().limit = 8 << 20;
      spec.linux_.resources->memory->swap = both;
    });
    return Runtime().run(bundle, {}, {.timeout = std::chrono::seconds(120)}).out == "20971520\n";
  };
  REQUIRE(run({"sh", "-c",
               "dd if=/dev/zero of=$0 bs=1M count=48 2>/dev/null && chmod 600 $0 && mkswap $0 && "
               "swapon $0",
               file})
              .exit_code == 0);
  CHECK(fits(44 << 20));        // 36 MB of swap
  CHECK_FALSE(fits(12 << 20));  // 4 MB
  CHECK_FALSE(fits(8 << 20));   // none
  CHECK(run({"sh", "-c", "swapoff $0; rm $0", file}).exit_code == 0);
}

TEST_CASE("vm: a busy loop gets its tenth of a CPU", "[vm][limits]") {
  // What its ended children used, in hundredths of a second, of about two.
  const std::string line =
      "timeout 2 sh -c 'while :; do :; done'; "
      "awk '{ print ($16 + $17 < 60) ? \"held\" : \"free\" }' /proc/$$/stat";
  const Result result = run_limited(line, [](Resources& resources) {
    resources.cpu.emplace().quota = 10000;
    resources.cpu->period = 100000;
  });
  CHECK_THAT(result.out, Contains("held"));
  CHECK_THAT(run_shell(line).out, Contains("free"));
}

// Of one CPU, so that they are in each other's way.
TEST_CASE("vm: the CPU is shared by weight, and idle is last", "[vm][limits]") {
  const bool is_idle = GENERATE(false, true);
  const auto loops = [](const std::function<void(config::CpuResources&)>& change) {
    return [=](RuntimeSpec& spec) {
      set_shell(spec, "while :; do :; done");
      change(spec.linux_.resources.emplace().cpu.emplace());
    };
  };
  const Bundle light(loops([&](config::CpuResources& cpu) {
    if (is_idle) {
      cpu.idle = 1;
    } else {
      cpu.shares = 128;
    }
  }));
  const Bundle heavy(loops([](config::CpuResources& cpu) { cpu.shares = 8192; }));
  const Runtime runtime;
  runtime.start(light, "light");
  runtime.start(heavy, "heavy");
  for (const char* id : {"light", "heavy"}) {
    REQUIRE(run({"taskset", "-p", "1", std::to_string(runtime.pid(id))}).exit_code == 0);
  }
  const auto used = [&](const char* id) {
    const std::string text = read_text(cgroup_of(runtime, id) + "/cpu.stat");
    return std::stoull(text.substr(text.find(' ')));  // usage_usec NUMBER
  };
  const auto light_before = used("light"), heavy_before = used("heavy");
  // Not for a time: how much a machine like this gets of it differs.
  REQUIRE(eventually([&] { return used("heavy") > heavy_before + 500000; }, milliseconds(60000)));
  CHECK(used("heavy") - heavy_before > (used("light") - light_before) * 5);
}

TEST_CASE("vm: a limit is changed while the container runs, and measured", "[vm][limits]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().pids.emplace().limit = 50;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK_THAT(runtime.must({"events", "--stats", "test"}),
             Contains("\"pids\":{\"current\":1,\"limit\":50}"));
  runtime.must({"update", "--pids-limit", "20", "test"});
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"limit\":20"));
  runtime.must({"update", "--resources", "-", "test"}, {.input = R"({"pids":{"limit":-1}})"});
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"pids\":{\"current\":1}"));
}

TEST_CASE("vm: half of what is in cpu.max is changed alone", "[vm][limits]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().cpu.emplace().quota = 20000;
    spec.linux_.resources->cpu->period = 50000;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string file = cgroup_of(runtime, "test") + "/cpu.max";
  runtime.must({"update", "--cpu-quota", "10000", "test"});
  CHECK(read_text(file) == "10000 50000\n");
  runtime.must({"update", "--cpu-period", "100000", "test"});
  CHECK(read_text(file) == "10000 100000\n");
}

TEST_CASE("vm: who is ended for want of memory is told by events", "[vm][limits]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().memory.emplace().limit = 16 << 20;
    spec.linux_.resources->memory->swap = 16 << 20;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  Program events(runtime.argv({"events", "--interval", "1s", "test"}));
  events.wait_for("\"type\":\"stats\"");
  CHECK_THAT(events.output(), !Contains("\"oom\""));
  CHECK(exec_shell(runtime, kFillMemory).out != "50331648\n");
  events.wait_for("\"type\":\"oom\"");
  CHECK(runtime.status("test") == "running");
  runtime.must({"delete", "--force", "test"});
  CHECK(events.wait().exit_code == 0);
}

TEST_CASE("vm: the end of a container is no event of memory", "[vm][limits]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  Program events(runtime.argv({"events", "--interval", "1s", "test"}));
  events.wait_for("\"type\":\"stats\"");
  SECTION("whose cgroup is there when it is seen") { runtime.must({"delete", "--force", "test"}); }
  SECTION("whose cgroup is gone by then") {
    events.signal(SIGSTOP);
    runtime.must({"delete", "--force", "test"});
    events.signal(SIGCONT);
  }
  const Result result = events.wait();
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, !Contains("\"oom\""));
}

TEST_CASE("vm: a file of another name is written, and holds", "[vm][limits]") {
  const std::string line =
      "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done 2>/dev/null; jobs | wc -l; kill $(jobs -p)";
  const Result result =
      run_limited(line, [](Resources& resources) { resources.unified["pids.max"] = "5"; });
  CHECK(result.out != "9\n");
}

TEST_CASE("vm: paused and resumed", "[vm][limits]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  runtime.must({"pause", "test"});
  CHECK(runtime.status("test") == "paused");
  runtime.must({"resume", "test"});
  CHECK(runtime.must({"exec", "test", "echo", "back"}) == "back\n");
  runtime.must({"pause", "test"});
  runtime.must({"delete", "--force", "test"});
  CHECK(runtime.left().empty());
}

namespace {

// One of the disk's limits, at which 4 MB take a minute.
struct DiskLimit {
  std::vector<config::ThrottleDevice> config::BlockIoResources::*field;
  const char* name;
  std::uint64_t rate;
  const char* dd;  // past the page cache: no time at all without the limit
};

constexpr const char* kRead = "dd if=/data/read of=/dev/null bs=64k count=64 iflag=direct";
constexpr const char* kWrite = "dd if=/dev/zero of=/data/written bs=64k count=64 oflag=direct";

}  // namespace

TEST_CASE("vm: a disk is read and written no faster than the limit", "[vm][limits][qemu]") {
  const auto limit = GENERATE(
      values<DiskLimit>({{&config::BlockIoResources::read_bps, "ReadBps", 65536, kRead},
                         {&config::BlockIoResources::read_iops, "ReadIOPS", 2, kRead},
                         {&config::BlockIoResources::write_bps, "WriteBps", 65536, kWrite},
                         {&config::BlockIoResources::write_iops, "WriteIOPS", 2, kWrite}}));
  const std::string folder = make_disk_folder();
  struct stat status = {};
  REQUIRE(::stat(folder.c_str(), &status) == 0);
  const Bundle bundle([&](RuntimeSpec& spec) {
    sleeps(spec);
    add_mount(spec, "/data", "bind", folder, {"bind"});
    spec.linux_.resources.emplace().block_io.emplace().*limit.field = {
        {.major = major(status.st_dev), .minor = minor(status.st_dev), .rate = limit.rate}};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string line = std::string("timeout 4 ") + limit.dd + " 2>/dev/null && echo done";
  CHECK(exec_shell(runtime, line).out.empty());
  const std::string none =
      sys::format(R"({{"blockIO":{{"throttle{}Device":[{{"major":{},"minor":{},"rate":0}}]}}}})",
                  limit.name, major(status.st_dev), minor(status.st_dev));
  runtime.must({"update", "--resources", "-", "test"}, {.input = none});
  CHECK(exec_shell(runtime, line).out == "done\n");
  CHECK_THAT(
      runtime.must({"events", "--stats", "test"}),
      Contains("\"ioServiceBytesRecursive\":[{\"major\":" + std::to_string(major(status.st_dev))));
  (void)run({"rm", "-r", folder});
}

// Without a scheduler that knows them weights mean nothing.
TEST_CASE("vm: a disk is shared by weight", "[vm][limits][qemu][root]") {
  const std::string queue = "/sys/block/vda/queue/";
  REQUIRE(run({"modprobe", "bfq"}).exit_code == 0);
  write_text(queue + "scheduler", "bfq");
  write_text(queue + "iosched/low_latency", "0");
  const auto weighs = [](std::uint16_t weight) {
    return [=](RuntimeSpec& spec) {
      sleeps(spec);
      add_mount(spec, "/data", "bind", "/usr/bin/podman", {"bind", "ro"});
      spec.linux_.resources.emplace().block_io.emplace().weight = weight;
    };
  };
  const Bundle light(weighs(10)), heavy(weighs(1000));
  const Runtime runtime;
  runtime.start(light, "light");
  runtime.start(heavy, "heavy");
  const auto read_for_a_while = [&](const char* id) {
    return runtime.argv({"exec", id, "timeout", "4", "sh", "-c",
                         "while :; do dd if=/data of=/dev/null bs=64k iflag=direct 2>&-; done"});
  };
  const auto bytes_read = [&](const char* id) {
    const std::string text = read_text(cgroup_of(runtime, id) + "/io.stat");
    const std::size_t at = text.find("rbytes=");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + 7));
  };
  CHECK(read_text(cgroup_of(runtime, "light") + "/io.bfq.weight") == "default 10\n");
  CHECK(read_text(cgroup_of(runtime, "heavy") + "/io.bfq.weight") == "default 1000\n");
  // Equal weights differ by a tenth. On a busy host it is the processor that they wait for.
  bool is_shared_by_weight = false;
  for (int round = 0; round < 5 && !is_shared_by_weight; ++round) {
    const auto light_before = bytes_read("light"), heavy_before = bytes_read("heavy");
    Program first(read_for_a_while("light")), second(read_for_a_while("heavy"));
    (void)first.wait();
    (void)second.wait();
    is_shared_by_weight =
        bytes_read("heavy") - heavy_before > (bytes_read("light") - light_before) * 3 / 2;
  }
  CHECK(is_shared_by_weight);
  write_text(queue + "scheduler", "none");
}

TEST_CASE("vm: a container runs on the CPUs that it was given", "[vm][limits][qemu]") {
  const auto cpus = [](const Runtime& runtime) {
    return exec_shell(runtime, "grep Cpus_allowed_list /proc/self/status | cut -f2").out;
  };
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().cpu.emplace().cpus = "1";
    spec.linux_.resources->cpu->mems = "0";
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(cpus(runtime) == "1\n");
  CHECK(exec_shell(runtime, "taskset 1 true").exit_code != 0);  // of CPU 0
  runtime.must({"update", "--cpuset-cpus", "0-1", "test"});
  CHECK(cpus(runtime) == "0-1\n");
}

// systemd hands no huge pages over to users.
TEST_CASE("vm: huge pages beyond the limit can't be had", "[vm][limits][qemu][root]") {
  write_text("/proc/sys/vm/nr_hugepages", "8");
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().hugepage_limits = {{.page_size = "2MB", .limit = 2 << 20}};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  // mmap(NULL, LENGTH, read and write, private, anonymous, huge, -1, 0)
  const auto map = [&](const char* length) {
    return exec_shell(runtime, std::string("probe syscall 9 0 ") + length + " 3 0x40022 -1 0").out;
  };
  CHECK(map("0x400000") == "errno 12\n");
  CHECK_THAT(map("0x200000"), !Contains("errno"));
  runtime.must({"update", "--resources", "-", "test"},
               {.input = R"({"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]})"});
  CHECK_THAT(map("0x400000"), !Contains("errno"));
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"hugetlb\":{\"2MB\":{"));
  write_text("/proc/sys/vm/nr_hugepages", "0");
}

// A device of software. The call is the first of libibverbs, which gets a handle
// (rdma/ib_user_verbs.h); whoever makes it has opened the device before, which no container may.
TEST_CASE("vm: a handle of an RDMA device beyond the limit can't be had",
          "[vm][limits][qemu][root]") {
  const char* kAdd =
      "modprobe -a ib_uverbs rdma_rxe && rdma link add tilla0 type rxe netdev lo &&"
      " test -e /dev/infiniband/uverbs0";
  const char* kGetTwo = R"(
    open($a, "+<", "/dev/infiniband/uverbs0") or die;
    open($b, "+<", "/dev/infiniband/uverbs0") or die;
    open($procs, ">", $ARGV[0]) or die;
    syswrite($procs, "0") or die;
    $answer = "\0" x 16;
    $call = pack("LSSQ", 0, 4, 4, unpack("Q", pack("P", $answer)));
    for $device ($a, $b) { print defined syswrite($device, $call) ? "got\n" : "$!\n"; })";
  REQUIRE(run({"sh", "-c", kAdd}).exit_code == 0);
  const Bundle bundle([](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.resources.emplace().rdma["tilla0"] = {.hca_handles = 1, .hca_objects = 100};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string place = cgroup_of(runtime, "test");
  CHECK_THAT(read_text(place + "/rdma.max"), Contains("tilla0 hca_handle=1 hca_object=100"));
  const auto get_two = [&] { return run({"perl", "-e", kGetTwo, place + "/cgroup.procs"}).out; };
  CHECK(get_two() == "got\nResource temporarily unavailable\n");
  runtime.must({"update", "--resources", "-", "test"},
               {.input = R"({"rdma":{"tilla0":{"hcaHandles":2}}})"});
  CHECK(get_two() == "got\ngot\n");
  CHECK(run({"rdma", "link", "delete", "tilla0"}).exit_code == 0);
}
