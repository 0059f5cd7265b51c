// SPDX-License-Identifier: Apache-2.0
// Clients at a container's streams: with terminals and pipes, one and several, quick and slow, and
// those that are no clients.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "shim/monitor/protocol.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"
#include "tests/support/child.h"
#include "tests/support/monitored.h"

using namespace support;
using Catch::Matchers::Contains;
using shim::RunState;

namespace {

struct OnTerminal : Monitored {
  explicit OnTerminal(const std::string& line)
      : Monitored([&](config::RuntimeSpec& spec) {
          spec.process->terminal = true;
          set_shell(spec, line);
        }) {
    config.has_terminal = true;
    config.input = shim::Input::kOpen;
  }
};

bool echoes(int terminal) {
  termios settings = {};
  return ::tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}

// The first client, made before anything runs; then the start.
sys::Fd start_attached(Monitored& container, bool with_input) {
  shim::Starting starting = container.begin(true, with_input);
  (void)starting.wait_created();
  starting.start();
  return starting.take_attachment();
}

}  // namespace

TEST_CASE("attach: the first client misses no byte, and gets the exit code", "[monitor][attach]") {
  Monitored container("echo out; echo bad >&2; exit 3");
  Attacher client(start_attached(container, false), "w");
  CHECK(client.wait() == "exited 3");
  CHECK(client.out == "out\n");
  CHECK(client.err == "bad\n");
}

TEST_CASE("attach: a flood arrives byte by byte, as fast as the client reads",
          "[monitor][attach]") {
  Monitored container("seq 1 200000");
  container.config.log.is_on = false;
  Attacher client(start_attached(container, false), "w");
  CHECK(client.wait() == "exited 0");
  std::string expected;
  for (int i = 1; i <= 200000; ++i) expected += sys::format("{}\n", i);
  CHECK(client.out == expected);
}

TEST_CASE("attach: input arrives whole, and its end", "[monitor][attach]") {
  Monitored container("cat; echo over");
  container.config.input = shim::Input::kOnce;
  Attacher client(start_attached(container, true), "iw");
  std::string text;
  for (int i = 0; i < 4000; ++i) text += sys::format("line {}\n", i);
  client.program().send(text);
  client.program().close_input();
  CHECK(client.wait() == "exited 0");
  CHECK(client.out == text + "over\n");
}

TEST_CASE("attach: input that goes with its client ends when it is to be once",
          "[monitor][attach]") {
  Monitored container("cat > /dev/null; exit 9");
  container.config.input = shim::Input::kOnce;
  {
    Attacher client(start_attached(container, true), "iw");
    client.program().signal(SIGKILL);
    (void)client.wait();
  }
  CHECK(container.wait_until_over().exit_code == 9);
}

TEST_CASE("attach: input that is to stay open does so without clients", "[monitor][attach]") {
  Monitored container("read one; echo got $one; read two; echo got $two");
  container.config.input = shim::Input::kOpen;
  container.start();
  {
    Attacher client(container.connect(), "i");
    client.program().send("first\n");
    client.program().close_input();
    client.program().wait_for("got first");
    client.program().signal(SIGKILL);
    (void)client.wait();
  }
  CHECK(container.status().state == RunState::kRunning);
  Attacher client(container.connect(), "i");
  client.program().send("second\n");
  CHECK(client.wait() == "exited 0");
  CHECK_THAT(client.out, Contains("got second"));
}

TEST_CASE("attach: without input for the container what is typed goes nowhere",
          "[monitor][attach]") {
  Monitored container("cat; exit 4");
  Attacher client(start_attached(container, true), "iw");
  client.program().send("typed\n");
  CHECK(client.wait() == "exited 4");
  CHECK(client.out.empty());
}

TEST_CASE("attach: with a terminal: raw while it lasts, keys, and restored", "[monitor][attach]") {
  OnTerminal container("echo ready; read line; echo got $line; exit 2");
  Attacher client(start_attached(container, true), "tiw", true);
  client.program().wait_for("ready");
  CHECK_FALSE(echoes(client.program().terminal()));
  client.program().send("words\n");
  client.program().wait_for("got words");
  CHECK(client.wait() == "exited 2");
  CHECK(echoes(client.program().terminal()));
}

TEST_CASE("attach: an interrupt that is typed is the container's", "[monitor][attach]") {
  OnTerminal container(
      "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done");
  Attacher client(start_attached(container, true), "tiw", true);
  client.program().wait_for("ready");
  client.program().send("\x03");
  CHECK(client.wait() == "exited 7");
  CHECK_THAT(client.out, Contains("interrupted"));
}

TEST_CASE("attach: the window's size is the container's, at the beginning and later",
          "[monitor][attach]") {
  OnTerminal container(
      "trap 'stty size' WINCH; echo ready; while :; do read line && stty size; done");
  container.start();
  Attacher client(container.connect(), "ti", true);
  winsize size = {.ws_row = 43, .ws_col = 97, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(::ioctl(client.program().terminal(), TIOCSWINSZ, &size) == 0);
  client.program().wait_for("43 97");
  CHECK(shim::resize(container.connect(), 21, 55));
  client.program().wait_for("21 55");
  client.program().send("\x10\x11");
  CHECK(client.wait() == "detached");
}

TEST_CASE("attach: the keys detach, the terminal is restored, the container runs on",
          "[monitor][attach]") {
  OnTerminal container("while read line; do echo got $line; done");
  container.start();
  Attacher client(container.connect(), "ti", true);
  client.program().send("a\n");
  client.program().wait_for("got a");
  client.program().send("\x10");
  client.program().send("\x11");
  CHECK(client.wait() == "detached");
  CHECK(echoes(client.program().terminal()));
  CHECK(container.status().state == RunState::kRunning);
  Attacher again(container.connect(), "ti", true, "ctrl-x");
  again.program().send(
      "\x10\x11"
      "b\n");  // other keys are input
  again.program().wait_for("b");
  again.program().send("\x18");
  CHECK(again.wait() == "detached");
}

TEST_CASE("attach: signals that are to be passed on reach the program", "[monitor][attach]") {
  Monitored container("trap 'echo got it; exit 8' TERM; echo ready; while :; do sleep 0.05; done");
  Attacher client(start_attached(container, false), "w");
  client.program().wait_for("ready");
  client.program().signal(SIGTERM);
  CHECK(client.wait() == "exited 8");
}

TEST_CASE("attach: signals that are not end the client, with its terminal restored",
          "[monitor][attach]") {
  OnTerminal container("echo ready; sleep 100");
  Attacher client(start_attached(container, true), "tis", true);
  client.program().wait_for("ready");
  CHECK_FALSE(echoes(client.program().terminal()));
  client.program().signal(SIGTERM);
  CHECK(client.wait() == "signal 15");
  CHECK(echoes(client.program().terminal()));
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("attach: several clients see the same", "[monitor][attach]") {
  Monitored container("read line; echo got $line; seq 1 1000");
  container.config.input = shim::Input::kOpen;
  container.start();
  Attacher one(container.connect(), "i"), two(container.connect(), ""),
      three(container.connect(), "");
  ::usleep(200'000);
  one.program().send("words\n");
  CHECK(one.wait() == "exited 0");
  CHECK(two.wait() == "exited 0");
  CHECK(three.wait() == "exited 0");
  CHECK(one.out == two.out);
  CHECK(one.out == three.out);
  CHECK_THAT(one.out, Contains("got words") && Contains("1000"));
}

TEST_CASE("attach: a client that is killed does the container no harm", "[monitor][attach]") {
  Monitored container("i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo $i; sleep 0.02; done; exit 3");
  container.start();
  {
    Attacher client(container.connect(), "");
    client.program().wait_for("5");
    client.program().signal(SIGKILL);
    (void)client.wait();
  }
  CHECK(container.wait_until_over().exit_code == 3);
  CHECK(container.log_lines().size() == 30);
}

TEST_CASE("attach: a client that reads nothing is dropped, and the container goes on",
          "[monitor][attach]") {
  Monitored container("yes | head -c 3000000; exit 3");
  container.start();
  const sys::Fd sleeper = container.connect();
  REQUIRE(sys::send_message(sleeper.get(), {&shim::kAttach, 1}));
  CHECK(eventually([&] { return container.status().state == RunState::kExited; },
                   milliseconds(14000)));
  CHECK(container.logged_output().size() == 3000000);
}

TEST_CASE("attach: a monitor that dies is noticed", "[monitor][attach]") {
  Monitored container("echo ready; sleep 100");
  Attacher client(start_attached(container, false), "w");
  client.program().wait_for("ready");
  REQUIRE(::kill(container.status().monitor, SIGKILL) == 0);
  CHECK(client.wait() == "lost");
}

TEST_CASE("attach: the socket is for its owner alone", "[monitor][attach]") {
  Monitored container("sleep 100");
  container.start();
  struct stat status = {};
  REQUIRE(::stat((container.config.sockets + "/attach.sock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("attach: a directory of sockets that others can write is refused", "[monitor][attach]") {
  Monitored container("sleep 100");
  REQUIRE(::chmod(container.config.sockets.c_str(), 0777) == 0);
  shim::Starting starting = container.begin();
  CHECK_THROWS_WITH(starting.wait_created(), Contains("can be written by others"));
}

TEST_CASE("t_attach_peer: another user is turned away", "[monitor][attach][root]") {
  Monitored container("sleep 100");
  container.start();
  // The modes out of the way, what is left is the look at the peer.
  for (const std::string& path :
       {container.config.sockets, container.config.sockets + "/attach.sock"}) {
    REQUIRE(::chmod(path.c_str(), 0777) == 0);
  }
  std::string parent = container.config.sockets.substr(0, container.config.sockets.rfind('/'));
  REQUIRE(::chmod(parent.c_str(), 0755) == 0);
  const std::string told = in_child([&] {
    const sys::Fd sockets = sys::open_path(container.config.sockets, O_RDONLY | O_DIRECTORY);
    expect(::setresuid(12345, 12345, 12345) == 0, "setresuid");
    const auto connection = shim::connect_monitor(sockets.get());
    expect(connection.has_value(), "it could not even connect");
    (void)sys::send_message(connection->get(), {&shim::kNoRestart, 1});
    expect(!sys::receive_message(connection->get(), 10).has_value(), "it was answered");
  });
  CHECK(told.empty());
}

TEST_CASE("attach: messages that nobody understands end their sender alone", "[monitor][attach]") {
  Monitored container("sleep 100");
  container.config.input = shim::Input::kOpen;
  container.start();
  for (const std::string& message :
       {std::string("k"), std::string("k 99"), std::string("k-1"), std::string("w1"),
        std::string("s"), std::string("w99999999999 5"), std::string("?"), std::string(1, '\0'),
        "i" + std::string(60000, 'x')}) {
    const sys::Fd connection = container.connect();
    (void)sys::send_message(connection.get(), message);
  }
  CHECK(shim::forbid_restart(container.connect()));
  CHECK(container.status().state == RunState::kRunning);
}

TEST_CASE("attach: more clients than there may be wait until there is room", "[monitor][attach]") {
  Monitored container("sleep 100");
  container.start();
  std::vector<sys::Fd> crowd;
  for (std::size_t i = 0; i < shim::kMaxClients; ++i) crowd.push_back(container.connect());
  const sys::Fd late = container.connect();
  REQUIRE(sys::send_message(late.get(), {&shim::kNoRestart, 1}));
  crowd.clear();
  const auto answer = sys::receive_message(late.get(), 10);
  REQUIRE(answer.has_value());
  CHECK(answer->text == "r");
}

TEST_CASE("attach: sockets may be at the end of a path that is too long for them",
          "[monitor][attach]") {
  Monitored container("read line; exit 5");
  std::string deep = container.directory();
  for (int i = 0; i < 3; ++i) {
    deep += "/" + std::string(60, 'd');
    make_directory(deep);
    REQUIRE(::chmod(deep.c_str(), 0700) == 0);
  }
  container.config.sockets = deep;
  container.config.input = shim::Input::kOpen;
  container.start();
  Attacher client(container.connect(), "i");
  client.program().send("\n");
  CHECK(client.wait() == "exited 5");
}
