// SPDX-License-Identifier: Apache-2.0
// Where the cgroup is made when our own is not the usual one: in a container, whose tree begins
// further down, and where we have to make room for the container's first.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/support/harness.h"

using namespace support;
using Catch::Matchers::Contains;
using config::RuntimeSpec;

namespace {

// A cgroup with the caller in it, and the runtime for which it is the root of the tree: the mount
// shows nothing above.
class Outer {
 public:
  Outer() {
    write_text("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
    make_directory(kPlace);
  }
  ~Outer() {
    (void)call("mount --bind $0 /sys/fs/cgroup && exec \"$@\"", {"delete", "--force", "test"});
    (void)run({"rmdir", std::string(kPlace) + "/tilla-runtime"});
    (void)eventually([] { return run({"rmdir", kPlace}).exit_code == 0; });
  }
  Outer(const Outer&) = delete;
  Outer& operator=(const Outer&) = delete;

  /// line: a shell's, in which $0 is the cgroup and "$@" the call.
  Result call(const std::string& line, const std::vector<std::string>& words) const {
    std::vector<std::string> argv = {"unshare", "--mount", "sh", "-c", line, kPlace};
    std::ranges::copy(runtime_.argv(words), std::back_inserter(argv));
    return support::run(argv, {.output_file = runtime_.directory() / "out"});
  }
  std::string output() const { return read_text(runtime_.directory() / "out"); }
  std::string file(const std::string& name) const {
    return read_text(std::string(kPlace) + "/" + name);
  }

  static constexpr const char* kPlace = "/sys/fs/cgroup/tilla-test-outer";

 private:
  Runtime runtime_;
};

constexpr const char* kBound =
    "echo 0 > $0/cgroup.procs && mount --bind $0 /sys/fs/cgroup && exec \"$@\"";
constexpr const char* kInNamespace =
    "echo 0 > $0/cgroup.procs && exec unshare --mount --cgroup sh -c"
    " 'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec \"$@\"' sh "
    "\"$@\"";

void sleeps_with_limit(RuntimeSpec& spec) {
  spec.process->args = {"sleep", "1000"};
  spec.linux_.resources.emplace().pids.emplace().limit = 5;
}

bool is_for_systemd() { return cgroup_manager() == "systemd"; }  // whose place is its own

}  // namespace

TEST_CASE("place: in a container it is below that one's cgroup, where room is made",
          "[vm][place][root]") {
  if (is_for_systemd()) return;
  const std::string line = GENERATE(as<std::string>(), kBound, kInNamespace);
  const Bundle bundle(sleeps_with_limit);
  const Outer outer;
  const Result result = outer.call(line, {"run", "--detach", "--bundle", bundle.path(), "test"});
  INFO(outer.output());
  CHECK(result.exit_code == 0);
  CHECK(outer.file("tilla-test/pids.max") == "5\n");
  CHECK_THAT(outer.file("tilla-test/cgroup.events"), Contains("populated 1"));
  // We were in there ourselves, and went to a leaf, for no cgroup with processes gives controllers.
  CHECK_THAT(outer.file("cgroup.subtree_control"), Contains("pids"));
  CHECK(exists(std::string(Outer::kPlace) + "/tilla-runtime"));
}

TEST_CASE("place: no room is made where somebody else is", "[vm][place][root]") {
  if (is_for_systemd()) return;
  const Bundle bundle(sleeps_with_limit);
  const Outer outer;
  const Program other({"sh", "-c", "echo 0 > $0/cgroup.procs && exec sleep 1000", Outer::kPlace});
  const std::string line = std::to_string(other.pid()) + "\n";
  REQUIRE(eventually([&] { return outer.file("cgroup.procs") == line; }));
  CHECK(outer.call(kBound, {"run", "--detach", "--bundle", bundle.path(), "test"}).exit_code == 1);
  CHECK_THAT(outer.output(),
             Contains("/linux/resources/pids/limit: pids can't be limited: the pids "
                      "controller is not enabled"));
  CHECK(outer.file("cgroup.procs") == line);
  CHECK(outer.file("cgroup.subtree_control").find("pids") == std::string::npos);
  CHECK_FALSE(exists(std::string(Outer::kPlace) + "/tilla-test"));
}
