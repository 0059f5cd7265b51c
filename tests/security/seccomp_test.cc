// SPDX-License-Identifier: Apache-2.0
// INV-7: a filter that was asked for is in force, or there is no container.
#include <sys/socket.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>

#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

namespace {

config::Seccomp no_directories() {
  config::Seccomp profile;
  profile.default_action = config::SeccompAction::kAllow;
  profile.syscalls.push_back({.names = {"mkdir", "mkdirat"},
                              .action = config::SeccompAction::kErrno,
                              .errno_ret = {},
                              .args = {}});
  return profile;
}

}  // namespace

TEST_CASE("t_seccomp_empty: a profile that says nothing is no profile to run with",
          "[security][inv7]") {
  // CVE-2023-2431 (kubelet): an empty profile ran the container unconfined.
  const std::string profile =
      GENERATE("{}", "[]", "\"\"", "7", R"({"defaultAction":""})", R"({"defaultAction":null})",
               R"({"defaultAction":"SCMP_ACT_ALLOWED"})", R"({"syscalls":[]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_PDP11"]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NONE"]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"]}]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO"}]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],
                  "action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_XX"}]}]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],
                  "action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]})",
               R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],
                  "action":"SCMP_ACT_ERRNO","errnoRet":65536}]})");
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.linux_.seccomp = no_directories(); });
  std::string text = support::read_text(bundle / "config.json");
  const std::size_t at = text.find("\"seccomp\":");
  REQUIRE(at != std::string::npos);
  // Of several members of a name the last one counts, so this one is put behind.
  const std::size_t end = text.find("\"namespaces\":");
  REQUIRE(end != std::string::npos);
  text.insert(std::max(at, end), "\"seccompOld\": null, ");
  const std::size_t place = text.find("\"seccomp\":");
  std::size_t depth = 0, close = text.find('{', place);
  do {
    if (text[close] == '{') ++depth;
    if (text[close] == '}') --depth;
    ++close;
  } while (depth > 0);
  text.replace(place, close - place, "\"seccomp\": " + profile);
  support::write_text(bundle / "config.json", text);
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  INFO(result.all());
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/linux/seccomp") != std::string::npos);
}

TEST_CASE("t_seccomp_unparsable: nothing runs when the kernel takes no filter",
          "[security][inv7]") {
  const auto result = support::run_args({"echo", "ran"}, [](config::RuntimeSpec& spec) {
    spec.linux_.seccomp = no_directories();
    for (int i = 0; i < 5000; ++i) {  // more instructions than a filter may have
      config::SeccompRule rule = {
          .names = {"read"}, .action = config::SeccompAction::kErrno, .errno_ret = {}, .args = {}};
      rule.args.push_back({.index = 2,
                           .value = 100000U + static_cast<unsigned>(i),
                           .op = config::SeccompOperator::kEq});
      spec.linux_.seccomp->syscalls.push_back(rule);
    }
  });
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

TEST_CASE("t_seccomp_cache: a damaged cache of filters is never a filter", "[security][inv7]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.seccomp = no_directories();
    support::set_shell(spec, "mkdir /tmp/x || echo refused");
  });
  const Runtime runtime;
  REQUIRE(runtime.run(bundle).out == "refused\n");
  const std::vector<std::string> names = support::names_in(runtime.root() + "/.cache");
  REQUIRE(names.size() == 1);
  const std::string file = runtime.root() + "/.cache/" + names[0];
  const std::string good = support::read_text(file);
  const int damage = GENERATE(0, 1, 2, 3);
  std::string bad = good;
  if (damage == 0) bad.back() = static_cast<char>(bad.back() ^ 1);
  if (damage == 1) bad.resize(bad.size() - 8);
  if (damage == 2) bad.clear();
  if (damage == 3) bad.append(8, '\0');
  support::write_text(file, bad, damage == 3 ? 0666 : 0600);
  CHECK(runtime.run(bundle).out == "refused\n");
}

TEST_CASE("t_seccomp_cache: a filter that others could have written is not used",
          "[security][inv7]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.seccomp = no_directories();
    support::set_shell(spec, "mkdir /tmp/x || echo refused");
  });
  const Runtime runtime;
  REQUIRE(runtime.run(bundle).out == "refused\n");
  const std::string file =
      runtime.root() + "/.cache/" + support::names_in(runtime.root() + "/.cache").at(0);
  ::chmod(file.c_str(), 0622);
  const support::Result result =
      runtime.call({"--debug", "run", "--bundle", bundle.path(), "test"});
  CHECK(runtime.run(bundle).out == "refused\n");
  struct stat status = {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);  // made anew
}

// What the container's root gets of socket(domain), by errno, or 0.
std::string ask_for_socket(const std::string& domain, const config::SeccompArg& condition) {
  return support::run_shell(
             "probe syscall " + std::to_string(SYS_socket) + " " + domain + " 1 0",
             [&](config::RuntimeSpec& spec) {
               spec.linux_.seccomp = config::Seccomp{};
               spec.linux_.seccomp->default_action = config::SeccompAction::kAllow;
               spec.linux_.seccomp->syscalls.push_back({.names = {"socket"},
                                                        .action = config::SeccompAction::kErrno,
                                                        .errno_ret = EXDEV,
                                                        .args = {condition}});
             })
      .out;
}

// The kernel takes 32 bits of a domain, or of an ioctl(2)'s request. With Debian's runc 1.1.5 and
// crun 1.8.1 4294967297, which is AF_UNIX to it, is neither 1 nor refused for not being something
// else, and this test gets its socket: CVE-2019-7303 and CVE-2019-10063 (snapd, flatpak), and
// AF_VSOCK in spite of Docker's profile.
TEST_CASE("t_ioctl_highbits: what the kernel doesn't see of an argument gets around no rule",
          "[security][inv7]") {
  const config::SeccompArg is_unix = {
      .index = 0, .value = AF_UNIX, .value_two = 0, .op = config::SeccompOperator::kEq};
  const std::string denied = "errno " + std::to_string(EXDEV) + "\n";
  CHECK(ask_for_socket("1", is_unix) == denied);
  CHECK(ask_for_socket("4294967297", is_unix) == denied);
  CHECK(ask_for_socket("-4294967295", is_unix) == denied);
  CHECK(ask_for_socket("2", is_unix) != denied);
  config::SeccompArg is_not_inet = is_unix;
  is_not_inet.op = config::SeccompOperator::kGe;
  is_not_inet.value = 3;
  const std::string odd = "errno " + std::to_string(EINVAL) + "\n";
  CHECK(ask_for_socket("2", is_not_inet) != odd);
  CHECK(ask_for_socket("4294967298", is_not_inet) == odd);
}

TEST_CASE("t_seccomp_order: no_new_privs and the filter hold in the first instruction",
          "[security][inv7]") {
  const bool has_nnp = GENERATE(false, true);
  const auto result = support::run_shell("grep -E 'Seccomp:|NoNewPrivs|CapBnd' /proc/self/status",
                                         [&](config::RuntimeSpec& spec) {
                                           spec.linux_.seccomp = no_directories();
                                           spec.process->no_new_privileges = has_nnp;
                                           spec.process->capabilities->bounding = {"CAP_KILL"};
                                         });
  CHECK(result.out.find("Seccomp:\t2") != std::string::npos);
  CHECK(result.out.find(has_nnp ? "NoNewPrivs:\t1" : "NoNewPrivs:\t0") != std::string::npos);
  CHECK(result.out.find("CapBnd:\t0000000000000020") != std::string::npos);
}

TEST_CASE(
    "t_seccomp_denies_all: a profile that lets nothing say so ends the container all the same",
    "[security][inv7]") {
  NEEDS(no_sanitizer);
  // Not even exit_group(2): whoever tries that in a loop never ends.
  const bool no_new_privileges = GENERATE(true, false);
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    spec.process->no_new_privileges = no_new_privileges;
    spec.linux_.seccomp = config::Seccomp{};
    spec.linux_.seccomp->default_action = config::SeccompAction::kErrno;
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  INFO(result.all());
  CHECK(result.exit_code != 0);
  CHECK(result.out.empty());
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  (void)runtime.call({"start", "test"});
  CHECK(support::eventually([&] { return runtime.status("test") == "stopped"; }));
}
