// SPDX-License-Identifier: Apache-2.0
// `podman run` and `docker run`: what goes in, what comes out.
#include <catch2/catch.hpp>

#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

TEMPLATE_TEST_CASE("run: output, errors and the exit code come back", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>({}, "echo out; echo err >&2; exit 3");
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 3);
}

TEMPLATE_TEST_CASE("run: standard input goes in", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_command<TestType>({"-i"}, {"cat"}, {.input = "from outside\n"});
  CHECK(result.out == "from outside\n");
}

TEMPLATE_TEST_CASE("run -it: the container has the terminal", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  support::Program program(shared<TestType>().caller().argv(
                               {"run", "--rm", "-it", kImage, "sh", "-c",
                                "tty; echo ask; read answer; echo \"got $answer\"; exit 4"}),
                           shared<TestType>().caller().with_env({.pty = true}));
  program.wait_for("ask");
  program.send("this\n");
  const Result result = program.wait();
  CHECK_THAT(result.out, Contains("/dev/pts/0"));
  CHECK_THAT(result.out, Contains("got this"));
  CHECK(result.exit_code == 4);
}

TEMPLATE_TEST_CASE("run: a command that is missing exits with 127", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result name = run_command<TestType>({}, {"nosuch"});
  CHECK(name.exit_code == 127);
  CHECK_THAT(name.err, Contains("\"nosuch\": executable file not found in $PATH"));
  const Result path = run_command<TestType>({}, {"/no/such"});
  CHECK(path.exit_code == 127);
  CHECK_THAT(path.err, Contains("no such file or directory"));
}

TEMPLATE_TEST_CASE("run: a command that is not executable exits with 126", "[callers]", Podman,
                   Docker) {
  NEEDS_ENGINE(TestType);
  const Result file = run_command<TestType>({}, {"/bin/notprogram"});
  CHECK(file.exit_code == 126);
  CHECK_THAT(file.err, Contains("permission denied"));
  CHECK(run_command<TestType>({}, {"/bin"}).exit_code == 126);
}

TEMPLATE_TEST_CASE("run: environment, directory, user and name", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result =
      run_line<TestType>({"--env", "A=b c", "--workdir", "/tmp", "--user", "7:50", "--group-add",
                          "8", "--hostname", "here"},
                         "echo $A; pwd; id -u; id -G; hostname; echo $(cat /etc/hostname)");
  CHECK(result.out == "b c\n/tmp\n7\n50 8\nhere\nhere\n");
}

TEMPLATE_TEST_CASE("run: the user's name is the image's", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  CHECK(run_line<TestType>({"--user", "daemon:staff"}, "id -u; id -g").out == "7\n50\n");
}

TEMPLATE_TEST_CASE("run: --init reaps and passes the exit code", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>({"--init"}, "echo $$; exit 6");
  CHECK(result.out != "1\n");
  CHECK(result.exit_code == 6);
}

TEMPLATE_TEST_CASE("run: limits, sysctls, shm and tmpfs", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>(
      {"--ulimit", "nofile=77:88", "--ulimit", "nproc=500:500", "--sysctl", "kernel.msgmax=4096",
       "--shm-size", "1m", "--tmpfs", "/scratch:size=64k,mode=700"},
      "ulimit -Sn; ulimit -Hn; cat /proc/sys/kernel/msgmax; df -k /dev/shm /scratch | awk '{print "
      "$2}'; stat -c %a /scratch");
  CHECK(result.out == "77\n88\n4096\n1K-blocks\n1024\n64\n700\n");
}

TEMPLATE_TEST_CASE("run: the reason of a failure comes from the runtime's log", "[callers]", Podman,
                   Docker) {
  NEEDS_ENGINE(TestType);
  const Result result = run_line<TestType>({"--sysctl", "net.no.such=1"}, "true");
  CHECK(result.exit_code != 0);
  CHECK_THAT(result.err,
             Contains("net") && Contains("no such file or directory", Catch::CaseSensitive::No));
}

TEMPLATE_TEST_CASE("run: another container's pid and ipc namespaces", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const Container<TestType> first(detached({"--ipc", "shareable"}, kTrapping));
  const Result result =
      run_line<TestType>({"--pid", "container:" + first.id(), "--ipc", "container:" + first.id()},
                         "cat /proc/1/cmdline; [ \"$(readlink /proc/1/ns/ipc)\" = \"$(readlink "
                         "/proc/self/ns/ipc)\" ] && echo; echo same");
  CHECK_THAT(result.out, Contains("trap 'exit 5' TERM") && Contains("\nsame\n"));
}

TEMPLATE_TEST_CASE("run: the host's pid, uts and network namespaces", "[callers]", Podman, Docker) {
  NEEDS_ENGINE(TestType);
  const std::string line = "for name in pid uts net; do readlink /proc/self/ns/$name; done";
  const Result result =
      run_line<TestType>({"--pid", "host", "--uts", "host", "--network", "host"}, line);
  CHECK(result.out == support::run({"sh", "-c", line}).out);
}
