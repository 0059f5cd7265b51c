// SPDX-License-Identifier: Apache-2.0
// seccomp with SCMP_ACT_NOTIFY: an agent answers for the kernel.
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/socket.h"
#include "tests/support/harness.h"

using config::RuntimeSpec;
using config::SeccompAction;
using namespace support;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

// Fails mkdir as nothing else does, and lets go on whatever else it is asked about.
class TestAgent {
 public:
  explicit TestAgent(std::string path)
      : path_(std::move(path)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 8) != 0) {
      throw sys::errno_error("listen on " + path_);
    }
    ::chmod(path_.c_str(), 0666);
    thread_ = std::thread([this] { serve(); });
  }
  ~TestAgent() {
    stop_.write_end.reset();
    thread_.join();
  }
  TestAgent(const TestAgent&) = delete;
  TestAgent& operator=(const TestAgent&) = delete;

  const std::string& path() const { return path_; }
  std::vector<std::string> states() {
    const std::lock_guard lock(mutex_);
    return states_;
  }
  int asked() const { return asked_; }

 private:
  void serve() {
    for (;;) {
      std::vector<pollfd> polled = {{.fd = stop_.read_end.get(), .events = POLLIN, .revents = 0},
                                    {.fd = listener_.get(), .events = POLLIN, .revents = 0}};
      for (const sys::Fd& one : filters_) {
        polled.push_back({.fd = one.get(), .events = POLLIN, .revents = 0});
      }
      ::poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) return;
      for (std::size_t i = polled.size(); i > 2; --i) {
        const auto index = static_cast<std::ptrdiff_t>(i - 3);
        if ((polled[i - 1].revents & POLLIN) != 0) {
          answer(polled[i - 1].fd);
        } else if (polled[i - 1].revents != 0) {
          filters_.erase(filters_.begin() + index);
        }
      }
      if (polled[1].revents != 0) take();
    }
  }
  void take() {
    const sys::Fd connection = sys::accept_connection(listener_.get());
    auto message = sys::receive_message(connection.get(), 30000);
    if (!message) return;
    const std::lock_guard lock(mutex_);
    states_.push_back(message->text);
    for (sys::Fd& fd : message->fds) filters_.push_back(std::move(fd));
  }
  void answer(int filter) {
    seccomp_notif request = {};
    if (::ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return;
    ++asked_;
    seccomp_notif_resp response = {};
    response.id = request.id;
    if (request.data.nr == SYS_mkdir || request.data.nr == SYS_mkdirat) {
      response.error = -ENOMEDIUM;
    } else {
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    (void)::ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, &response);
  }

  std::string path_;
  sys::Fd listener_;
  sys::Pipe stop_ = sys::make_pipe();
  std::vector<sys::Fd> filters_;
  std::mutex mutex_;
  std::vector<std::string> states_;
  std::atomic<int> asked_ = 0;
  std::thread thread_;
};

constexpr const char* kTry = "mkdir /tmp/new";
constexpr const char* kAnswer = "No medium found";

void notify(RuntimeSpec& spec, const std::string& path, std::vector<std::string> calls) {
  spec.linux_.seccomp = config::Seccomp{};
  spec.linux_.seccomp->default_action = SeccompAction::kAllow;
  spec.linux_.seccomp->listener_path = path;
  spec.linux_.seccomp->listener_metadata = "some data";
  spec.linux_.seccomp->syscalls.push_back(
      {.names = std::move(calls), .action = SeccompAction::kNotify, .errno_ret = {}, .args = {}});
}

void add_rule(RuntimeSpec& spec, std::vector<std::string> calls, SeccompAction action) {
  spec.linux_.seccomp->syscalls.push_back(
      {.names = std::move(calls), .action = action, .errno_ret = {}, .args = {}});
}

const std::vector<std::string> kMkdir = {"mkdir", "mkdirat"};

}  // namespace

TEST_CASE("notify: the agent gets the listener and the state, and answers",
          "[integration][notify]") {
  const TempDirectory directory;
  TestAgent agent(directory / "agent.sock");
  const bool no_new_privileges = GENERATE(true, false);
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, kTry);
    spec.process->no_new_privileges = no_new_privileges;
    spec.annotations = {{"key", "value"}};
    notify(spec, agent.path(), kMkdir);
    spec.linux_.seccomp->flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK_THAT(result.err, Contains(kAnswer));
  const std::vector<std::string> states = agent.states();
  REQUIRE(states.size() == 1);
  CHECK_THAT(states[0], StartsWith(R"({"ociVersion":")") && Contains(R"("fds":["seccompFd"])") &&
                            Contains(R"("metadata":"some data")") &&
                            Contains(R"("state":{"ociVersion":")") && Contains(R"("id":"test")") &&
                            Contains(R"("annotations":{"key":"value"})"));
}

TEST_CASE("notify: created before the agent is called, and exec has a listener of its own",
          "[integration][notify]") {
  const TempDirectory directory;
  TestAgent agent(directory / "agent.sock");
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, std::string(kTry) + "; sleep 100");
    notify(spec, agent.path(), kMkdir);
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  CHECK(agent.states().empty());
  runtime.must({"start", "test"});
  CHECK(eventually([&] { return runtime.output_of("test").find(kAnswer) != std::string::npos; }));
  const std::string pid = std::to_string(runtime.pid("test"));
  CHECK_THAT(agent.states().at(0),
             Contains("\"pid\":" + pid + ",") && Contains("\"status\":\"created\",\"pid\":" + pid));
  const Result result = runtime.call({"exec", "test", "sh", "-c", kTry});
  CHECK_THAT(result.err, Contains(kAnswer));
  CHECK_THAT(agent.states().at(1), Contains("\"status\":\"running\",\"pid\":" + pid) &&
                                       !Contains("\"fds\":[\"seccompFd\"],\"pid\":" + pid + ","));
}

TEST_CASE("notify: what is needed up to the program may be notified, or denied",
          "[integration][notify]") {
  const TempDirectory directory;
  TestAgent agent(directory / "agent.sock");
  const bool no_new_privileges = GENERATE(true, false);
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, std::string("echo ran; ") + kTry);
    spec.process->no_new_privileges = no_new_privileges;
    notify(spec, agent.path(),
           {"mkdir", "mkdirat", "execve", "execveat", "openat", "read", "close", "sendto", "futex",
            "capset", "prctl", "fcntl", "mmap"});
    add_rule(spec, {"sendmsg", "sched_yield", "socket", "connect"}, SeccompAction::kErrno);
  });
  const Result result = Runtime().run(bundle, {}, {.timeout = std::chrono::seconds(15)});
  CHECK(result.out == "ran\n");
  CHECK_THAT(result.err, Contains(kAnswer));
  CHECK(agent.states().size() == 1);
  CHECK(agent.asked() > 1);
}

TEST_CASE("notify: with a profile that denies the sealed stub its exec", "[integration][notify]") {
  const TempDirectory directory;
  TestAgent agent(directory / "agent.sock");
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, std::string(kTry) + "; chmod 777 /tmp");
    spec.process->no_new_privileges = true;
    notify(spec, agent.path(), kMkdir);
    add_rule(spec, {"execveat", "chmod", "fchmod", "fchmodat"}, SeccompAction::kErrno);
  });
  const Result result = Runtime().run(bundle);
  CHECK_THAT(result.err, Contains(kAnswer) && Contains("Operation not permitted"));
}

TEST_CASE("notify: an agent that is not there is told, by its path, and nothing is left",
          "[integration][notify]") {
  const TempDirectory directory;
  const std::string path = directory / "agent.sock";
  const Bundle bundle([&](RuntimeSpec& spec) { notify(spec, path, kMkdir); });
  const Runtime runtime;
  const Result created = runtime.create(bundle, "test");
  CHECK(created.exit_code == 1);
  CHECK_THAT(created.all() + runtime.output_of("test"),
             Contains("failed to connect with seccomp agent: ") && Contains(path));
  { const TestAgent gone(path); }  // a socket that nobody listens on
  const Result ran = runtime.run(bundle);
  CHECK(ran.exit_code == 1);
  CHECK_THAT(ran.err, Contains("failed to connect with seccomp agent: ") && Contains(path) &&
                          Contains("Connection refused"));
  CHECK(runtime.left().empty());
}

TEST_CASE("notify: start can be called again when the agent is there", "[integration][notify]") {
  const TempDirectory directory;
  const std::string path = directory / "agent.sock";
  { const TestAgent gone(path); }
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, kTry);
    notify(spec, path, kMkdir);
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  CHECK_THAT(runtime.call({"start", "test"}).err, Contains(path));
  CHECK(runtime.status("test") == "created");
  REQUIRE(::unlink(path.c_str()) == 0);
  const TestAgent agent(path);
  runtime.must({"start", "test"});
  CHECK(eventually([&] { return runtime.output_of("test").find(kAnswer) != std::string::npos; }));
}

TEST_CASE("notify: a startContainer hook has no agent, and no leave either",
          "[integration][notify]") {
  const TempDirectory directory;
  TestAgent agent(directory / "agent.sock");
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, "cat /tmp/said; probe fds");
    notify(spec, agent.path(), kMkdir);
    spec.hooks.emplace().start_container.push_back(
        {.path = "/bin/sh",
         .args = {"sh", "-c", "mkdir /tmp/new 2> /tmp/said; true"},
         .env = {"PATH=/bin"},
         .timeout_seconds = {}});
  });
  const Result result = Runtime().run(bundle);
  CHECK_THAT(result.out, Contains("Function not implemented"));
  CHECK_THAT(result.out, !Contains("seccomp"));  // the listener is not the program's
  CHECK(agent.states().size() == 1);
}
