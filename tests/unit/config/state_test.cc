// SPDX-License-Identifier: Apache-2.0
#include "config/state.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using config::ContainerState;
using config::Record;

namespace {

ContainerState sample_state() {
  return {.oci_version = "1.0.2-dev",
          .id = "x1",
          .pid = 3643,
          .status = "created",
          .bundle = "/b",
          .rootfs = "/b/rootfs",
          .created = "2026-11-23T08:59:38.567868049Z",
          .annotations = {{"b", "2"}, {"a", "1"}},
          .owner = "root"};
}

Record sample_record() {
  return {.id = "x1",
          .bundle = "/b \"quoted\"",
          .rootfs = "/b/rootfs",
          .oci_version = "1.3.0",
          .pid = 42,
          .start_time = 18446744073709551615U,
          .created = "2026-11-23T08:59:38Z",
          .owner_uid = 4294967294,
          .namespaces = {config::NamespaceType::kPid, config::NamespaceType::kTime},
          .annotations = {{"a", "1"}},
          .no_pivot = true};
}

std::string record_problem(const std::string& from, const std::string& to) {
  std::string text = write_record(sample_record());
  text.replace(text.find(from), from.size(), to);
  try {
    config::parse_record(text, "record.json");
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("state: printed as runc prints it", "[config][state]") {
  CHECK(write_state(sample_state()) == R"({
  "ociVersion": "1.0.2-dev",
  "id": "x1",
  "pid": 3643,
  "status": "created",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-11-23T08:59:38.567868049Z",
  "annotations": {
    "a": "1",
    "b": "2"
  },
  "owner": "root"
})");
}

TEST_CASE("state: a list is one line, as runc's", "[config][state]") {
  CHECK(config::write_state_list({}) == "null\n");
  ContainerState state = sample_state();
  state.annotations.clear();
  CHECK(config::write_state_list({state}) ==
        R"([{"ociVersion":"1.0.2-dev","id":"x1","pid":3643,"status":"created","bundle":"/b",)"
        R"("rootfs":"/b/rootfs","created":"2026-11-23T08:59:38.567868049Z","owner":"root"}])"
        "\n");
}

TEST_CASE("state: hooks get the specification's fields alone", "[config][state]") {
  CHECK(write_hook_state(sample_state()) ==
        R"({"ociVersion":"1.0.2-dev","id":"x1","status":"created","pid":3643,"bundle":"/b",)"
        R"("annotations":{"a":"1","b":"2"}})");
}

TEST_CASE("state: times lose their trailing zeros, as Go's RFC3339Nano", "[config][state]") {
  using namespace std::chrono_literals;
  const std::chrono::sys_days day = std::chrono::year(2026) / 2 / 3;
  CHECK(config::format_time(day + 4h + 5min + 6s) == "2026-02-03T04:05:06Z");
  CHECK(config::format_time(day + 23h + 500ms) == "2026-02-03T23:00:00.5Z");
  CHECK(config::format_time(day + 1ns) == "2026-02-03T00:00:00.000000001Z");
}

TEST_CASE("record: what is written is read", "[config][state]") {
  CHECK(config::parse_record(write_record(sample_record()), "r") == sample_record());
}

TEST_CASE("record: hooks are told of where there are any", "[config][state]") {
  Record record = sample_record();
  CHECK_THAT(write_record(record), !Catch::Contains("hooks"));
  record.has_hooks = true;
  CHECK(config::parse_record(write_record(record), "r") == record);
}

TEST_CASE("record: a strict reader", "[config][state]") {
  CHECK(record_problem("\"pid\": 42", "\"pid\": -1") == "record.json: /pid: negative");
  CHECK(record_problem("\"pid\": 42,", "") == "record.json: /pid: missing");
  CHECK(record_problem("\"noPivot\"", "\"noPivots\"") == "record.json: /noPivots: unknown member");
  CHECK(record_problem("\"time\"", "\"tim\"") ==
        "record.json: /namespaces/1: unknown namespace \"tim\"");
  CHECK(record_problem("\"version\": 1", "\"version\": 2") ==
        "record.json: version 2 of the record, this tilla knows 1");
}

TEST_CASE("state: a cgroup's record comes back as it was written", "[config][state]") {
  const config::CgroupRecord made = {.driver = "legacy",
                                     .path = "/a/b",
                                     .unit = {},
                                     .hierarchies = {{"cpu,cpuacct", "/sys/fs/cgroup/cpu/a/b"}}};
  CHECK(config::parse_cgroup_record(config::write_cgroup_record(made), "cgroup.json") == made);
  const config::CgroupRecord by_systemd = {.driver = "unified",
                                           .path = "/user.slice/x.scope",
                                           .unit = "x.scope",
                                           .invocation = "14a27506a6bb47d59795b78ed7a06c4b",
                                           .inode = std::uint64_t{1} << 40,
                                           .of_user = true,
                                           .hierarchies = {}};
  CHECK(config::parse_cgroup_record(config::write_cgroup_record(by_systemd), "cgroup.json") ==
        by_systemd);
}
