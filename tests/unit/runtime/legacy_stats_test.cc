// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/legacy_stats.h"

#include <catch2/catch.hpp>

using config::write_json;

TEST_CASE("legacy stats: time of the CPUs, in nanoseconds", "[runtime][cgroup]") {
  CHECK(write_json(runtime::legacy_cpu_usage("300\n", "user 1\nsystem 2\n",
                                             "cpu user system\n0 10 20\n1 30 40\n"),
                   "") ==
        R"({"total":300,"percpu":[30,70],"percpu_kernel":[20,40],"percpu_user":[10,30],)"
        R"("kernel":20000000,"user":10000000})");
}

TEST_CASE("legacy stats: by device, without the sum", "[runtime][cgroup]") {
  CHECK(write_json(runtime::legacy_block_io("8:0 Read 4096\n8:0 Write 0\nTotal 4096\n"), "") ==
        R"([{"major":8,"op":"Read","value":4096},{"major":8,"op":"Write"}])");
  CHECK(write_json(runtime::legacy_block_io("Total 0\n"), "") == "[]");
}
