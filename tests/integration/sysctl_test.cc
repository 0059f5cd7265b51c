// SPDX-License-Identifier: Apache-2.0
// linux.sysctl: set in the container's namespaces and nowhere else.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

Change with_sysctl(const std::string& name, const std::string& value, bool has_network = true) {
  return [=](RuntimeSpec& spec) {
    if (has_network) set_namespace(spec, NamespaceType::kNetwork);
    spec.linux_.sysctl[name] = value;
  };
}

}  // namespace

TEST_CASE("sysctl: of a network namespace made beside", "[integration][sysctl]") {
  const std::string before = read_text("/proc/sys/net/ipv4/ip_default_ttl");
  CHECK(run_shell("cat /proc/sys/net/ipv4/ip_default_ttl",
                  with_sysctl("net.ipv4.ip_default_ttl", "77"))
            .all() == "77\n");
  CHECK(read_text("/proc/sys/net/ipv4/ip_default_ttl") == before);
}

TEST_CASE("sysctl: what podman asks for by default, with a single id", "[integration][sysctl]") {
  const Change change = with_sysctl("net.ipv4.ping_group_range", "0 0");
  CHECK(run_shell("cat /proc/sys/net/ipv4/ping_group_range", [&](RuntimeSpec& spec) {
          use_single(spec);
          change(spec);
        }).all() == "0\t0\n");
}

TEST_CASE("sysctl: with a range of ids", "[integration][sysctl]") {
  NEEDS(range);
  const Change change = with_sysctl("net/ipv4/ping_group_range", "0 7");
  CHECK(run_shell("cat /proc/sys/net/ipv4/ping_group_range", [&](RuntimeSpec& spec) {
          use_range(spec);
          spec.process->user.uid = 7;
          change(spec);
        }).all() == "0\t7\n");
}

TEST_CASE("sysctl: a slash after dots is a dot in a name", "[integration][sysctl]") {
  const Result result = run_shell("true", with_sysctl("net.ipv4.conf.eth0/1.forwarding", "1"));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains(R"(sysctl "net.ipv4.conf.eth0/1.forwarding")") &&
                             Contains("/proc/sys/net/ipv4/conf/eth0.1/forwarding") &&
                             Contains("hint"));
}

TEST_CASE("sysctl: of an ipc namespace", "[integration][sysctl]") {
  const std::string before = read_text("/proc/sys/kernel/shm_rmid_forced");
  const Result result = run_shell(
      "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/kernel/sem /proc/sys/fs/mqueue/msg_max",
      [](RuntimeSpec& spec) {
        spec.linux_.sysctl = {{"kernel.shm_rmid_forced", "1"},
                              {"kernel.sem", "250 32000 100 128"},
                              {"fs.mqueue.msg_max", "11"}};
      });
  CHECK(result.all() == "1\n250\t32000\t100\t128\n11\n");
  CHECK(read_text("/proc/sys/kernel/shm_rmid_forced") == before);
}

TEST_CASE("sysctl: of a user namespace", "[integration][sysctl]") {
  CHECK(run_shell("cat /proc/sys/user/max_uts_namespaces", [](RuntimeSpec& spec) {
          use_single(spec);
          spec.linux_.sysctl["user.max_uts_namespaces"] = "3";
        }).all() == "3\n");
}

TEST_CASE("sysctl: the domain name", "[integration][sysctl]") {
  CHECK(run_shell("cat /proc/sys/kernel/domainname", with_sysctl("kernel.domainname", "x.org"))
            .all() == "x.org\n");
}

TEST_CASE("sysctl: a read-only /proc/sys and no /proc at all are no obstacle",
          "[integration][sysctl]") {
  const Change change = with_sysctl("net.ipv4.ip_default_ttl", "78");
  const Result result = run_shell(
      "grep -c . /proc/sys/net/ipv4/ip_default_ttl; "
      "echo 5 > /proc/sys/net/ipv4/ip_default_ttl",
      [&](RuntimeSpec& spec) {
        change(spec);
        spec.linux_.readonly_paths = {"/proc/sys"};
      });
  CHECK_THAT(result.all(), Contains("1\n") && Contains("Read-only"));
  CHECK(run_shell("true", [&](RuntimeSpec& spec) {
          change(spec);
          drop_mount(spec, "/proc");
          spec.linux_.masked_paths.clear();
          spec.linux_.readonly_paths.clear();
        }).exit_code == 0);
}

TEST_CASE("sysctl: without a namespace of its kind it is refused", "[integration][sysctl]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kNetwork);
    spec.linux_.sysctl["net.ipv4.ip_default_ttl"] = "79";
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/sysctl/net.ipv4.ip_default_ttl: there is no network "
                                  "namespace to set it in"));
}

TEST_CASE("sysctl: a value that the kernel refuses is told with its name",
          "[integration][sysctl]") {
  const Result result = run_shell("true", with_sysctl("net.ipv4.ip_default_ttl", "many"));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err,
             Contains(R"(sysctl "net.ipv4.ip_default_ttl")") && Contains("Invalid argument"));
}
