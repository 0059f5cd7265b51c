// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/runtime_spec.h"

using config::RuntimeSpec;
using enum config::NamespaceType;
using Change = void (*)(RuntimeSpec&);
using List = std::vector<std::string>;

namespace {

/// A valid document with a process, all namespaces, ids 0 to 999 mapped and a seccomp filter.
RuntimeSpec good_spec() {
  RuntimeSpec spec = config::default_rootless_spec(1000, 1000);
  spec.linux_.namespaces = {{kPid, {}},  {kMount, {}},   {kIpc, {}},  {kUts, {}},
                            {kUser, {}}, {kNetwork, {}}, {kTime, {}}, {kCgroup, {}}};
  spec.linux_.uid_mappings = {{.container_id = 0, .host_id = 100000, .size = 1000}};
  spec.linux_.gid_mappings = spec.linux_.uid_mappings;
  spec.linux_.seccomp.emplace();
  spec.linux_.seccomp->syscalls = {{.names = {"read"}, .errno_ret = {}, .args = {}}};
  return spec;
}

List problems_after(Change change) {
  RuntimeSpec spec = good_spec();
  change(spec);
  return validate(spec);
}

std::string nul_text() { return std::string("a\0b", 3); }

}  // namespace

TEST_CASE("validate: a good document has no problem", "[config][validate]") {
  CHECK(validate(good_spec()) == List{});
}

TEST_CASE("validate: versions that we understand", "[config][validate]") {
  const char* version = GENERATE("1.0.0", "1.0.2-dev", "1.0.0-rc5", "1.0.0-rc.1", "1.1.0+dev",
                                 "1.2.1", "1.3.0", "1.3.99", "1.3.0-rc.1+dev");
  RuntimeSpec spec = good_spec();
  spec.oci_version = version;
  CAPTURE(version);
  CHECK(validate(spec) == List{});
}

TEST_CASE("validate: versions of others", "[config][validate]") {
  const char* version = GENERATE("0.5.0", "2.0.0", "1.4.0", "10.0.0", "1.99999999999999999999.0");
  RuntimeSpec spec = good_spec();
  spec.oci_version = version;
  CAPTURE(version);
  CHECK(validate(spec).size() == 1);
}

TEST_CASE("validate: text that is no version", "[config][validate]") {
  const char* version = GENERATE("", "1", "1.0", "1.0.", "v1.0.0", "1.0.0 ", "1.0.0-", "1.0.0.0",
                                 "01.0.0", "-1.0.0", "1.0.0-\n", "latest");
  RuntimeSpec spec = good_spec();
  spec.oci_version = version;
  CAPTURE(version);
  REQUIRE(validate(spec).size() == 1);
  CHECK_THAT(validate(spec)[0],
             Catch::StartsWith("/ociVersion: ") && Catch::EndsWith(" is not a version"));
}

TEST_CASE("validate: every problem is reported", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) {
          spec.root.path.clear();
          spec.process->cwd = "work";
          spec.process->args.clear();
        }) == List{"/root/path: missing", "/process/args: must not be empty",
                   "/process/cwd: \"work\" is not an absolute path"});
}

TEST_CASE("validate: the number of problems is bounded", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) { spec.process->env.assign(100000, "bad"); }).size() ==
        100);
}

TEST_CASE("validate: one problem, by its place and words", "[config][validate]") {
  using Row = std::tuple<Change, const char*>;
  const auto [change, expected] = GENERATE(table<Change, const char*>({
      // process
      Row{[](RuntimeSpec& s) { s.process->cwd.clear(); },
          "/process/cwd: empty, an absolute path is needed"},
      Row{[](RuntimeSpec& s) { s.process->args = {""}; },
          "/process/args/0: exec: \"\": executable file not found in $PATH"},
      Row{[](RuntimeSpec& s) {
            s.process->args = {"sh", nul_text()};
          },
          "/process/args/1: a NUL byte in \"a\\x00b\""},
      Row{[](RuntimeSpec& s) {
            s.process->env = {"A=1", "B"};
          },
          "/process/env/1: invalid environment variable \"B\": no \"=\" in it"},
      Row{[](RuntimeSpec& s) { s.process->env = {"=1"}; },
          "/process/env/0: invalid environment variable \"=1\": the name is empty"},
      Row{[](RuntimeSpec& s) { s.process->user.uid = 1000; },
          "/process/user/uid: 1000 is not mapped"},
      Row{[](RuntimeSpec& s) { s.process->user.gid = 1000; },
          "/process/user/gid: 1000 is not mapped"},
      Row{[](RuntimeSpec& s) {
            s.process->user.additional_gids = {999, 1000};
          },
          "/process/user/additionalGids/1: 1000 is not mapped"},
      Row{[](RuntimeSpec& s) { s.process->user.umask = 01000; },
          "/process/user/umask: 01000 is more than 0777"},
      Row{[](RuntimeSpec& s) { s.process->oom_score_adj = -1001; },
          "/process/oomScoreAdj: -1001 is out of range (-1000 to 1000)"},
      Row{[](RuntimeSpec& s) {
            s.process->rlimits = {{"RLIMIT_CPU", 2, 1}};
          },
          "/process/rlimits/0/soft: 2 is more than the hard limit, 1"},
      Row{[](RuntimeSpec& s) {
            s.process->rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_CPU", 1, 1}};
          },
          "/process/rlimits/1/type: RLIMIT_CPU is there twice"},
      Row{[](RuntimeSpec& s) { s.process->scheduler = {"SCHED_OTHER", 20, 0, {}, 0, 0, 0}; },
          "/process/scheduler/nice: 20 is out of range (-20 to 19)"},
      Row{[](RuntimeSpec& s) { s.process->scheduler = {"SCHED_OTHER", 0, 1, {}, 0, 0, 0}; },
          "/process/scheduler/priority: SCHED_OTHER has no priority"},
      Row{[](RuntimeSpec& s) { s.process->scheduler = {"SCHED_FIFO", 0, 100, {}, 0, 0, 0}; },
          "/process/scheduler/priority: 100 is out of range (1 to 99)"},
      Row{[](RuntimeSpec& s) { s.process->scheduler = {"SCHED_ISO", 0, 0, {}, 0, 0, 0}; },
          "/process/scheduler/policy: SCHED_ISO is reserved, and in no kernel"},
      Row{[](RuntimeSpec& s) {
            s.process->scheduler = {"SCHED_OTHER", 0, 0, {"SCHED_FLAG_UTIL_CLAMP_MAX"}, 0, 0, 0};
          },
          "/process/scheduler/flags/0: SCHED_FLAG_UTIL_CLAMP_MAX clamps to a value, for which "
          "there is no field"},
      Row{[](RuntimeSpec& s) { s.process->exec_cpu_affinity = {.initial = "0-", .final_ = ""}; },
          "/process/execCPUAffinity/initial: \"0-\" is not a list of processors as \"0-3,7\""},
      Row{[](RuntimeSpec& s) { s.linux_.personality = {.domain = "LINUX", .flags = {"X"}}; },
          "/linux/personality/flags: the specification has none yet"},
      Row{[](RuntimeSpec& s) {
            s.process->io_priority = {.io_class = "IOPRIO_CLASS_BE", .priority = 8};
          },
          "/process/ioPriority/priority: 8 is out of range (0 to 7)"},
      Row{[](RuntimeSpec& s) { s.process->console_size = {.height = 65536, .width = 1}; },
          "/process/consoleSize: 1 by 65536 is more than 65535"},
      // the rest of the top level
      Row{[](RuntimeSpec& s) {
            std::erase(s.linux_.namespaces, config::Namespace{kUts, {}});
          },
          "/hostname: there is no uts namespace to set it in"},
      Row{[](RuntimeSpec& s) { s.domainname = std::string(65, 'x'); },
          "/domainname: longer than 64 bytes"},
      Row{[](RuntimeSpec& s) { s.mounts[0].destination.clear(); }, "/mounts/0/destination: empty"},
      Row{[](RuntimeSpec& s) { s.mounts[1].options[0] = nul_text(); },
          "/mounts/1/options/0: a NUL byte in \"a\\x00b\""},
      Row{[](RuntimeSpec& s) {
            s.mounts[1].uid_mappings = {{0, 0, 1}};
          },
          "/mounts/1: uidMappings and gidMappings need each other"},
      Row{[](RuntimeSpec& s) { s.annotations[""] = "x"; }, "/annotations/: an empty key"},
      Row{[](RuntimeSpec& s) {
            s.hooks.emplace().poststop = {{"hook", {}, {}, {}}};
          },
          "/hooks/poststop/0/path: \"hook\" is not an absolute path"},
      Row{[](RuntimeSpec& s) {
            s.hooks.emplace().prestart = {{"/hook", {}, {}, 0}};
          },
          "/hooks/prestart/0/timeout: 0 is not above 0"},
      // linux
      Row{[](RuntimeSpec& s) {
            s.linux_.namespaces.push_back({kPid, {}});
          },
          "/linux/namespaces/8/type: a second pid namespace"},
      Row{[](RuntimeSpec& s) { s.linux_.namespaces[0].path = "ns"; },
          "/linux/namespaces/0/path: \"ns\" is not an absolute path"},
      Row{[](RuntimeSpec& s) { s.linux_.gid_mappings.clear(); },
          "/linux/gidMappings: missing, and a new user namespace needs it"},
      Row{[](RuntimeSpec& s) {
            s.linux_.uid_mappings.push_back({999, 5, 1});
          },
          "/linux/uidMappings: container id 999 is mapped twice"},
      Row{[](RuntimeSpec& s) {
            s.linux_.uid_mappings.push_back({1000, 100999, 1});
          },
          "/linux/uidMappings: host id 100999 is mapped twice"},
      Row{[](RuntimeSpec& s) {
            s.linux_.uid_mappings.push_back({1000, 5, 0});
          },
          "/linux/uidMappings/1/size: maps nothing"},
      Row{[](RuntimeSpec& s) {
            s.linux_.uid_mappings.push_back({4294967295, 5, 1});
          },
          "/linux/uidMappings/1: container ids beyond 4294967294"},
      Row{[](RuntimeSpec& s) { s.linux_.uid_mappings.resize(341); },
          "/linux/uidMappings: more than 340 mappings"},
      Row{[](RuntimeSpec& s) { s.linux_.time_offsets["realtime"]; },
          "/linux/timeOffsets/realtime: unknown clock"},
      Row{[](RuntimeSpec& s) { s.linux_.time_offsets["boottime"].nanosecs = 1000000000; },
          "/linux/timeOffsets/boottime/nanosecs: 1000000000 is a second or more"},
      Row{[](RuntimeSpec& s) {
            s.linux_.time_offsets["boottime"].secs = 1;
            s.linux_.namespaces[6].path = "/proc/1/ns/time";
          },
          "/linux/timeOffsets: there is no new time namespace to set them in"},
      Row{[](RuntimeSpec& s) {
            s.linux_.devices = {{"c", "fuse", 10, 229, {}, {}, {}}};
          },
          "/linux/devices/0/path: \"fuse\" is not an absolute path"},
      Row{[](RuntimeSpec& s) {
            s.linux_.devices = {{"c", "/f", -1, 0, {}, {}, {}}};
          },
          "/linux/devices/0/major: -1 is out of range (0 to 4095)"},
      Row{[](RuntimeSpec& s) {
            s.linux_.devices = {{"c", "/f", 1, 0, {}, {}, {}}, {"c", "/f", 2, 0, {}, {}, {}}};
          },
          "/linux/devices/1/path: \"/f\" is there twice, and differs"},
      Row{[](RuntimeSpec& s) { s.linux_.masked_paths = {"proc"}; },
          "/linux/maskedPaths/0: \"proc\" is not an absolute path"},
      Row{[](RuntimeSpec& s) { s.linux_.readonly_paths = {""}; },
          "/linux/readonlyPaths/0: empty, an absolute path is needed"},
      Row{[](RuntimeSpec& s) { s.linux_.cgroups_path = nul_text(); },
          "/linux/cgroupsPath: a NUL byte in \"a\\x00b\""},
      // seccomp
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->default_errno_ret = 4096; },
          "/linux/seccomp/defaultErrnoRet: 4096 is more than 4095"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->syscalls[0].errno_ret = 1; },
          "/linux/seccomp/syscalls/0/errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE return a "
          "value"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->syscalls[0].names.clear(); },
          "/linux/seccomp/syscalls/0/names: must not be empty"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->syscalls[0].args = {{.index = 6}}; },
          "/linux/seccomp/syscalls/0/args/0/index: 6 is out of range (0 to 5)"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->syscalls[0].args.resize(7); },
          "/linux/seccomp/syscalls/0/args: more than 6 conditions"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->listener_metadata = "m"; },
          "/linux/seccomp/listenerMetadata: there is no listenerPath"},
      Row{[](RuntimeSpec& s) {
            s.linux_.seccomp->syscalls[0].action = config::SeccompAction::kNotify;
          },
          "/linux/seccomp/listenerPath: missing, and a rule has SCMP_ACT_NOTIFY"},
      Row{[](RuntimeSpec& s) { s.linux_.seccomp->default_action = config::SeccompAction::kNotify; },
          "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be the default"},
  }));
  CHECK(problems_after(change) == List{expected});
}

TEST_CASE("validate: the id that means none is no id", "[config][validate]") {  // INV-6
  RuntimeSpec spec = config::default_runtime_spec();
  spec.process->user = {4294967295, 4294967295, {}, {4294967295}};
  CHECK(validate(spec) == List{"/process/user/uid: 4294967295 is not an id",
                               "/process/user/gid: 4294967295 is not an id",
                               "/process/user/additionalGids/0: 4294967295 is not an id"});
}

TEST_CASE("validate: mappings need a user namespace", "[config][validate]") {
  RuntimeSpec spec = config::default_runtime_spec();
  spec.linux_.uid_mappings = {{0, 0, 1}};
  CHECK(validate(spec) == List{"/linux/uidMappings: there is no user namespace to map ids in"});
}

TEST_CASE("validate: a user namespace that is joined needs no mappings", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) {
          spec.linux_.namespaces[4].path = "/proc/1/ns/user";
          spec.linux_.uid_mappings.clear();
          spec.linux_.gid_mappings.clear();
        }) == List{});
}

TEST_CASE("validate: extents that touch do not overlap", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) {
          spec.linux_.uid_mappings.push_back({1000, 101000, 4294967295U - 101000U});
        }) == List{});
}

TEST_CASE("validate: the same device twice is harmless", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) {
          spec.linux_.devices.assign(2, {"c", "/dev/fuse", 10, 229, {}, {}, {}});
        }) == List{});
}

TEST_CASE("validate: keys of sysctl stay inside /proc/sys", "[config][validate]") {
  const char* key =
      GENERATE("", ".", "a..b", "net/../../etc", "/etc/passwd", "net.", "a b", "a\nb", "net./x");
  CAPTURE(key);
  RuntimeSpec spec = good_spec();
  spec.linux_.sysctl[key] = "1";
  REQUIRE(validate(spec).size() == 1);
  CHECK_THAT(validate(spec)[0], Catch::EndsWith("not the name of a sysctl"));
}

TEST_CASE("validate: names of sysctl as people write them", "[config][validate]") {
  const char* key =
      GENERATE("net.ipv4.ip_forward", "net/ipv4/ip_forward", "net.ipv4.conf.eth0/1.forwarding",
               "kernel.shmmax", "net.ipv6.conf.veth-a@b.disable_ipv6");
  CAPTURE(key);
  RuntimeSpec spec = good_spec();
  spec.linux_.sysctl[key] = "1";
  CHECK(validate(spec) == List{});
}

TEST_CASE("validate: only kernel parameters of a namespace of the container's",
          "[config][validate]") {
  const auto problem = [](const char* name, const std::string& value) {
    RuntimeSpec spec = good_spec();
    std::erase_if(spec.linux_.namespaces, [](const config::Namespace& one) {
      return one.type == config::NamespaceType::kIpc;
    });
    spec.linux_.sysctl = {{"net.x", "1"}, {name, value}};
    return validate(spec);
  };
  CHECK(problem("kernel.core_pattern", "x") ==
        List{"/linux/sysctl/kernel.core_pattern: belongs to the host and to no namespace"});
  CHECK(problem("kernel.sem", "x") ==
        List{"/linux/sysctl/kernel.sem: there is no ipc namespace to set it in"});
  CHECK(problem("kernel.hostname", "x") ==
        List{"/linux/sysctl/kernel.hostname: is for the field hostname to say"});
  CHECK(problem("net/x", "1") == List{"/linux/sysctl/net~1x: the same as \"net.x\""});
  CHECK(problem("net.y", "") == List{"/linux/sysctl/net.y: empty"});
  CHECK(problem("net.y", "1\n2") == List{"/linux/sysctl/net.y: more than one line"});
  CHECK(problem("net.y", std::string("1\0", 2)).size() == 1);
  CHECK(problem("net.y", std::string(4096, '1')) ==
        List{"/linux/sysctl/net.y: longer than 4095 bytes"});
  CHECK(problem("net.y", "1\n") == List{});
}

TEST_CASE("validate: a listener is for profiles that notify", "[config][validate]") {
  CHECK(problems_after([](RuntimeSpec& spec) {
          spec.linux_.seccomp->syscalls[0].action = config::SeccompAction::kNotify;
          spec.linux_.seccomp->listener_path = "/run/l";
          spec.linux_.seccomp->listener_metadata = "m";
        }) == List{});
  // config-linux.md: if nothing is notified, the path is ignored.
  CHECK(problems_after([](RuntimeSpec& spec) { spec.linux_.seccomp->listener_path = "/run/l"; }) ==
        List{});
}

TEST_CASE("validate: the process of an exec is checked alone", "[config][validate]") {
  CHECK(config::validate_process(*good_spec().process) == List{});
  config::Process process;
  process.args = {"sh"};
  CHECK(config::validate_process(process) ==
        List{"/process/cwd: empty, an absolute path is needed"});
}

TEST_CASE("validate: idmapped mounts", "[config][validate]") {
  const auto problems = [](const List& options, bool has_user, uint32_t own) {
    RuntimeSpec spec = has_user ? good_spec() : config::default_runtime_spec();
    spec.mounts = {{"/m", "bind", "/x", options, {}, {}}};
    if (own != 0) spec.mounts[0].uid_mappings = spec.mounts[0].gid_mappings = {{0, 1000, own}};
    return validate(spec);
  };
  const std::string ranges = "idmap=uids=0-1000-1;gids=0-1000-1";
  CHECK(problems({"bind", "idmap"}, true, 0) == List{});
  CHECK(problems({"bind", "ridmap"}, false, 1) == List{});
  CHECK(problems({"bind", ranges}, false, 0) == List{});
  CHECK_THAT(problems({"bind", "idmap"}, false, 0).at(0), Catch::Contains("and there is none"));
  CHECK_THAT(problems({"bind", ranges}, true, 1).at(0), Catch::StartsWith("/mounts/0: both"));
  CHECK_THAT(problems({"bind", "idmap=uids=0"}, true, 0).at(0),
             Catch::StartsWith("/mounts/0/options: \"uids=0\" is not as"));
  CHECK_THAT(problems({"bind", "idmap=uids=@0-0-1;gids=0-0-1"}, false, 0).at(0),
             Catch::Contains("\"@\""));
  CHECK_THAT(problems({"bind", "idmap=uids=0-0-0;gids=0-0-1"}, true, 0).at(0),
             Catch::Contains("maps nothing"));
}
