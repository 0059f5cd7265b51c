// SPDX-License-Identifier: Apache-2.0
// INV-13: cgroups of the caller's and the host's, which no container may write.
#include <catch2/catch.hpp>

#include "tests/security/scene.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using support::Bundle;
using support::run_shell;
using support::Runtime;

namespace {

// What the attacker would have made on the host; it goes with the object.
struct Prey {
  ~Prey() {
    for (const auto& entry : std::filesystem::directory_iterator("/sys/fs/cgroup")) {
      (void)::rmdir((entry.path() / "tilla-prey").c_str());
    }
    (void)::rmdir("/sys/fs/cgroup/tilla-prey");
  }
};

// Tries, and then prints the flags of what it sees there: of the last mount on it and all below.
constexpr const char* kMakeCgroups =
    "for dir in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $dir/tilla-prey && echo MADE $dir; done;"
    "awk '$5 == \"/sys/fs/cgroup\" { flags = \"\" } "
    "$5 ~ \"^/sys/fs/cgroup\" { flags = flags substr($6, 1, 2) \"\\n\" } "
    "END { printf flags }' /proc/self/mountinfo | sort -u";

void use_cgroups(config::RuntimeSpec& spec, bool has_namespace, const std::string& type,
                 std::vector<std::string> options) {
  support::drop_mount(spec, "/sys/fs/cgroup");
  support::add_mount(spec, "/sys/fs/cgroup", type, type, std::move(options));
  support::drop_namespace(spec, NamespaceType::kCgroup);
  if (has_namespace) support::set_namespace(spec, NamespaceType::kCgroup);
}

}  // namespace

TEST_CASE("t_cgroup_writable: cgroups that aren't its own are read-only whatever the options say",
          "[security][inv13]") {
  // CVE-2023-25809: the host's cgroups were writable in a container without a cgroup namespace. In
  // one that a user was given, crun 1.8.1 and runc 1.1.5 leave this container free to make others.
  const Prey prey;
  const bool has_namespace = GENERATE(false, true);
  const std::string type = GENERATE("cgroup", "cgroup2");
  const std::string word = GENERATE("rw", "rrw", "nosuid");
  const auto result = run_shell(kMakeCgroups, [&](config::RuntimeSpec& spec) {
    use_cgroups(spec, has_namespace, type, {word});
  });
  CHECK(result.out == "ro\n");
  CHECK(result.err.find("read-only, though not asked for") != std::string::npos);
}

TEST_CASE("t_cgroup_writable: nobody is warned who asked for it", "[security][inv13]") {
  const std::string word = GENERATE("ro", "rro");
  const auto result = run_shell(
      "true", [&](config::RuntimeSpec& spec) { use_cgroups(spec, true, "cgroup", {word}); });
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("read-only, though") == std::string::npos);
}

TEST_CASE("t_cgroup_writable: a bind of type cgroup is read-only as well", "[security][inv13]") {
  const Prey prey;
  const auto result = run_shell(kMakeCgroups, [](config::RuntimeSpec& spec) {
    use_cgroups(spec, true, "cgroup", {"rbind", "rw"});
    support::mount_on(spec, "/sys/fs/cgroup").source = "/sys/fs/cgroup";
  });
  CHECK(result.out == "ro\n");
}

TEST_CASE("t_cgroup_writable: a later remount does not make them writable", "[security][inv13]") {
  const Prey prey;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    use_cgroups(spec, true, "cgroup2", {"ro"});
    support::add_mount(spec, "/link", "none", "none", {"remount", "rw"});
    support::set_shell(spec, kMakeCgroups);
  });
  plant_symlink("/sys/fs/cgroup", bundle.rootfs() + "/link");
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "ro\n");
}

TEST_CASE("t_cgroup_writable: nor one of something above them", "[security][inv13]") {
  const Prey prey;
  const std::string place = GENERATE("/", "/sys", "/sys/fs/cgroup", "/link");
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    use_cgroups(spec, true, "cgroup2", {"ro"});
    support::add_mount(spec, place, "none", "none", {"remount", "rrw"});
    support::set_shell(spec, kMakeCgroups);
  });
  plant_symlink("/sys", bundle.rootfs() + "/link");
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

TEST_CASE("t_cgroup_path: no path of a bundle leads to another cgroup", "[security][inv13]") {
  const std::string path =
      GENERATE("/../tilla-prey", "a/../../tilla-prey", "/", "//.", "/tilla/..");
  const auto result =
      run_shell("true", [&](config::RuntimeSpec& spec) { spec.linux_.cgroups_path = path; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Catch::Matchers::Contains("/linux/cgroupsPath"));
}

TEST_CASE("t_cgroup_path: no file of another cgroup is written", "[security][inv13]") {
  const std::string file = GENERATE("../cgroup.procs", "/sys/fs/cgroup/memory.max", "cgroup.procs",
                                    "cgroup.subtree_control", "a/memory.max");
  const auto result = run_shell("true", [&](config::RuntimeSpec& spec) {
    spec.linux_.resources.emplace().unified[file] = "1";
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Catch::Matchers::Contains("/linux/resources/unified/"));
}
