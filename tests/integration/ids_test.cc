// SPDX-License-Identifier: Apache-2.0
// Id maps: one id without any helper, a range through newuidmap, nested in a namespace of ours.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

// uid_map without its padding: "0 1000 1\n".
constexpr const char* kShowMap = "awk '{print $1, $2, $3}' /proc/self/uid_map";

// Calls the runtime inside a new user namespace, as its root.
Result run_nested(const std::vector<std::string>& unshare, const Change& change) {
  const Bundle bundle(change);
  const Runtime runtime;
  std::vector<std::string> words = {"unshare"};
  words.insert(words.end(), unshare.begin(), unshare.end());
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    words.push_back(word);
  }
  return support::run(words);
}

// In there: root and so many ids after it, as the outer namespace counts.
Change nested_ids(uint32_t count) {
  return [count](RuntimeSpec& spec) {
    set_shell(spec, kShowMap);
    use_single(spec);
    spec.linux_.uid_mappings = {{.container_id = 0, .host_id = 0, .size = count}};
    spec.linux_.gid_mappings = spec.linux_.uid_mappings;
  };
}

const std::vector<std::string> kRange = {"-U", "--map-auto", "--map-root-user"};

}  // namespace

TEST_CASE("ids: a single id needs no helper", "[integration][ids][user]") {
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, kShowMap); });
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.env = {"PATH=/nowhere"}});
  CHECK(result.all() == sys::format("0 {} 1\n", ::geteuid()));
}

TEST_CASE("ids: a single id can be any inside", "[integration][ids]") {
  const Result result = run_shell("id -u; id -g", [](RuntimeSpec& spec) {
    use_single(spec);
    spec.linux_.uid_mappings[0].container_id = 4000;
    spec.linux_.gid_mappings[0].container_id = 5000;
    spec.process->user = {.uid = 4000, .gid = 5000, .umask = {}, .additional_gids = {}};
    drop_mount(spec, "/dev/pts");  // root:root, as which it would be mounted, is not there
  });
  CHECK(result.all() == "4000\n5000\n");
}

TEST_CASE("ids: a range is what the bundle says", "[integration][ids]") {
  NEEDS(range);
  const Result result = run_shell(kShowMap, use_range);
  CHECK(result.all() == sys::format("0 {} 1\n1 {} {}\n", ::geteuid(), subordinate_uids().outside,
                                    subordinate_uids().count));
}

TEST_CASE("ids: many extents", "[integration][ids]") {
  NEEDS(range);
  const uint32_t uids = subordinate_uids().outside, gids = subordinate_gids().outside;
  const Result result = run_shell(kShowMap, [&](RuntimeSpec& spec) {
    use_single(spec);
    for (uint32_t i = 0; i < 8; ++i) {  // every second id
      spec.linux_.uid_mappings.push_back(
          {.container_id = 10 + 2 * i, .host_id = uids + 2 * i, .size = 1});
      spec.linux_.gid_mappings.push_back(
          {.container_id = 10 + 2 * i, .host_id = gids + 2 * i, .size = 1});
    }
  });
  CHECK_THAT(result.all(), Contains(sys::format("\n10 {} 1\n", uids)) &&
                               Contains(sys::format("\n24 {} 1\n", uids + 14)));
}

TEST_CASE("ids: what a user of the range makes is the subordinate id's outside",
          "[integration][ids]") {
  NEEDS(range);
  const Bundle bundle([](RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user = {.uid = 7, .gid = 8, .umask = {}, .additional_gids = {}};
    set_shell(spec, "echo x > /tmp/file");
  });
  const Runtime runtime;
  REQUIRE(runtime.run(bundle).all().empty());
  struct stat status = {};
  REQUIRE(::stat((bundle.rootfs() + "/tmp/file").c_str(), &status) == 0);
  CHECK(status.st_uid == subordinate_uids().outside + 6);
  CHECK(status.st_gid == subordinate_gids().outside + 7);
}

TEST_CASE("ids: a range that nobody granted is an error in the helper's words",
          "[integration][ids][user]") {
  NEEDS(range);
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    spec.linux_.uid_mappings.push_back({.container_id = 1, .host_id = 1, .size = 10});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("id maps") && Contains("newuidmap"));
}

TEST_CASE("ids: without the helpers a range is an error that names them",
          "[integration][ids][user]") {
  NEEDS(range);
  const Bundle bundle(use_range);
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.env = {"PATH=/nowhere"}});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("newuidmap"));
}

TEST_CASE("ids: nested in a user namespace of one id", "[integration][ids]") {
  const Result result = run_nested({"-U", "--map-root-user"}, nested_ids(1));
  CHECK(result.all() == "0 0 1\n");
}

TEST_CASE("ids: nested in a range, the maps are written without helpers",
          "[integration][ids][user]") {
  NEEDS(range);
  const Result result = run_nested(kRange, nested_ids(1));
  CHECK(result.all() == "0 0 1\n");
}

TEST_CASE("ids: nested in a range, an extent that spans two of it is cut",
          "[integration][ids][user]") {
  NEEDS(range);
  const Result result = run_nested(kRange, nested_ids(1000));
  CHECK(result.all() == "0 0 1\n1 1 999\n");
}

TEST_CASE("ids: nested in a range, users and groups work", "[integration][ids][user]") {
  NEEDS(range);
  const Result result = run_nested(kRange, [](RuntimeSpec& spec) {
    nested_ids(1000)(spec);
    set_shell(spec, "id -u; id -G");
    spec.process->user = {.uid = 7, .gid = 8, .umask = {}, .additional_gids = {50}};
  });
  CHECK(result.all() == "7\n8 50\n");
}

TEST_CASE("ids: nested, an id that the outer namespace has not is named", "[integration][ids]") {
  const Result result = run_nested({"-U", "--map-root-user"}, nested_ids(2));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/uidMappings/0") && Contains("id 1 does not exist"));
}

TEST_CASE("ids: nested, root without CAP_SETFCAP is told so", "[integration][ids]") {
  const Result result = run_nested(
      {"-U", "--map-root-user", "setpriv", "--inh-caps=-setfcap", "--bounding-set=-setfcap", "--"},
      nested_ids(1));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("id maps: ") && Contains("uid_map") && Contains("CAP_SETFCAP"));
}

TEST_CASE("ids: a user that is not mapped is named, and those that are", "[integration][ids]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    use_single(spec);
    spec.process->args = {"probe", "wait"};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result = runtime.call({"exec", "--user", "1:0", "test", "true"});
  CHECK(result.exit_code == 255);
  CHECK_THAT(result.err, Contains("setresuid 1: ") &&
                             Contains("id 1 is not mapped in the container's user namespace; "
                                      "mapped are: 0\n"));
}

TEST_CASE("ids: so are groups", "[integration][ids]") {
  NEEDS(range);
  const Bundle bundle([](RuntimeSpec& spec) {
    use_range(spec);
    spec.process->args = {"probe", "wait"};
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::vector<std::string> wanted = GENERATE(std::vector<std::string>{"--user", "0:70000"},
                                                   std::vector<std::string>{"-g", "70000"});
  std::vector<std::string> words = {"exec"};
  words.insert(words.end(), wanted.begin(), wanted.end());
  words.insert(words.end(), {"test", "true"});
  const Result result = runtime.call(words);
  CHECK(result.exit_code == 255);
  CHECK_THAT(result.err, Contains("id 70000 is not mapped") && Contains("mapped are: 0, 1 to "));
}

TEST_CASE("ids: nested, the container needs no user namespace of its own",
          "[integration][ids][user]") {
  const Result result = run_nested({"-U", "--map-root-user"}, [](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kUser);
    spec.linux_.uid_mappings.clear();
    spec.linux_.gid_mappings.clear();
    set_shell(spec, "id -u; cat /proc/sys/kernel/hostname");
  });
  CHECK(result.all() == "0\nrunc\n");
}

TEST_CASE("ids: additional groups where setgroups is denied are an error",
          "[integration][ids][user]") {
  const Result result = run_nested({"-U", "--map-root-user"}, [](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kUser);
    spec.linux_.uid_mappings.clear();
    spec.linux_.gid_mappings.clear();
    spec.process->user.additional_gids = {0};
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("setgroups"));
}
