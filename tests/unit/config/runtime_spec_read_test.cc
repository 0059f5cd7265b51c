// SPDX-License-Identifier: Apache-2.0
// Reading, writing and the defaults. The programs run at the top of the tree.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "config/names.h"
#include "config/runtime_spec.h"
#include "sys/error.h"

using config::parse_runtime_spec;
using config::RuntimeSpec;

namespace {

std::string read_golden(const std::string& name) {
  std::ifstream file("tests/golden/" + name);
  REQUIRE(file.is_open());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What the reader says against a document with this member; empty when it accepts it.
std::string problem(const std::string& member) {
  try {
    parse_runtime_spec("{\"ociVersion\":\"1.3.0\"," + member + "}", "config.json");
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

std::string linux_problem(const std::string& member) {
  return problem("\"linux\":{" + member + "}");
}

std::string rule_problem(const std::string& rule) {
  return linux_problem(R"("seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[)" + rule + "]}");
}

}  // namespace

TEST_CASE("spec: every field survives reading and writing", "[config][spec]") {
  const std::string text = read_golden("spec/good/full.json");
  const RuntimeSpec spec = parse_runtime_spec(text, "full.json");
  CHECK(write_runtime_spec(spec) == text);
  CHECK(parse_runtime_spec(write_runtime_spec(spec), "again") == spec);
  CHECK(validate(spec) == std::vector<std::string>{});
}

TEST_CASE("spec: the fields arrive where they belong", "[config][spec]") {
  const RuntimeSpec spec = parse_runtime_spec(read_golden("spec/good/full.json"), "full.json");
  CHECK(spec.process->rlimits.at(0).hard == 18446744073709551615U);
  CHECK(spec.process->user.umask == 022U);
  CHECK(spec.process->oom_score_adj == -998);
  CHECK(spec.process->capabilities->inheritable == std::vector<std::string>{"CAP_FOWNER"});
  CHECK(spec.process->exec_cpu_affinity->final_ == "0-3,7");
  CHECK(spec.hooks->prestart.at(0).timeout_seconds == 10);
  CHECK(spec.linux_.namespaces.at(1).path == "/run/netns/a");
  CHECK(spec.linux_.time_offsets.at("boottime").secs == -5);
  CHECK(spec.linux_.seccomp->syscalls.at(0).args.at(0).op == config::SeccompOperator::kMaskedEq);
  CHECK(spec.linux_.seccomp->syscalls.at(2).errno_ret == 0U);
  CHECK(spec.linux_.resources->memory->limit == 1048576);
}

TEST_CASE("spec: null is absent and unknown members are ignored", "[config][spec]") {
  const RuntimeSpec spec = parse_runtime_spec(read_golden("spec/good/nulls.json"), "nulls.json");
  CHECK(validate(spec) == std::vector<std::string>{});
  CHECK(spec.mounts.empty());
  CHECK_FALSE(spec.hooks);
  CHECK_FALSE(spec.process->capabilities);
  CHECK_FALSE(spec.process->oom_score_adj);
  CHECK(spec.linux_ == config::Linux{});
}

TEST_CASE("spec: a document of the least", "[config][spec]") {
  const RuntimeSpec spec = parse_runtime_spec(read_golden("spec/good/minimal.json"), "minimal");
  CHECK(validate(spec) == std::vector<std::string>{});
  CHECK_FALSE(spec.process);
}

TEST_CASE("spec: present and empty differs from absent", "[config][spec]") {
  const std::string text =
      "{\n\t\"ociVersion\": \"1.0.0\",\n\t\"process\": {\n\t\t\"user\": {\n\t\t\t\"uid\": 0,\n"
      "\t\t\t\"gid\": 0\n\t\t},\n\t\t\"cwd\": \"\",\n\t\t\"capabilities\": {},\n"
      "\t\t\"oomScoreAdj\": 0\n\t},\n\t\"hooks\": {}\n}";
  CHECK(write_runtime_spec(parse_runtime_spec(text, "doc")) == text);
}

TEST_CASE("spec: a personality is one of two", "[config][spec]") {
  const RuntimeSpec spec = parse_runtime_spec(
      R"({"ociVersion":"1.3.0","linux":{"personality":{"domain":"LINUX32"}}})", "doc");
  CHECK(spec.linux_.personality->domain == "LINUX32");
  CHECK(parse_runtime_spec(write_runtime_spec(spec), "again") == spec);
  CHECK(problem(R"("linux":{"personality":{"domain":"SVR4"}})") ==
        "config.json: /linux/personality/domain: unknown personality \"SVR4\"");
}

TEST_CASE("spec: what a container takes of the machine is read", "[config][spec]") {
  const RuntimeSpec spec = parse_runtime_spec(
      R"({"ociVersion":"1.3.0","linux":{"netDevices":{"eth0":{},"eth1":{"name":"n%d"}},
          "intelRdt":{"closID":"gold","schemata":["L3:0=f"],"enableMBM":true},
          "memoryPolicy":{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_STATIC_NODES"]}}})",
      "doc");
  CHECK(spec.linux_.net_devices ==
        std::map<std::string, config::NetDevice>{{"eth0", {}}, {"eth1", {"n%d"}}});
  CHECK(spec.linux_.intel_rdt == config::IntelRdt{.clos_id = "gold",
                                                  .schemata = {"L3:0=f"},
                                                  .l3_cache_schema = {},
                                                  .mem_bw_schema = {},
                                                  .enable_monitoring = true});
  CHECK(spec.linux_.memory_policy ==
        config::MemoryPolicy{"MPOL_BIND", "0", {"MPOL_F_STATIC_NODES"}});
  CHECK(parse_runtime_spec(write_runtime_spec(spec), "again") == spec);
}

TEST_CASE("spec: unknown words of what it takes are named", "[config][spec]") {
  CHECK(linux_problem(R"("memoryPolicy":{"nodes":"0"})") ==
        "config.json: /linux/memoryPolicy/mode: missing");
  CHECK(linux_problem(R"("memoryPolicy":{"mode":"BIND"})") ==
        "config.json: /linux/memoryPolicy/mode: unknown memory policy \"BIND\"");
  CHECK(linux_problem(R"("memoryPolicy":{"mode":"MPOL_BIND","flags":["X"]})") ==
        "config.json: /linux/memoryPolicy/flags/0: unknown flag of a memory policy \"X\"");
  CHECK(linux_problem(R"("netDevices":{"eth0":"x"})") ==
        "config.json: /linux/netDevices/eth0: expected an object, found a string");
  CHECK(linux_problem(R"("intelRdt":{"schemata":"L3:0=f"})") ==
        "config.json: /linux/intelRdt/schemata: expected an array, found a string");
}

TEST_CASE("spec: a process alone is read and written", "[config][spec]") {
  const config::Process process =
      *parse_runtime_spec(read_golden("spec/good/full.json"), "full.json").process;
  CHECK(config::parse_process(write_process(process), "process") == process);
  CHECK_THROWS_WITH(config::parse_process(R"({"rlimits":[{"type":"X","soft":1,"hard":1}]})", "p"),
                    "p: /rlimits/0/type: unknown limit \"X\"");
}

TEST_CASE("spec: every name of a closed list is accepted", "[config][spec]") {
  for (const auto type : config::kRlimitTypes) {
    CHECK(problem("\"process\":{\"rlimits\":[{\"type\":\"" + std::string(type) +
                  "\",\"soft\":0,\"hard\":0}]}") == "");
  }
  for (const auto& row : config::kNamespaceTypes) {
    CHECK(linux_problem("\"namespaces\":[{\"type\":\"" + std::string(row.name) + "\"}]") == "");
    CHECK(name_of(row.value) == row.name);
  }
  for (const auto& row : config::kSeccompActions) {
    CHECK(rule_problem("{\"names\":[\"x\"],\"action\":\"" + std::string(row.name) + "\"}") == "");
  }
  for (const auto& row : config::kSeccompOperators) {
    CHECK(rule_problem(R"({"names":["x"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,)"
                       R"("op":")" +
                       std::string(row.name) + "\"}]}") == "");
  }
  for (const auto name : config::kSeccompArchitectures) {
    CHECK(linux_problem(R"("seccomp":{"defaultAction":"SCMP_ACT_LOG","architectures":[")" +
                        std::string(name) + "\"]}") == "");
  }
  CHECK(std::size(config::kRlimitTypes) == 16);
  CHECK(std::size(config::kSeccompArchitectures) == 23);
}

TEST_CASE("spec: an unknown name is an error with its place", "[config][spec]") {
  CHECK(problem(R"("process":{"rlimits":[{"type":"RLIMIT_FOO","soft":1,"hard":1}]})") ==
        "config.json: /process/rlimits/0/type: unknown limit \"RLIMIT_FOO\"");
  CHECK(problem(R"("process":{"scheduler":{"policy":"FIFO"}})") ==
        "config.json: /process/scheduler/policy: unknown scheduling policy \"FIFO\"");
  CHECK(problem(R"("process":{"scheduler":{"policy":"SCHED_RR","flags":["a"]}})") ==
        "config.json: /process/scheduler/flags/0: unknown scheduling flag \"a\"");
  CHECK(problem(R"("process":{"ioPriority":{"class":"BE"}})") ==
        "config.json: /process/ioPriority/class: unknown I/O priority class \"BE\"");
  CHECK(linux_problem(R"("namespaces":[{"type":"pid"},{"type":"net"}])") ==
        "config.json: /linux/namespaces/1/type: unknown namespace \"net\"");
  CHECK(linux_problem(R"("devices":[{"type":"x","path":"/dev/x"}])") ==
        "config.json: /linux/devices/0/type: unknown device type \"x\"");
  CHECK(linux_problem(R"("rootfsPropagation":"public")") ==
        "config.json: /linux/rootfsPropagation: unknown propagation \"public\"");
  CHECK(linux_problem(R"("seccomp":{"defaultAction":"ALLOW"})") ==
        "config.json: /linux/seccomp/defaultAction: unknown action \"ALLOW\"");
  CHECK(linux_problem(R"("seccomp":{"defaultAction":"SCMP_ACT_KILL","architectures":["amd64"]})") ==
        "config.json: /linux/seccomp/architectures/0: unknown architecture \"amd64\"");
  CHECK(linux_problem(R"("seccomp":{"defaultAction":"SCMP_ACT_KILL","flags":["TSYNC"]})") ==
        "config.json: /linux/seccomp/flags/0: unknown filter flag \"TSYNC\"");
  CHECK(rule_problem(R"({"names":["x"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,)"
                     R"("op":"EQ"}]})") ==
        "config.json: /linux/seccomp/syscalls/0/args/0/op: unknown operator \"EQ\"");
}

TEST_CASE("spec: seccomp fails closed", "[config][spec]") {  // INV-7
  CHECK(linux_problem(R"("seccomp":{})") == "config.json: /linux/seccomp/defaultAction: missing");
  CHECK(linux_problem(R"("seccomp":{"defaultAction":null})") ==
        "config.json: /linux/seccomp/defaultAction: missing");
  CHECK(rule_problem(R"({"names":["x"]})") ==
        "config.json: /linux/seccomp/syscalls/0/action: missing");
  CHECK(rule_problem(R"({"action":"SCMP_ACT_ALLOW"})") ==
        "config.json: /linux/seccomp/syscalls/0/names: missing");
}

TEST_CASE("spec: a wrong type is an error with its place", "[config][spec]") {
  CHECK(problem(R"("root":{"path":7})") ==
        "config.json: /root/path: expected a string, found a number");
  CHECK(problem(R"("root":[])") == "config.json: /root: expected an object, found an array");
  CHECK(problem(R"("mounts":{})") == "config.json: /mounts: expected an array, found an object");
  CHECK(problem(R"("mounts":[null])") == "config.json: /mounts/0: expected an object, found null");
  CHECK(problem(R"("mounts":[{"source":"x"}])") == "config.json: /mounts/0/destination: missing");
  CHECK(problem(R"("process":{"terminal":"yes"})") ==
        "config.json: /process/terminal: expected a boolean, found a string");
  CHECK(problem(R"("annotations":{"a/b":1})") ==
        "config.json: /annotations/a~1b: expected a string, found a number");
  CHECK(problem(R"("linux":{"resources":[]})") ==
        "config.json: /linux/resources: expected an object, found an array");
  CHECK(problem(R"("hooks":{"poststop":[{}]})") == "config.json: /hooks/poststop/0/path: missing");
  CHECK_THROWS_WITH(parse_runtime_spec("[]", "config.json"),
                    "config.json: expected an object, found an array");
  CHECK_THROWS_WITH(parse_runtime_spec("{}", "config.json"), "config.json: /ociVersion: missing");
}

TEST_CASE("spec: ids are whole numbers of 32 bits", "[config][spec]") {
  CHECK(problem(R"("process":{"user":{"uid":4294967296}})") ==
        "config.json: /process/user/uid: 4294967296 is out of range (0 to 4294967295)");
  CHECK(problem(R"("process":{"user":{"gid":-1}})") ==
        "config.json: /process/user/gid: -1 is out of range (0 to 4294967295)");
  CHECK(problem(R"("process":{"user":{"additionalGids":[0,1.5]}})") ==
        "config.json: /process/user/additionalGids/1: 1.5 is not a whole number");
  CHECK(problem(R"("process":{"user":{"uid":"0x0"}})") ==
        "config.json: /process/user/uid: expected a number, found a string");
  CHECK(linux_problem(R"("uidMappings":[{"containerID":0,"hostID":0}])") ==
        "config.json: /linux/uidMappings/0/size: missing");
}

TEST_CASE("spec: the defaults are runc's, byte for byte", "[config][spec]") {
  CHECK(write_runtime_spec(config::default_runtime_spec()) == read_golden("runc-spec.json"));
  CHECK(write_runtime_spec(config::default_rootless_spec(0, 0)) ==
        read_golden("runc-spec-rootless.json"));
  CHECK(validate(config::default_runtime_spec()) == std::vector<std::string>{});
  CHECK(validate(config::default_rootless_spec(1000, 1001)) == std::vector<std::string>{});
  CHECK(config::default_rootless_spec(1000, 1001).linux_.gid_mappings.at(0).host_id == 1001);
}

TEST_CASE("spec: what the defaults write is what they are", "[config][spec]") {
  const RuntimeSpec spec = config::default_runtime_spec();
  CHECK(parse_runtime_spec(write_runtime_spec(spec), "default") == spec);
}
