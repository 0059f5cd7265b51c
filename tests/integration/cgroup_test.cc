// SPDX-License-Identifier: Apache-2.0
// Cgroups of containers on whatever machine this is: what is refused where none can be had, and, as
// root in a view of cgroup v2 without controllers, where they are made and how they end. Limits are
// for tests/vm.
#include <unistd.h>

#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;
using Catch::Matchers::Contains;
using config::NamespaceType;
using config::RuntimeSpec;

namespace {

constexpr const char* kView = "umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; ";

// The runtime, and shell lines, in a mount namespace whose /sys/fs/cgroup is cgroup v2.
class UnifiedView {
 public:
  UnifiedView() : id_("cg" + std::to_string(::getpid())) {}
  ~UnifiedView() { (void)call({"delete", "--force", id_}); }
  UnifiedView(const UnifiedView&) = delete;
  UnifiedView& operator=(const UnifiedView&) = delete;
  /// The tree is the machine's, and others may be in it.
  const std::string& id() const { return id_; }
  std::string place() const { return "/tilla-" + id_; }

  Result shell(const std::string& line) const {
    return support::run({"unshare", "-m", "sh", "-c", kView + line});
  }
  /// tracer: what the runtime is run by, "strace ".
  Result call(const std::vector<std::string>& words, const std::string& tracer = {}) const {
    write_text(runtime_.directory() / "out", "");  // what the container keeps open is appended to
    std::vector<std::string> argv = {
        "unshare", "-m", "sh", "-c", kView + ("exec " + tracer) + "\"$@\"", "sh"};
    std::ranges::copy(runtime_.argv(words), std::back_inserter(argv));
    return support::run(argv, {.output_file = runtime_.directory() / "out"});
  }
  std::string output() const { return read_text(runtime_.directory() / "out"); }
  std::string of(const std::vector<std::string>& words, const std::string& tracer = {}) const {
    (void)call(words, tracer);
    return output();
  }
  void start(const Bundle& bundle) const {
    REQUIRE(call({"run", "--detach", "--bundle", bundle.path(), id_}).exit_code == 0);
  }
  /// The lines of a file of the container's cgroup, which is at `path`.
  std::string file(const std::string& name, const std::string& path = {}) const {
    return shell("cat /sys/fs/cgroup" + (path.empty() ? place() : path) + "/" + name).out;
  }
  bool is_there(const std::string& path = {}) const {
    return shell("test -d /sys/fs/cgroup" + (path.empty() ? place() : path)).exit_code == 0;
  }

 private:
  std::string id_;
  Runtime runtime_;
};

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; }

void limit_processes(RuntimeSpec& spec) {
  spec.linux_.resources.emplace().pids.emplace().limit = 10;
}

}  // namespace

TEST_CASE("cgroup: a limit by hand that can't be had is an error that names the controller",
          "[integration][cgroup][user]") {
  NEEDS(user);
  const Result result = run_args({"true"}, limit_processes);
  if (result.exit_code == 0) return;  // a delegated subtree, where it can be had
  CHECK_THAT(result.err,
             Contains("/linux/resources/pids/limit") && Contains("pids can't be limited"));
  CHECK_THAT(result.err, Contains("--cgroups=best-effort"));
}

TEST_CASE("cgroup: what engines set unasked is a warning to a user",
          "[integration][cgroup][user]") {
  NEEDS(user);
  const Result result = run_args({"true"}, [](RuntimeSpec& spec) {
    spec.linux_.resources.emplace().cpu.emplace().shares = 2;
  });
  CHECK(result.exit_code == 0);
  if (result.err.empty()) return;  // a delegated subtree, where it can be had
  CHECK_THAT(result.err,
             Contains("warning") && Contains("/linux/resources/cpu/shares: cpu can't be "
                                             "limited"));
}

TEST_CASE("cgroup: --cgroups and the annotation decide otherwise", "[integration][cgroup][user]") {
  NEEDS(user);
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->args = {"true"};
    limit_processes(spec);
  });
  const Runtime runtime;
  CHECK(runtime.call({"--cgroups=best-effort", "run", "--bundle", bundle.path(), "a"}).exit_code ==
        0);
  CHECK(runtime.call({"--cgroups=disabled", "run", "--bundle", bundle.path(), "a"}).exit_code == 0);
  CHECK(run_args({"true"}, [](RuntimeSpec& spec) {
          limit_processes(spec);
          spec.annotations["org.tilla.cgroups"] = "best-effort";
        }).exit_code == 0);
}

TEST_CASE("cgroup: an annotation can't disable them", "[integration][cgroup]") {
  const Result result = run_args(
      {"true"}, [](RuntimeSpec& spec) { spec.annotations["org.tilla.cgroups"] = "disabled"; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/annotations/org.tilla.cgroups"));
}

TEST_CASE("cgroup: one for each container, which goes with it", "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  CHECK(view.file("cgroup.events") == "populated 1\nfrozen 0\n");
  CHECK(view.call({"delete", "--force", view.id()}).exit_code == 0);
  CHECK_FALSE(view.is_there());
}

TEST_CASE("cgroup: a second container of an id is refused for that, and the first one lives",
          "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  const Result second = view.call({"run", "--bundle", bundle.path(), view.id()});
  const std::string said = view.output();
  CHECK(second.exit_code == 1);
  CHECK_THAT(said, Contains("already exists") && !Contains("warning"));
  CHECK(view.file("cgroup.events") == "populated 1\nfrozen 0\n");
}

TEST_CASE("cgroup: the container's is the root of its cgroup namespace",
          "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kCgroup);
    set_shell(spec, "grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs");
  });
  const UnifiedView view;
  CHECK(view.of({"run", "--bundle", bundle.path(), view.id()}) == "0::/\n1\n");
}

TEST_CASE("cgroup: where a process can't be born in it, it is moved there",
          "[integration][cgroup][root]") {
  NEEDS(root);
  NEEDS(strace);
  const Bundle bundle([](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kCgroup);
    set_shell(spec, "grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs");
  });
  const UnifiedView view;
  const std::string trace = bundle / "trace";
  CHECK(view.of({"run", "--bundle", bundle.path(), view.id()},
                "strace -f -o " + trace + " -e clone3 -e inject=clone3:error=EBUSY:when=1 ") ==
        "0::/\n1\n");
  CHECK_THAT(read_text(trace), Contains("CLONE_INTO_CGROUP") && Contains("EBUSY"));
}

TEST_CASE("cgroup: cgroupsPath is where it is made", "[integration][cgroup][root]") {
  NEEDS(root);
  const std::string path = GENERATE("/tilla-parent/x", "tilla-parent/x");
  const Bundle bundle([&](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.cgroups_path = path;
  });
  const UnifiedView view;
  view.start(bundle);
  CHECK_FALSE(view.file("cgroup.procs", "/tilla-parent/x").empty());
  CHECK(view.call({"delete", "--force", view.id()}).exit_code == 0);
  CHECK_FALSE(view.is_there("/tilla-parent/x"));
  (void)view.shell("rmdir /sys/fs/cgroup/tilla-parent");
}

TEST_CASE("cgroup: one with processes of others is not taken", "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  const Bundle second([&](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.cgroups_path = view.place();
  });
  const Runtime other;
  std::vector<std::string> argv = {"unshare", "-m", "sh", "-c", std::string(kView) + "exec \"$@\"",
                                   "sh"};
  std::ranges::copy(other.argv({"run", "--detach", "--bundle", second.path(), "second"}),
                    std::back_inserter(argv));
  const Result result = support::run(argv, {.output_file = other.directory() / "out"});
  CHECK_THAT(read_text(other.directory() / "out"), Contains("is in use"));
  CHECK(view.file("cgroup.procs").find('\n') == view.file("cgroup.procs").size() - 1);
}

TEST_CASE("cgroup: pause and resume", "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  CHECK(view.call({"resume", view.id()}).exit_code == 1);
  CHECK(view.call({"pause", view.id()}).exit_code == 0);
  CHECK(view.file("cgroup.events") == "populated 1\nfrozen 1\n");
  CHECK_THAT(view.of({"state", view.id()}), Contains("\"paused\""));
  CHECK(view.call({"pause", view.id()}).exit_code == 1);
  CHECK_THAT(view.of({"exec", view.id(), "true"}), Contains("cannot exec in a paused container"));
  CHECK_THAT(view.of({"delete", view.id()}), Contains("not stopped: paused"));
  CHECK(view.call({"resume", view.id()}).exit_code == 0);
  CHECK_THAT(view.of({"state", view.id()}), Contains("\"running\""));
  CHECK(view.of({"exec", view.id(), "echo", "back"}) == "back\n");
}

TEST_CASE("cgroup: a frozen container can be deleted", "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  CHECK(view.call({"pause", view.id()}).exit_code == 0);
  CHECK(view.call({"delete", "--force", view.id()}).exit_code == 0);
  CHECK_FALSE(view.is_there());
}

TEST_CASE("cgroup: kill --all and delete find those whose init has ended",
          "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kPid);
    set_shell(spec, "sleep 1000 & sleep 1000 & exit 0");
  });
  const UnifiedView view;
  view.start(bundle);
  REQUIRE(eventually([&] {
    return view.of({"state", view.id()}).find("stopped") != std::string::npos;
  }));
  CHECK(view.file("cgroup.events") == "populated 1\nfrozen 0\n");
  const bool kills_first = GENERATE(true, false);
  if (kills_first) {
    CHECK(view.call({"kill", "--all", view.id(), "9"}).exit_code == 0);
    CHECK(eventually([&] { return view.file("cgroup.events") == "populated 0\nfrozen 0\n"; }));
  }
  CHECK(view.call({"delete", view.id()}).exit_code == 0);
  CHECK_FALSE(view.is_there());
}

TEST_CASE("cgroup: others below it go as well", "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  REQUIRE(view.shell("cd /sys/fs/cgroup" + view.place() +
                     "; mkdir -p a/b/c d/e; "
                     "echo $(head -1 cgroup.procs) > a/b/c/cgroup.procs")
              .exit_code == 0);
  CHECK(view.of({"ps", "--format", "json", view.id()}).size() > 4);  // "[1]\n" is the least
  CHECK(view.call({"delete", "--force", view.id()}).exit_code == 0);
  CHECK_FALSE(view.is_there());
}

TEST_CASE("cgroup: exec enters it, or one below it, and none beside it",
          "[integration][cgroup][root]") {
  NEEDS(root);
  const Bundle bundle(sleeps);
  const UnifiedView view;
  view.start(bundle);
  REQUIRE(view.shell("mkdir /sys/fs/cgroup" + view.place() + "/sub").exit_code == 0);
  const std::string show = "grep ^0: /proc/self/cgroup";
  CHECK(view.of({"exec", view.id(), "sh", "-c", show}) == "0::" + view.place() + "\n");
  CHECK(view.of({"exec", "--cgroup", "sub", view.id(), "sh", "-c", show}) ==
        "0::" + view.place() + "/sub\n");
  CHECK_THAT(view.of({"exec", "--cgroup", "../..", view.id(), "true"}), Contains("leads out"));
  CHECK(view.call({"exec", "--cgroup", "none", view.id(), "true"}).exit_code == 255);
}

TEST_CASE("cgroup: a path that climbs is refused", "[integration][cgroup]") {
  const std::string path = GENERATE("/../x", "a/../../x", "/", "/.");
  const Result result =
      run_args({"true"}, [&](RuntimeSpec& spec) { spec.linux_.cgroups_path = path; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/cgroupsPath"));
}
