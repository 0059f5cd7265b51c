// SPDX-License-Identifier: Apache-2.0
// linux.netDevices, in a network namespace of the test's own: of root, or in a user namespace of
// the caller's, where it is root as well. The devices are the two ends of a veth pair, v0 and
// veth0.
#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

using Devices = std::map<std::string, config::NetDevice>;

// Names, state and addresses, a word each; link-local ones come and go by themselves.
constexpr const char* kShow =
    "busybox ip addr | sed -n 's/^[0-9]*: \\([^@:]*\\).*[<,]\\(UP\\)[,>].*/\\1 \\2/p; "
    "s/^[0-9]*: \\([^@:]*\\).*/\\1/p; s/ *inet6* \\([^ ]*\\) .*scope global.*/\\1/p' | uniq";

Change moving(const Devices& devices, const std::string& line = kShow) {
  return [=](RuntimeSpec& spec) {
    set_shell(spec, line);
    set_namespace(spec, NamespaceType::kUser);
    set_namespace(spec, NamespaceType::kNetwork);
    spec.linux_.uid_mappings = {{.container_id = 0, .host_id = 0, .size = 1}};
    spec.linux_.gid_mappings = spec.linux_.uid_mappings;
    std::erase(mount_on(spec, "/dev/pts").options, "gid=5");
    spec.linux_.net_devices = devices;
  };
}

// `before` and `after` run around the container, in its host's network namespace.
Result run_beside(const Change& change, const std::string& before, const std::string& after = "") {
  const Bundle bundle(change);
  const Runtime runtime;
  std::string line = "busybox ip link add v0 type veth && { " + before + "; }; \"$@\"; " + after;
  std::vector<std::string> words = {"unshare", "-r", "-n", "sh", "-c", line, "sh"};
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    words.push_back(word);
  }
  return run(words);
}

}  // namespace

TEST_CASE("network devices: moved with their addresses, and set up", "[integration][network]") {
  NEEDS(single);
  const Result result = run_beside(
      moving({{"v0", {}}}),
      "busybox ip addr add 10.1.2.3/24 dev v0; busybox ip -6 addr add fd00::5/64 dev v0; "
      "busybox ip addr add 169.254.7.7/16 scope link dev v0",
      "true");
  CHECK(result.out == "lo UP\nv0 UP\n10.1.2.3/24\nfd00::5/64\n");
  CHECK(result.err.empty());
}

TEST_CASE("network devices: renamed, to a free number as well", "[integration][network]") {
  NEEDS(single);
  const std::string names =
      "busybox ip -o link | cut -d: -f2 | cut -d@ -f1 | tr -d ' ' | sort | xargs";
  CHECK(run_beside(moving({{"v0", {"eth0"}}, {"veth0", {"inner"}}}, names), "true").out ==
        "eth0 inner lo\n");
  CHECK(run_beside(moving({{"v0", {"n%d"}}, {"veth0", {"n%d"}}}, names), "true").out ==
        "lo n0 n1\n");
  CHECK(run_beside(moving({{"v0", {"veth0"}}, {"veth0", {"v0"}}}, names), "true").out ==
        "lo v0 veth0\n");
}

TEST_CASE("network devices: kernel parameters of theirs can be set", "[integration][network]") {
  NEEDS(single);
  const Result result = run_beside(
      [](RuntimeSpec& spec) {
        moving({{"v0", {"eth7"}}}, "cat /proc/sys/net/ipv4/conf/eth7/forwarding")(spec);
        spec.linux_.sysctl = {{"net.ipv4.conf.eth7.forwarding", "1"}};
      },
      "true");
  CHECK(result.all() == "1\n");
}

TEST_CASE("network devices: a name that is taken is told, and nothing has moved",
          "[integration][network]") {
  NEEDS(single);
  const Result result = run_beside(moving({{"v0", {"lo"}}}), "true", kShow);
  CHECK_THAT(result.err, Contains("network device \"v0\": the container's network namespace has a "
                                  "device \"lo\" already"));
  CHECK(result.out == "lo\nveth0\nv0\n");
}

TEST_CASE("network devices: one that is not there is told, and nothing has moved",
          "[integration][network]") {
  NEEDS(single);
  const Result result = run_beside(moving({{"v0", {}}, {"x9", {}}}), "true", kShow);
  CHECK_THAT(result.err, Contains("network device \"x9\": there is none of this name"));
  CHECK(result.out == "lo\nveth0\nv0\n");
}

TEST_CASE("network devices: one that can't leave brings the others home",
          "[integration][network]") {
  NEEDS(single);
  // "v0" goes after "lo" would; "a0" before it.
  const Result result =
      run_beside(moving({{"a0", {}}, {"lo", {"lo7"}}}),
                 "busybox ip link set v0 name a0; "
                 "busybox ip addr add 10.1.2.3/24 dev a0; busybox ip link set a0 up",
                 kShow);
  CHECK_THAT(result.err, Contains("network device \"lo\": move it as \"lo7\"") && Contains("hint"));
  CHECK_THAT(result.out, Contains("a0 UP\n10.1.2.3/24\n"));
}

TEST_CASE("network devices: a container that can't be made gives them back",
          "[integration][network]") {
  NEEDS(single);
  const Result result = run_beside(
      [](RuntimeSpec& spec) {
        moving({{"v0", {"eth0"}}})(spec);
        spec.process->args = {"/no/such/program"};
      },
      "busybox ip addr add 10.1.2.3/24 dev v0", kShow);
  CHECK_THAT(result.err, Contains("/no/such/program"));
  CHECK(result.out == "lo\nveth0\nv0\n10.1.2.3/24\n");
}

TEST_CASE("network devices: to a namespace that is joined, not to our own",
          "[integration][network][root]") {
  NEEDS(root);
  const auto joining = [](const std::string& path) {
    return [=](RuntimeSpec& spec) {
      set_shell(spec, "ls /sys/class/net | xargs");
      set_namespace(spec, NamespaceType::kNetwork, path);
      std::erase(mount_on(spec, "/dev/pts").options, "gid=5");
      spec.linux_.net_devices = {{"v0", {"eth0"}}};
    };
  };
  const TempDirectory directory;
  const std::string other = sys::format(
      "unshare -n sh -c 'ln -s /proc/$$/ns/net {0}; exec sleep 30' & "
      "while [ ! -e {0} ]; do sleep 0.01; done",
      directory / "net");
  CHECK(run_beside(joining(directory / "net"), other, "kill $!").out == "eth0 lo\n");
  CHECK_THAT(run_beside(joining("/proc/self/ns/net"), "true").err,
             Contains("/linux/netDevices: the network namespace that the bundle names is the one "
                      "that we run in"));
}

TEST_CASE("network devices: those of the host are not a rootless caller's",
          "[integration][network][user]") {
  NEEDS(user);
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kNetwork);
    spec.linux_.net_devices = {{"lo", {"lo7"}}};
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/netDevices: socket in another network namespace") &&
                             Contains("a rootless caller"));
}
