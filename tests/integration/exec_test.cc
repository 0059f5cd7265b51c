// SPDX-License-Identifier: Apache-2.0
// exec, terminals and descriptors.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;

namespace {

void sleeps(config::RuntimeSpec& spec) { spec.process->args = {"sleep", "100"}; }

// A running container "test", and calls of exec in it.
struct Running {
  explicit Running(const Change& change = sleeps) : bundle(change) {
    runtime.start(bundle, "test");
  }
  Result exec(std::vector<std::string> words, const ProgramOptions& options = {}) const {
    words.insert(words.begin(), "exec");
    return runtime.call(words, options);
  }
  Bundle bundle;
  Runtime runtime;
};

}  // namespace

TEST_CASE("exec: output, exit code and signal", "[integration][exec]") {
  const Running running;
  const Result result = running.exec({"test", "sh", "-c", "echo hello; exit 3"});
  CHECK(result.out == "hello\n");
  CHECK(result.exit_code == 3);
  CHECK(running.exec({"test", "sh", "-c", "kill -9 $$"}).exit_code == 128 + 9);
}

TEST_CASE("exec: working directory, environment and options of the command itself",
          "[integration][exec]") {
  const Running running;
  const Result result = running.exec({"--cwd", "/bin", "-e", "A=b", "--env", "C=d e", "test", "sh",
                                      "-c", "pwd; echo $A $C \"$0\"", "-x"});
  CHECK(result.out == "/bin\nb d e -x\n");
}

TEST_CASE("exec: a process from a file", "[integration][exec]") {
  const Running running;
  const std::string file = running.runtime.directory() / "process.json";
  write_text(
      file,
      R"({"user":{"uid":0,"gid":0},"args":["sh","-c","echo $X"],"env":["PATH=/bin","X=y"],"cwd":"/"})");
  CHECK(running.exec({"--process", file, "test"}).out == "y\n");
}

TEST_CASE("exec: into a container that waits for its start", "[integration][exec]") {
  const auto* const flag = GENERATE("", "--no-pivot");
  const Bundle bundle(sleeps);
  const Runtime runtime;
  const std::vector<std::string> flags = {flag};
  REQUIRE(runtime.create(bundle, "test", *flag == '\0' ? std::vector<std::string>{} : flags)
              .exit_code == 0);
  const std::string inside =
      "for ns in user mnt pid net ipc uts cgroup; do readlink /proc/$0/ns/$ns; done; pwd; ls /";
  const Result waiting = runtime.call({"exec", "test", "sh", "-c", inside, "self"});
  CHECK(waiting.exit_code == 0);
  CHECK(runtime.status("test") == "created");
  REQUIRE(runtime.call({"start", "test"}).exit_code == 0);
  CHECK(runtime.call({"exec", "test", "sh", "-c", inside, "1"}).out == waiting.out);
}

TEST_CASE("exec: a program that can't start is 255", "[integration][exec]") {
  const Running running;
  const Result result = running.exec({"test", "/nope"});
  CHECK(result.exit_code == 255);
  CHECK(result.err.find("no such file or directory") != std::string::npos);
}

TEST_CASE("exec: in a stopped container is refused", "[integration][exec]") {
  const Running running;
  running.runtime.must({"kill", "test", "KILL"});
  REQUIRE(running.runtime.wait_for_status("test", "stopped"));
  const Result result = running.exec({"test", "true"});
  CHECK(result.exit_code == 255);
  CHECK(result.err.find("cannot exec in a stopped container") != std::string::npos);
}

TEST_CASE("exec: detached, with a pid file", "[integration][exec]") {
  const Running running;
  const std::string file = running.runtime.directory() / "pid";
  CHECK(running
            .exec({"-d", "--pid-file", file, "test", "sleep", "100"},
                  {.output_file = running.runtime.output_file("exec")})
            .exit_code == 0);
  const std::string pids = running.runtime.must({"ps", "-f", "json", "test"});
  CHECK(pids.find(read_text(file)) != std::string::npos);
}

TEST_CASE("preserve-fds: the program gets what the caller named", "[integration][exec]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { set_shell(spec, "cat <&3"); });
  const Runtime runtime;
  const sys::Pipe pipe = sys::make_pipe();
  sys::write_all(pipe.write_end.get(), "from outside");
  const_cast<sys::Pipe&>(pipe).write_end.reset();
  const Result result =
      runtime.run(bundle, {"--preserve-fds", "1"}, {.fds = {{pipe.read_end.get(), 3}}});
  CHECK(result.out == "from outside");
}
