// SPDX-License-Identifier: Apache-2.0
// A container that may change its own cgroup, and nothing else of the machine's (INV-13).
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

Change delegated(const std::string& line, const std::string& option = "rw") {
  return [=](RuntimeSpec& spec) {
    set_shell(spec, "cd /sys/fs/cgroup; " + line);
    drop_mount(spec, "/sys/fs/cgroup");
    add_mount(spec, "/sys/fs/cgroup", "cgroup", "cgroup", {option});
    set_namespace(spec, NamespaceType::kCgroup);
    spec.linux_.resources.emplace().pids.emplace().limit = 50;
  };
}

}  // namespace

TEST_CASE("delegation: the container makes cgroups in its own and moves there", "[vm]") {
  const bool has_users = GENERATE(true, false);
  if (!has_users && !is_root()) return;
  const Bundle bundle([&](RuntimeSpec& spec) {
    delegated(
        "mkdir in && echo 0 > in/cgroup.procs && echo +pids > cgroup.subtree_control && "
        "echo 20 > in/pids.max && cat /proc/self/cgroup in/pids.max; sleep 100")(spec);
    if (!has_users) drop_namespace(spec, NamespaceType::kUser);
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(eventually([&] { return runtime.output_of("test").find("20\n") != std::string::npos; }));
  CHECK_THAT(runtime.output_of("test"), Contains("0::/in\n20\n") && !Contains("read-only"));
  CHECK(runtime.must({"exec", "test", "cat", "/proc/self/cgroup"}) == "0::/in\n");
  runtime.must({"delete", "--force", "test"});  // what is left of cgroups the suite looks for
}

TEST_CASE("delegation: limits and what is above stay out of reach", "[vm]") {
  const bool has_users = GENERATE(true, false);
  if (!has_users && !is_root()) return;
  const Result result = run_shell("true", [&](RuntimeSpec& spec) {
    delegated(
        "echo max > pids.max || echo refused; echo 1 > cgroup.freeze || echo refused;"
        "mkdir ../prey; ls -d ../prey; cat pids.max")(spec);
    if (!has_users) drop_namespace(spec, NamespaceType::kUser);
  });
  CHECK_THAT(result.out, Contains("refused\nrefused\n50\n"));
}

TEST_CASE("delegation: what is asked for read-only, or is the caller's, is read-only", "[vm]") {
  CHECK_THAT(run_shell("true", delegated("mkdir in; ls -d in", "ro")).out, !Contains("in"));
  const Bundle bundle([](RuntimeSpec& spec) {
    delegated("mkdir in; ls -d in")(spec);
    spec.linux_.resources.reset();
  });
  const Runtime runtime;
  const Result result =
      runtime.call({"--cgroups", "disabled", "run", "--bundle", bundle.path(), "test"});
  CHECK_THAT(result.out, !Contains("in"));
  CHECK_THAT(result.err, Contains("read-only, though not asked for"));
}
