// SPDX-License-Identifier: Apache-2.0
// Terminals: the container's own pty, in the foreground and through --console-socket.
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

Change shell_on_terminal(const std::string& line) {
  return [line](RuntimeSpec& spec) {
    spec.process->terminal = true;
    set_shell(spec, line);
  };
}

// The runtime in the foreground, on a terminal of ours.
struct Foreground {
  explicit Foreground(const std::string& line) : bundle(shell_on_terminal(line)) {}
  Bundle bundle;
  Runtime runtime;
  Program program{runtime.argv({"run", "--bundle", bundle.path(), "test"}), {.pty = true}};
};

bool echoes(int terminal) {
  termios settings = {};
  return ::tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}

}  // namespace

TEST_CASE("run: a terminal prints plain newlines and passes the exit code",
          "[integration][terminal]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->terminal = true;
    set_shell(spec, "tty; test -c /dev/console && echo console; exit 4");
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.pty = true});
  CHECK(result.out == "/dev/pts/0\nconsole\n");
  CHECK(result.exit_code == 4);
}

TEST_CASE("console socket: create sends the master of the container's terminal",
          "[integration][terminal]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->terminal = true;
    spec.process->console_size = config::ConsoleSize{.height = 33, .width = 77};
    set_shell(spec, "stty size");
  });
  const Runtime runtime;
  ConsoleSocket socket(runtime.directory() / "console.sock");
  REQUIRE(runtime.create(bundle, "test", {"--console-socket", socket.path()}).exit_code == 0);
  const ConsoleSocket::Console console = socket.receive();
  runtime.must({"start", "test"});
  CHECK(read_terminal(console.master.get(), "77").find("33 77") != std::string::npos);
}

TEST_CASE("terminal: wrong combinations are refused in runc's words", "[integration][terminal]") {
  const Bundle with([](RuntimeSpec& spec) { spec.process->terminal = true; });
  const Bundle without;
  const Runtime runtime;
  CHECK(runtime.create(with, "a").exit_code == 1);
  CHECK(runtime.create(without, "b", {"--console-socket", "/tmp/none"}).exit_code == 1);
  CHECK(runtime.left().empty());
}

TEST_CASE("exec: --tty gives a terminal", "[integration][exec]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result = runtime.call({"exec", "--tty", "test", "tty"}, {.pty = true});
  CHECK(result.out == "/dev/pts/0\n");
}

TEST_CASE("exec: a detached one sends its terminal through the console socket",
          "[integration][terminal]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  ConsoleSocket socket(runtime.directory() / "console.sock");
  REQUIRE(runtime
              .call({"exec", "--detach", "--tty", "--console-socket", socket.path(), "test", "sh",
                     "-c", "tty; read line; echo got $line"})
              .exit_code == 0);
  const ConsoleSocket::Console console = socket.receive();
  CHECK_THAT(read_terminal(console.master.get(), "/dev/pts/0"), StartsWith("/dev/pts/0"));
  sys::write_all(console.master.get(), "typed\n");
  CHECK_THAT(read_terminal(console.master.get(), "got typed"), Contains("got typed"));
}

TEST_CASE("console socket: the master is a terminal by the name that callers read",
          "[integration][terminal]") {
  const Bundle bundle(
      shell_on_terminal("for f in 0 1 2; do readlink /proc/self/fd/$f; done; "
                        "stat -c %t:%T /dev/console /dev/pts/0"));
  const Runtime runtime;
  ConsoleSocket socket(runtime.directory() / "console.sock");
  REQUIRE(runtime.create(bundle, "test", {"--console-socket", socket.path()}).exit_code == 0);
  const ConsoleSocket::Console console = socket.receive();
  CHECK(console.name == "/dev/ptmx");
  CHECK(::isatty(console.master.get()) == 1);
  runtime.must({"start", "test"});
  CHECK(read_terminal(console.master.get()) == "/dev/pts/0\n/dev/pts/0\n/dev/pts/0\n88:0\n88:0\n");
}

TEST_CASE("console socket: where nobody listens create fails and leaves nothing",
          "[integration][terminal]") {
  const Bundle bundle(shell_on_terminal("true"));
  const Runtime runtime;
  const std::string path = runtime.directory() / "console.sock";
  const Result result = runtime.create(bundle, "test", {"--console-socket", path});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("console.sock"));
  CHECK(runtime.left().empty());
}

TEST_CASE("terminal: without a devpts of the container's there is none, and we say so",
          "[integration][terminal]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->terminal = true;
    for (const char* path : {"/dev/pts", "/dev/shm", "/dev/mqueue", "/dev"}) drop_mount(spec, path);
  });
  const Runtime runtime;
  const Result missing = runtime.run(bundle, {}, {.pty = true});
  CHECK(missing.exit_code == 1);
  CHECK_THAT(missing.all(), Contains("no /dev/pts"));
  make_directory(bundle.rootfs() + "/dev/pts");
  write_text(bundle.rootfs() + "/dev/pts/ptmx", "not a multiplexer", 0666);
  const Result wrong = runtime.run(bundle, {}, {.pty = true});
  CHECK(wrong.exit_code == 1);
  CHECK_THAT(wrong.all(), Contains("not a devpts"));
}

TEST_CASE("terminal: it is the program's controlling one", "[integration][terminal]") {
  Foreground run("echo to the terminal > /dev/tty");
  CHECK(run.program.wait().out == "to the terminal\n");
}

TEST_CASE("terminal: what is typed arrives, an interrupt as a signal", "[integration][terminal]") {
  Foreground run(
      "trap 'echo interrupted; exit 7' INT; echo ready; read line; echo got $line; "
      "while :; do sleep 0.1; done");
  run.program.wait_for("ready");
  run.program.send("words\n");
  run.program.wait_for("got words");
  run.program.send("\x03");
  const Result result = run.program.wait();
  CHECK_THAT(result.out, Contains("interrupted"));
  CHECK(result.exit_code == 7);
}

TEST_CASE("terminal: its window is the caller's, now and later", "[integration][terminal]") {
  Foreground run("trap 'probe window; exit' WINCH; echo ready; while :; do sleep 0.1; done");
  run.program.wait_for("ready");
  const winsize size = {.ws_row = 43, .ws_col = 97, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(::ioctl(run.program.terminal(), TIOCSWINSZ, &size) == 0);
  CHECK_THAT(run.program.wait().out, Contains("43 97"));
}

TEST_CASE("terminal: the caller's is raw for as long as the program runs",
          "[integration][terminal]") {
  Foreground run("echo ready; read line");
  run.program.wait_for("ready");
  CHECK_FALSE(echoes(run.program.terminal()));
  run.program.send("\n");
  CHECK(run.program.wait().exit_code == 0);
  CHECK(echoes(run.program.terminal()));
}
