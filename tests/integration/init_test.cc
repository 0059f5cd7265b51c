// SPDX-License-Identifier: Apache-2.0
// tilla-init as process 1 of a container: signals, orphans, exit codes, the terminal.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

std::string init_program() {
  const std::string runtime = runtime_program();
  return runtime.substr(0, runtime.rfind('/') + 1) + "tilla-init";
}

// Where docs/monitor.md has it.
Change with_init(std::vector<std::string> words) {
  return [words = std::move(words)](RuntimeSpec& spec) {
    add_mount(spec, "/dev/init", "bind", init_program(), {"bind", "ro", "nosuid", "nodev"});
    spec.process->args = {"/dev/init"};
    spec.process->args.insert(spec.process->args.end(), words.begin(), words.end());
  };
}

Change with_init_and_shell(const std::string& line) { return with_init({"sh", "-c", line}); }

Result run_with_init(const std::vector<std::string>& words) {
  const Bundle bundle(with_init(words));
  const Runtime runtime;
  return runtime.run(bundle);
}

// The runtime in the foreground, which passes signals on to the container's process 1.
struct Foreground {
  explicit Foreground(const std::string& line, bool pty = false)
      : bundle([&](RuntimeSpec& spec) {
          with_init_and_shell(line)(spec);
          spec.process->terminal = pty;
        }),
        program(runtime.argv({"run", "--bundle", bundle.path(), "test"}), {.pty = pty}) {}
  Bundle bundle;
  Runtime runtime;
  Program program;
};

}  // namespace

TEST_CASE("init: the program's exit code is the container's", "[integration][init]") {
  CHECK(run_with_init({"sh", "-c", "exit 7"}).exit_code == 7);
  CHECK(run_with_init({"--", "true"}).exit_code == 0);
}

TEST_CASE("init: an end by a signal is 128 and the signal", "[integration][init]") {
  CHECK(run_with_init({"sh", "-c", "kill -SEGV $$"}).exit_code == 128 + SIGSEGV);
}

TEST_CASE("init: it is process 1, and the program is not", "[integration][init]") {
  const Result result =
      run_with_init({"sh", "-c", "echo $$; tr '\\0' ' ' < /proc/1/cmdline; ls -l /proc/1/exe"});
  CHECK_THAT(result.out, Contains("/dev/init sh"));
  CHECK(result.out.substr(0, 2) != "1\n");
}

TEST_CASE("init: what can't be run is told, with a shell's codes", "[integration][init]") {
  const Result missing = run_with_init({"nothere"});
  CHECK(missing.exit_code == 127);
  CHECK_THAT(missing.err, Contains("exec: \"nothere\": executable file not found in $PATH"));
  const Result forbidden = run_with_init({"/etc/passwd"});
  CHECK(forbidden.exit_code == 126);
  CHECK_THAT(forbidden.err, Contains("permission denied"));
}

TEST_CASE("init: nothing to run is an error that says so", "[integration][init]") {
  const Result result = run_with_init({});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("nothing to run"));
}

TEST_CASE("init: SIGTERM ends a program that does nothing about it", "[integration][init]") {
  Foreground run("echo ready; exec sleep 100");
  run.program.wait_for("ready");
  run.program.signal(SIGTERM);
  CHECK(run.program.wait().exit_code == 128 + SIGTERM);
}

TEST_CASE("init: every signal is passed on", "[integration][init]") {
  Foreground run(
      "for s in HUP INT QUIT USR1 USR2 PIPE ALRM TERM WINCH 34 64; do trap \"echo got $s\" $s; "
      "done; trap 'echo over; exit 3' CONT; echo ready; while :; do sleep 0.05; done");
  run.program.wait_for("ready");
  const pid_t init = run.runtime.pid("test");
  for (const int number : {1, 2, 3, 10, 12, 13, 14, 15, 28, 34, 64})
    REQUIRE(::kill(init, number) == 0);
  for (const char* name :
       {"HUP", "INT", "QUIT", "USR1", "USR2", "PIPE", "ALRM", "TERM", "WINCH", "34", "64"}) {
    run.program.wait_for(std::string("got ") + name + "\n");
  }
  REQUIRE(::kill(init, SIGCONT) == 0);
  CHECK(run.program.wait().exit_code == 3);
}

TEST_CASE("init: orphans are collected", "[integration][init]") {
  // Each subshell leaves a child behind, which ends after it.
  const Result result = run_with_init({"sh", "-c",
                                       "for i in 1 2 3 4 5; do (sleep 0.1 &); done; sleep 0.5; "
                                       "grep -l 'State:.Z' /proc/[0-9]*/status; echo done"});
  CHECK(result.out == "done\n");
}

TEST_CASE("init: the program alone decides when it is over", "[integration][init]") {
  const Result result = run_with_init({"sh", "-c", "sleep 100 & exit 5"});
  CHECK(result.exit_code == 5);
}

TEST_CASE("init: what is typed reaches the program, with job control", "[integration][init]") {
  Foreground run("exec sh -i", true);
  run.program.wait_for("#");
  run.program.send("(echo $((6*7)) runs; sleep 100)\n");
  run.program.wait_for("42 runs");
  run.program.send("\x1a");  // Ctrl-Z: SIGTSTP for the foreground's group, which is the job's
  run.program.wait_for("Stopped");
  run.program.send("echo still $((6*7))\n");
  run.program.wait_for("still 42");
  run.program.send("exit 9\n");
  run.program.send("exit 9\n");  // the first one is refused: there is a stopped job
  CHECK(run.program.wait().exit_code == 9);
}

TEST_CASE("init: a job in the background that reads is stopped, not killed",
          "[integration][init]") {
  Foreground run("exec sh -i", true);
  run.program.wait_for("#");
  run.program.send("cat & sleep 0.3; jobs\n");
  run.program.wait_for("Stopped (tty input)");
  run.program.send("kill %1; fg; exit 4\n");
  CHECK(run.program.wait().exit_code == 4);
}

TEST_CASE("init: it needs less than 100 KB", "[integration][init]") {
  Foreground run("echo ready; exec sleep 100");
  run.program.wait_for("ready");
  const std::string status =
      read_text("/proc/" + std::to_string(run.runtime.pid("test")) + "/status");
  const std::size_t place = status.find("VmRSS:");
  REQUIRE(place != std::string::npos);
  CHECK(std::stoul(status.substr(place + 6)) < 100);
  run.program.signal(SIGTERM);
}
