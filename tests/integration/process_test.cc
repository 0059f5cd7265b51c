// SPDX-License-Identifier: Apache-2.0
// What the program finds itself to be: identity, capabilities, names, limits, surroundings.
#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

void set_capabilities(RuntimeSpec& spec, const std::vector<std::string>& names) {
  spec.process->capabilities = config::Capabilities{.bounding = names,
                                                    .effective = names,
                                                    .inheritable = names,
                                                    .permitted = names,
                                                    .ambient = names};
}

constexpr const char* kShowCapabilities = "grep Cap /proc/self/status | cut -f2 | tr '\\n' ' '";

}  // namespace

TEST_CASE("process: is root inside unless the bundle says otherwise", "[integration][process]") {
  CHECK(run_shell("id -u; id -g").out == "0\n0\n");
}

TEST_CASE("process: user, group and additional groups of a range", "[integration][process]") {
  NEEDS(range);
  const Result result = run_shell("id -u; id -g; id -G", [](RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user = {.uid = 7, .gid = 8, .umask = {}, .additional_gids = {50, 60}};
  });
  CHECK(result.all() == "7\n8\n8 50 60\n");
}

TEST_CASE("process: has none of the caller's groups where they can be dropped",
          "[integration][process]") {
  NEEDS(range);
  CHECK(run_shell("grep Groups /proc/self/status", use_range).out == "Groups:\t \n");
}

TEST_CASE("process: a single id and additional groups contradict each other",
          "[integration][process][user]") {
  NEEDS(user);
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { spec.process->user.additional_gids = {50}; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/process/user/additionalGids"));
}

TEST_CASE("process: capabilities are those of the bundle, none inheritable",
          "[integration][process]") {
  // In the order inheritable, permitted, effective, bounding, ambient: AUDIT_WRITE, KILL and
  // NET_BIND_SERVICE.
  CHECK(run_shell(kShowCapabilities).out ==
        "0000000000000000 0000000020000420 0000000020000420 0000000020000420 0000000000000000 ");
}

TEST_CASE("process: without capabilities in the bundle there are none", "[integration][process]") {
  const Result result =
      run_shell(kShowCapabilities, [](RuntimeSpec& spec) { spec.process->capabilities.reset(); });
  CHECK(result.out ==
        "0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 ");
}

TEST_CASE("process: ambient capabilities reach a user who is not root", "[integration][process]") {
  NEEDS(range);
  const Result result = run_shell(kShowCapabilities, [](RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user.uid = 7;
    set_capabilities(spec, {"CAP_KILL"});
  });
  CHECK(result.out ==
        "0000000000000020 0000000000000020 0000000000000020 0000000000000020 0000000000000020 ");
}

TEST_CASE("process: a user who is not root has no capabilities but ambient ones",
          "[integration][process]") {
  NEEDS(range);
  const Result result = run_shell(kShowCapabilities, [](RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user.uid = 7;
    spec.process->capabilities->ambient.clear();
  });
  CHECK(result.out ==
        "0000000000000000 0000000000000000 0000000000000000 0000000020000420 0000000000000000 ");
}

TEST_CASE("process: a capability that nobody knows is a warning", "[integration][process]") {
  const Result result = run_shell("echo works", [](RuntimeSpec& spec) {
    set_capabilities(spec, {"CAP_KILL", "CAP_NOPE"});
  });
  CHECK(result.out == "works\n");
  CHECK_THAT(result.err, Contains("CAP_NOPE"));
}

TEST_CASE("process: noNewPrivileges on and off", "[integration][process]") {
  const std::string line = "grep NoNewPrivs /proc/self/status | cut -f2";
  CHECK(run_shell(line).out == "1\n");
  CHECK(run_shell(line, [](RuntimeSpec& spec) { spec.process->no_new_privileges = false; }).out ==
        "0\n");
}

TEST_CASE("process: host name and domain name", "[integration][process]") {
  const Result result =
      run_shell("hostname; cat /proc/sys/kernel/domainname", [](RuntimeSpec& spec) {
        spec.hostname = "box";
        spec.domainname = "example.org";
      });
  CHECK(result.out == "box\nexample.org\n");
}

TEST_CASE("process: umask 0022 unless the bundle says otherwise", "[integration][process]") {
  CHECK(run_shell("umask").out == "0022\n");
  CHECK(run_shell("umask", [](RuntimeSpec& spec) { spec.process->user.umask = 027; }).out ==
        "0027\n");
}

TEST_CASE("process: a working directory that is missing is made", "[integration][process]") {
  CHECK(run_shell("pwd", [](RuntimeSpec& spec) { spec.process->cwd = "/made/here"; }).out ==
        "/made/here\n");
}

TEST_CASE("process: the environment is the bundle's and HOME", "[integration][process]") {
  const Result result = run_args({"env"}, [](RuntimeSpec& spec) {
    spec.process->env = {"PATH=/bin", "A=1", "A B=x y"};
  });
  CHECK(result.out == "PATH=/bin\nA=1\nA B=x y\nHOME=/root\n");
}

TEST_CASE("process: HOME of a user of the image's passwd, or /", "[integration][process]") {
  NEEDS(range);
  const auto home_of = [](uint32_t uid) {
    return run_shell("echo $HOME",
                     [&](RuntimeSpec& spec) {
                       use_range(spec);
                       spec.process->user.uid = uid;
                     })
        .out;
  };
  CHECK(home_of(7) == "/var/daemon\n");
  CHECK(home_of(9) == "/\n");
}

TEST_CASE("process: a HOME of the bundle's is kept", "[integration][process]") {
  CHECK(run_shell("echo $HOME", [](RuntimeSpec& spec) {
          spec.process->env.emplace_back("HOME=/given");
        }).out == "/given\n");
}

TEST_CASE("process: limits", "[integration][process]") {
  const Result result = run_shell("probe limit 7; probe limit 4", [](RuntimeSpec& spec) {
    spec.process->rlimits = {{.type = "RLIMIT_NOFILE", .soft = 100, .hard = 200},
                             {.type = "RLIMIT_CORE", .soft = 0, .hard = 0}};
  });
  CHECK(result.all() == "100 200\n0 0\n");
}

TEST_CASE("process: a limit that can't be raised is named, with what is missing",
          "[integration][process]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    const uint64_t much = uint64_t{1} << 40;  // above fs.nr_open, so not even root may
    spec.process->rlimits = {{.type = "RLIMIT_NOFILE", .soft = much, .hard = much}};
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("RLIMIT_NOFILE") && Contains("1099511627776") &&
                             Contains("CAP_SYS_RESOURCE"));
}

TEST_CASE("process: oom score", "[integration][process]") {
  CHECK(run_shell("cat /proc/self/oom_score_adj", [](RuntimeSpec& spec) {
          spec.process->oom_score_adj = 567;
        }).out == "567\n");
}

TEST_CASE("process: an oom score that can't be had names what is missing",
          "[integration][process][user]") {
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { spec.process->oom_score_adj = -900; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("oom score -900") && Contains("CAP_SYS_RESOURCE"));
}

TEST_CASE("process: clocks of a time namespace are off by what the bundle says",
          "[integration][process]") {
  const Result result = run_shell("probe clock", [](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kTime);
    spec.linux_.time_offsets = {{"boottime", {.secs = 100000, .nanosecs = 0}},
                                {"monotonic", {.secs = 200000, .nanosecs = 0}}};
  });
  CHECK(result.err.empty());
  const Result here = support::run({own_directory() + "/probe", "clock"});
  long monotonic = 0, boot = 0, monotonic_here = 0, boot_here = 0;
  REQUIRE(std::sscanf(result.out.c_str(), "%ld %ld", &monotonic, &boot) == 2);
  REQUIRE(std::sscanf(here.out.c_str(), "%ld %ld", &monotonic_here, &boot_here) == 2);
  CHECK(std::abs(monotonic - monotonic_here - 200000) <= 5);
  CHECK(std::abs(boot - boot_here - 100000) <= 5);
}

TEST_CASE("process: the clocks of an exec are the container's", "[integration][process]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kTime);
    spec.linux_.time_offsets = {{"boottime", {.secs = 100000, .nanosecs = 0}}};
    spec.process->args = {"probe", "pause"};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"exec", "test", "cat", "/proc/self/timens_offsets"}) ==
        read_text(sys::format("/proc/{}/timens_offsets", runtime.pid("test"))));
  CHECK_THAT(runtime.must({"exec", "test", "cat", "/proc/self/timens_offsets"}),
             Contains("100000"));
}

TEST_CASE("process: a new session keyring, unless the caller forbids it",
          "[integration][process]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "keyring"}; });
  const Runtime runtime;
  const auto is_kept = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--bundle", bundle.path(), "test"});
    std::vector<std::string> argv = runtime.argv(words);
    argv.insert(argv.begin(), {own_directory() + "/probe", "in-keyring"});
    const std::string out = support::run(argv).out;  // "1234\n1234 keyring;..."
    INFO(out);
    REQUIRE_THAT(out, !Contains("errno"));
    const std::size_t line = out.find('\n');
    REQUIRE(line != std::string::npos);
    return out.substr(line + 1).starts_with(out.substr(0, line) + " ");
  };
  CHECK_FALSE(is_kept({"run"}));
  CHECK(is_kept({"run", "--no-new-keyring"}));
}

TEST_CASE("process: starts with no signal blocked or ignored", "[integration][process]") {
  CHECK(run_args({"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}).out ==
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("process: a relative program is looked up in PATH of the bundle",
          "[integration][process]") {
  CHECK(run_args({"hello"}, [](RuntimeSpec& spec) {
          spec.process->env = {"PATH=/nowhere:/opt"};
          add_mount(spec, "/opt/hello", "bind", "/bin/busybox", {"bind", "ro"});
        }).exit_code == 127);  // busybox knows no applet "hello", but was found
}

TEST_CASE("process: an annotation changes nothing", "[integration][process]") {
  CHECK(run_shell("echo same", [](RuntimeSpec& spec) {
          spec.annotations = {{"run.oci.keep_original_groups", "1"}, {"org.example", "x"}};
        }).out == "same\n");
}
