// SPDX-License-Identifier: Apache-2.0
// update's flags as resources, and what they take over of the limits that are there.
#include "runtime/commands/update_resources.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using Catch::Matchers::Contains;
using runtime::CurrentLimits;
using runtime::UpdateOptions;

namespace {

using Field = std::string UpdateOptions::*;

config::Resources from_flag(Field field, const char* value) {
  UpdateOptions options;
  options.*field = value;
  return runtime::resources_of(options);
}

std::string complaint_about(Field field, const char* value) {
  try {
    (void)from_flag(field, value);
  } catch (const sys::Error& error) {
    CHECK(error.code() == EINVAL);
    return error.what();
  }
  return "none";
}

config::Resources of_cpu(std::optional<std::int64_t> quota, std::optional<std::uint64_t> period) {
  config::Resources resources;
  resources.cpu.emplace().quota = quota;
  resources.cpu->period = period;
  return resources;
}

config::Resources of_memory(std::optional<std::int64_t> limit, std::optional<std::int64_t> swap) {
  config::Resources resources;
  resources.memory.emplace().limit = limit;
  resources.memory->swap = swap;
  return resources;
}

constexpr CurrentLimits kCurrent = {.cpu_quota = 20000, .cpu_period = 50000, .memory = 1 << 20};

config::Resources completed(config::Resources resources, const CurrentLimits& current = kCurrent) {
  runtime::complete(resources, current);
  return resources;
}

}  // namespace

TEST_CASE("update: without flags nothing is asked for", "[commands][update]") {
  CHECK(runtime::resources_of(UpdateOptions()) == config::Resources());
}

TEST_CASE("update: each flag is a field, and no other", "[commands][update]") {
  config::Resources wanted;
  SECTION("memory") {
    wanted.memory.emplace().limit = 64 << 20;
    CHECK(from_flag(&UpdateOptions::memory, "64m") == wanted);
  }
  SECTION("reservation") {
    wanted.memory.emplace().reservation = 5;
    CHECK(from_flag(&UpdateOptions::memory_reservation, "5") == wanted);
  }
  SECTION("swap") {
    wanted.memory.emplace().swap = -1;
    CHECK(from_flag(&UpdateOptions::memory_swap, "-1") == wanted);
  }
  SECTION("shares") {
    wanted.cpu.emplace().shares = 512;
    CHECK(from_flag(&UpdateOptions::cpu_share, "512") == wanted);
  }
  SECTION("quota") {
    wanted.cpu.emplace().quota = -1;
    CHECK(from_flag(&UpdateOptions::cpu_quota, "-1") == wanted);
  }
  SECTION("period") {
    wanted.cpu.emplace().period = 50000;
    CHECK(from_flag(&UpdateOptions::cpu_period, "50000") == wanted);
  }
  SECTION("burst") {
    wanted.cpu.emplace().burst = 0;
    CHECK(from_flag(&UpdateOptions::cpu_burst, "0") == wanted);
  }
  SECTION("idle") {
    wanted.cpu.emplace().idle = 1;
    CHECK(from_flag(&UpdateOptions::cpu_idle, "1") == wanted);
  }
  SECTION("real time") {
    wanted.cpu.emplace().realtime_period = 1000000;
    CHECK(from_flag(&UpdateOptions::cpu_rt_period, "1000000") == wanted);
    wanted.cpu.emplace().realtime_runtime = 950000;
    CHECK(from_flag(&UpdateOptions::cpu_rt_runtime, "950000") == wanted);
  }
  SECTION("CPUs and memory nodes") {
    wanted.cpu.emplace().cpus = "0-1";
    CHECK(from_flag(&UpdateOptions::cpuset_cpus, "0-1") == wanted);
    wanted.cpu.emplace().mems = "0";
    CHECK(from_flag(&UpdateOptions::cpuset_mems, "0") == wanted);
  }
  SECTION("processes") {
    wanted.pids.emplace().limit = 0;
    CHECK(from_flag(&UpdateOptions::pids_limit, "0") == wanted);
  }
  SECTION("disks") {
    wanted.block_io.emplace().weight = 500;
    CHECK(from_flag(&UpdateOptions::blkio_weight, "500") == wanted);
  }
}

TEST_CASE("update: flags together are one set of resources", "[commands][update]") {
  UpdateOptions options;
  options.memory = "64m";
  options.memory_swap = "128MiB";
  options.cpu_quota = "5000";
  options.pids_limit = "7";
  config::Resources wanted = of_memory(64 << 20, 128 << 20);
  wanted.cpu.emplace().quota = 5000;
  wanted.pids.emplace().limit = 7;
  CHECK(runtime::resources_of(options) == wanted);
}

TEST_CASE("update: memory comes in Docker's units", "[commands][update]") {
  const auto bytes = [](const char* text) {
    return from_flag(&UpdateOptions::memory, text).memory->limit;
  };
  CHECK(bytes("1k") == 1024);
  CHECK(bytes("2K") == 2048);
  CHECK(bytes("1mb") == 1 << 20);
  CHECK(bytes("1GiB") == 1 << 30);
  CHECK(bytes("7b") == 7);
  CHECK(bytes("8191p") == std::int64_t{8191} << 50);
}

TEST_CASE("update: what is no number is refused by its flag", "[commands][update]") {
  CHECK(complaint_about(&UpdateOptions::memory, "64q") ==
        "--memory: \"64q\" is no number that it takes");
  CHECK(complaint_about(&UpdateOptions::memory, "-2") != "none");
  CHECK(complaint_about(&UpdateOptions::memory, "8192p") != "none");
  CHECK(complaint_about(&UpdateOptions::memory_swap, "m") != "none");
  CHECK(complaint_about(&UpdateOptions::cpu_share, "-1") != "none");
  CHECK(complaint_about(&UpdateOptions::cpu_quota, "--1") != "none");
  CHECK(complaint_about(&UpdateOptions::pids_limit, "1.5") != "none");
  CHECK_THAT(complaint_about(&UpdateOptions::blkio_weight, "65536"), Contains("--blkio-weight"));
}

TEST_CASE("update: half of a file's limits leaves the other half as it is", "[commands][update]") {
  CHECK(completed(of_cpu(5000, {})) == of_cpu(5000, 50000));
  CHECK(completed(of_cpu({}, 10000)) == of_cpu(20000, 10000));
  CHECK(completed(of_cpu(-1, {})) == of_cpu(-1, 50000));
  CHECK(completed(of_cpu(5000, 10000)) == of_cpu(5000, 10000));
  CHECK(completed(of_cpu({}, {})) == of_cpu({}, {}));
  CHECK(completed(of_cpu(5000, 0), {}).cpu->period == std::nullopt);
}

TEST_CASE("update: swap is counted with the memory that is allowed", "[commands][update]") {
  CHECK(completed(of_memory({}, 2 << 20)) == of_memory(1 << 20, 2 << 20));
  CHECK(completed(of_memory(512, 2048)) == of_memory(512, 2048));
  CHECK(completed(of_memory({}, -1)) == of_memory({}, -1));
  CHECK(completed(of_memory(512, {})) == of_memory(512, {}));
}

TEST_CASE("update: what is not asked for stays so", "[commands][update]") {
  CHECK(completed({}) == config::Resources());
}
