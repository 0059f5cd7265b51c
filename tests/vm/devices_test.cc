// SPDX-License-Identifier: Apache-2.0
// Device rules by their effect: what the kernel says to a process that opens a device.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

namespace {

// A node of /dev/kmsg, 1:11, which no container gets unasked. Without a user namespace, so that
// nothing else keeps the container from it.
constexpr const char* kOpenKmsg = "mknod /kmsg c 1 11 && exec 3< /kmsg && echo opened";

Result open_kmsg(std::vector<config::DeviceRule> rules) {
  return run_shell(kOpenKmsg, [&](config::RuntimeSpec& spec) {
    spec.linux_.resources.emplace().devices = std::move(rules);
    for (auto* set : {&spec.process->capabilities->bounding, &spec.process->capabilities->effective,
                      &spec.process->capabilities->permitted}) {
      set->emplace_back("CAP_MKNOD");
    }
  });
}

const config::DeviceRule kDenyAll = {.allow = false, .access = "rwm"};

}  // namespace

TEST_CASE("devices: one that no rule names can be made and not opened", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const Result result = open_kmsg({kDenyAll});
  CHECK(result.out.empty());
  CHECK(result.err.find("/kmsg: Operation not permitted") != std::string::npos);
}

TEST_CASE("devices: without any rule they are denied as well", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  CHECK(open_kmsg({}).err.find("Operation not permitted") != std::string::npos);
}

TEST_CASE("devices: a rule allows one", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const Result result =
      open_kmsg({kDenyAll, {.allow = true, .type = "c", .major = 1, .minor = 11, .access = "r"}});
  CHECK(result.out == "opened\n");
}

TEST_CASE("devices: a rule may take back what all containers have not", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const config::DeviceRule kmsg = {.allow = true, .type = "c", .major = 1, .access = "r"};
  const config::DeviceRule not_it = {.type = "c", .major = 1, .minor = 11, .access = "r"};
  CHECK(open_kmsg({kDenyAll, kmsg, not_it}).out.empty());
}

TEST_CASE("devices: an exec gets what its container gets", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"sleep", "100"};
    spec.process->capabilities->bounding.emplace_back("CAP_MKNOD");
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result = runtime.call({"exec", "--cap", "CAP_MKNOD", "test", "sh", "-c", kOpenKmsg});
  CHECK(result.err.find("/kmsg: Operation not permitted") != std::string::npos);
}

TEST_CASE("devices: rules are changed while the container runs", "[vm][devices][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"sleep", "100"};
    spec.process->capabilities->bounding.emplace_back("CAP_MKNOD");
    spec.linux_.resources.emplace().devices = {kDenyAll};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto open = [&] {
    return runtime.call({"exec", "test", "sh", "-c", "exec 3< /kmsg && echo opened"}).out;
  };
  const auto update = [&](const std::string& resources) {
    runtime.must({"update", "--resources", "-", "test"}, {.input = resources});
  };
  runtime.must({"exec", "--cap", "CAP_MKNOD", "test", "mknod", "/kmsg", "c", "1", "11"});
  CHECK(open().empty());
  update(R"({"devices":[{"allow":false,"access":"rwm"},
    {"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]})");
  CHECK(open() == "opened\n");
  update(R"({"pids":{"limit":50}})");  // no rules: those that are there stay
  CHECK(open() == "opened\n");
  update(R"({"devices":[{"allow":false,"access":"rwm"}]})");
  CHECK(open().empty());
}

TEST_CASE("devices: a user's rules are ignored, with a word for who asks", "[vm][devices][user]") {
  NEEDS(user);
  const Bundle bundle(
      [](config::RuntimeSpec& spec) { spec.linux_.resources.emplace().devices = {kDenyAll}; });
  const Runtime runtime;
  const Result result = runtime.call({"--debug", "run", "--bundle", bundle.path(), "test"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("/linux/resources/devices: not the host's root, ignoring") !=
        std::string::npos);
}
