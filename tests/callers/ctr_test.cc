// SPDX-License-Identifier: Apache-2.0
// containerd's own command, through runc's shim.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/callers/containerd.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

#define NEEDS_CONTAINERD \
  if (support::is_missing(Containerd::kNeed)) return

namespace {

const Containerd& containerd() { return shared<Containerd>(); }

Result run_line(const Words& flags, const std::string& line,
                const support::ProgramOptions& options = {}) {
  Words all = {"--rm"};
  all.insert(all.end(), flags.begin(), flags.end());
  return containerd().ctr().call(Containerd::run_words(all, "foreground", {"sh", "-c", line}),
                                 options);
}

// A container with a task in the background, whose output goes to a file.
class Task {
 public:
  explicit Task(const std::string& line) {
    (void)ctr.must(Containerd::run_words({"--detach", "--log-uri", "file://" + directory / "log"},
                                         "task", {"sh", "-c", line}));
  }
  ~Task() {
    try {
      (void)ctr.call({"tasks", "delete", "--force", "task"});
      (void)ctr.call({"containers", "delete", "task"});
    } catch (const std::exception&) {  // containerd's end shows it
    }
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  std::string output() const { return support::read_text(directory / "log"); }
  bool says(const std::string& text) const {
    return support::eventually([&] { return output().find(text) != std::string::npos; });
  }
  bool is(const std::string& status) const {
    return support::eventually([&] {
      return ctr.must({"tasks", "list"}).find(status) != std::string::npos;
    });
  }

  Caller ctr = containerd().ctr();
  support::TempDirectory directory;
};

constexpr const char* kTrapping =
    "trap 'exit 5' TERM; trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done";

}  // namespace

TEST_CASE("ctr run: output, errors and the exit code", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Result result = run_line({"--env", "A=b"}, "echo out $A; echo err >&2; exit 3");
  CHECK(result.out == "out b\n");
  CHECK_THAT(result.err, Contains("err\n"));
  CHECK(result.exit_code == 3);
}

TEST_CASE("ctr run --tty: has a terminal", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Result result = run_line({"--tty"}, "tty; exit 4", {.pty = true});
  CHECK_THAT(result.out, Contains("/dev/pts/0"));
  CHECK(result.exit_code == 4);
}

TEST_CASE("ctr run: a missing command says so", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Result result =
      containerd().ctr().call(Containerd::run_words({"--rm"}, "missing", {"nosuch"}));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("\"nosuch\": executable file not found in $PATH"));
}

TEST_CASE("ctr run: read-only root, seccomp, capabilities and mounts", "[callers][root]") {
  NEEDS_CONTAINERD;
  const support::TempDirectory directory;
  const Result result =
      run_line({"--read-only", "--seccomp", "--cap-drop", "CAP_CHOWN", "--mount",
                "type=bind,src=" + directory.path() + ",dst=/mnt,options=rbind:rw"},
               "grep -c '^Seccomp:.2' /proc/self/status; grep -c ' /mnt ' "
               "/proc/mounts; echo x > /file");
  CHECK(result.out == "1\n1\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
}

TEST_CASE("ctr run: --uidmap and --gidmap make a user namespace", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Result result =
      run_line({"--uidmap", "0:300000:1000", "--gidmap", "0:300000:1000"},
               "awk '{print $2, $3}' /proc/self/uid_map; id -u; touch /written && echo written");
  CAPTURE(result.err);
  CHECK(result.out == "300000 1000\n0\nwritten\n");
}

TEST_CASE("ctr: a task runs detached, is listed and killed", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Task task(kTrapping);
  REQUIRE(task.says("ready"));
  CHECK(task.is("RUNNING"));
  (void)task.ctr.must({"tasks", "kill", "--signal", "SIGUSR1", "task"});
  CHECK(task.says("usr1"));
  (void)task.ctr.must({"tasks", "kill", "--signal", "SIGTERM", "task"});
  CHECK(task.is("STOPPED"));
  CHECK_THAT(task.ctr.call({"tasks", "delete", "task"}).err, Contains("non-zero exit code 5"));
}

TEST_CASE("ctr: exec, with its exit code and on a terminal", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Task task(kTrapping);
  const Result result = task.ctr.call(
      {"tasks", "exec", "--exec-id", "one", "--cwd", "/tmp", "task", "sh", "-c", "pwd; exit 6"});
  CHECK(result.out == "/tmp\n");
  CHECK(result.exit_code == 6);
  const Result terminal =
      support::run(task.ctr.argv({"tasks", "exec", "--exec-id", "two", "--tty", "task", "tty"}),
                   task.ctr.with_env({.pty = true}));
  CHECK_THAT(terminal.out, Contains("/dev/pts/0"));
}

TEST_CASE("ctr: exec of a missing command says so", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Task task(kTrapping);
  const Result result = task.ctr.call({"tasks", "exec", "--exec-id", "one", "task", "nosuch"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("executable file not found in $PATH"));
}

TEST_CASE("ctr: kill --all reaches every process, and ps lists them", "[callers][root]") {
  NEEDS_CONTAINERD;
  const Task task("sleep 1000 & sleep 1001 & echo ready; wait");
  REQUIRE(task.says("ready"));
  const auto processes = [&] {
    const std::string lines = task.ctr.must({"tasks", "ps", "task"});
    return std::count(lines.begin(), lines.end(), '\n');  // the first line is the heading
  };
  CHECK(support::eventually([&] { return processes() == 3; }));
  (void)task.ctr.must({"tasks", "kill", "--all", "--signal", "SIGKILL", "task"});
  CHECK(task.is("STOPPED"));
}
