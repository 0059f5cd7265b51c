// SPDX-License-Identifier: Apache-2.0
// What the caller hands on: descriptors, sockets of systemd's, readiness.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "tests/support/harness.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* kShowListening = "echo ${LISTEN_FDS-none} ${LISTEN_PID-none}; probe fds";

// The runtime as systemd starts it: LISTEN_PID is its own pid, as the shell knows that it will be.
std::vector<std::string> as_listener(std::vector<std::string> argv, const std::string& pid = "$$") {
  argv.insert(argv.begin(), {"sh", "-c", "export LISTEN_PID=" + pid + "; exec \"$@\"", "sh"});
  return argv;
}

// Four open files, as descriptors 3 to 6.
class Files {
 public:
  Files() {
    for (int i = 0; i < 4; ++i) {
      const std::string path = directory_ / std::to_string(3 + i);
      write_text(path, std::to_string(3 + i));
      files_.push_back(sys::open_path(path, O_RDONLY));
    }
  }
  std::vector<std::pair<int, int>> fds() const {
    std::vector<std::pair<int, int>> pairs;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      pairs.emplace_back(files_[i].get(), 3 + static_cast<int>(i));
    }
    return pairs;
  }

 private:
  TempDirectory directory_;
  std::vector<sys::Fd> files_;
};

// Where a service manager listens.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw sys::errno_error("bind");
    }
  }
  std::string path() const { return directory_ / "manager.sock"; }
  std::string variable() const { return "NOTIFY_SOCKET=" + path(); }
  // All that has come, a datagram after the other; does not wait.
  std::string received() const {
    std::string all;
    char buffer[4096];
    for (;;) {
      const ssize_t length = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (length < 0) return all;
      all.append(buffer, static_cast<std::size_t>(length)) += ";";
    }
  }

 private:
  TempDirectory directory_;
  sys::Fd socket_;
};

}  // namespace

TEST_CASE("LISTEN_FDS: the sockets of systemd arrive as process 1's",
          "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, kShowListening); });
  const Runtime runtime;
  const Result result =
      support::run(as_listener(runtime.argv({"run", "--bundle", bundle.path(), "test"})),
                   {.env = {"LISTEN_FDS=2"}, .fds = files.fds()});
  CHECK_THAT(result.out, StartsWith("2 1\n"));
  CHECK_THAT(result.out, Contains("\n3 ") && Contains("\n4 ") && !Contains("\n5 "));
}

TEST_CASE("LISTEN_FDS: those of --preserve-fds come after them", "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, "cat <&3; cat <&5; probe fds"); });
  const Runtime runtime;
  const Result result = support::run(
      as_listener(runtime.argv({"run", "--preserve-fds", "1", "--bundle", bundle.path(), "test"})),
      {.env = {"LISTEN_FDS=2"}, .fds = files.fds()});
  CHECK_THAT(result.out, StartsWith("35"));
  CHECK_THAT(result.out, Contains("\n5 ") && !Contains("\n6 "));
}

TEST_CASE("LISTEN_FDS: meant for another process it is nothing to us",
          "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, kShowListening); });
  const Runtime runtime;
  const Result result =
      support::run(as_listener(runtime.argv({"run", "--bundle", bundle.path(), "test"}), "1"),
                   {.env = {"LISTEN_FDS=2"}, .fds = files.fds()});
  CHECK_THAT(result.out, StartsWith("none none\n") && !Contains("\n3 "));
}

TEST_CASE("LISTEN_FDS: more than are open is an error", "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, "true"); });
  const Runtime runtime;
  const Result result =
      support::run(as_listener(runtime.argv({"run", "--bundle", bundle.path(), "test"})),
                   {.env = {"LISTEN_FDS=9"}, .fds = files.fds()});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("run \"test\": preserve descriptors: descriptor 7 is not open"));
  CHECK(runtime.left().empty());
}

TEST_CASE("LISTEN_FDS: of `create` they reach the program that `start` starts",
          "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, "cat <&4; echo $LISTEN_FDS"); });
  const Runtime runtime;
  const Result created = support::run(
      as_listener(runtime.argv({"create", "--bundle", bundle.path(), "test"})),
      {.env = {"LISTEN_FDS=2"}, .output_file = runtime.output_file("test"), .fds = files.fds()});
  REQUIRE(created.exit_code == 0);
  runtime.must({"start", "test"});
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  CHECK(runtime.output_of("test") == "42\n");
}

TEST_CASE("preserve-fds: an exec gets what its caller named", "[integration][descriptors]") {
  const Files files;
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result result =
      runtime.call({"exec", "--preserve-fds", "2", "test", "sh", "-c", "cat <&3; cat <&4; cat <&5"},
                   {.fds = files.fds()});
  CHECK(result.out == "34");
  CHECK_THAT(result.err, Contains("5: Bad file descriptor"));
}

TEST_CASE("NOTIFY_SOCKET: readiness is passed on, with the pid that the manager knows",
          "[integration][descriptors]") {
  const Manager manager;
  const Bundle bundle(
      [](RuntimeSpec& spec) { set_shell(spec, "probe notify READY=1; exec probe pause"); });
  const Runtime runtime;
  const Result result =
      runtime.run(bundle, {"--detach"},
                  {.env = {manager.variable()}, .output_file = runtime.output_file("test")});
  CHECK(result.exit_code == 0);
  CHECK(manager.received() == sys::format("MAINPID={}\nREADY=1;", runtime.pid("test")));
}

TEST_CASE("NOTIFY_SOCKET: `start` waits for the readiness of a created container",
          "[integration][descriptors]") {
  const Manager manager;
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, "probe notify 'STATUS=x\nREADY=1'; exec probe pause");
  });
  const Runtime runtime;
  const ProgramOptions with_manager = {.env = {manager.variable()},
                                       .output_file = runtime.output_file("test")};
  REQUIRE(runtime.call({"create", "--bundle", bundle.path(), "test"}, with_manager).exit_code == 0);
  const std::string pid = std::to_string(runtime.pid("test"));
  CHECK(manager.received().empty());
  CHECK(runtime.call({"start", "test"}, with_manager).exit_code == 0);
  CHECK(manager.received() == "MAINPID=" + pid + "\nREADY=1;");
}

TEST_CASE("NOTIFY_SOCKET: what is no readiness is not passed on", "[integration][descriptors]") {
  const Manager manager;
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, "probe notify MAINPID=1; probe notify XREADY=1; probe notify READY=10; exit 3");
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.env = {manager.variable()}});
  CHECK(result.exit_code == 3);
  CHECK(result.all().empty());
  CHECK(manager.received().empty());
}

TEST_CASE("NOTIFY_SOCKET: the manager's own is out of reach, and nothing can be left in ours",
          "[integration][descriptors]") {
  const Manager manager;
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, sys::format("echo $NOTIFY_SOCKET; ls /run/notify; touch /run/notify/x; ls {}",
                                manager.path()));
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.env = {manager.variable()}});
  CHECK(result.out == "/run/notify/notify.sock\nnotify.sock\n");
  CHECK_THAT(result.err,
             Contains("Read-only file system") && Contains("No such file or directory"));
  CHECK(runtime.left().empty());
}

TEST_CASE("NOTIFY_SOCKET: without one the container has none", "[integration][descriptors]") {
  CHECK(run_shell("echo ${NOTIFY_SOCKET-none}; ls -d /run/notify").out == "none\n");
}
