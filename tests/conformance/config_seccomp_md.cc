// SPDX-License-Identifier: Apache-2.0
// config-linux.md, seccomp: actions, values, arguments, and the listener.
#include <asm/unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kSays = Level::kSays;

// getpgid, which nobody calls but our probe.
constexpr int kCall = __NR_getpgid;
constexpr const char* kName = "getpgid";

Json allowing(const Json& rule) {
  return {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", {rule}}};
}

Json rule(const std::string& action) { return {{"names", {kName}}, {"action", action}}; }

// What the call comes to in the container: "errno N", a number, or nothing when it was killed.
std::string call_result(Scene& scene, const Json& profile, const std::string& argument = "0") {
  scene.config["linux"]["seccomp"] = profile;
  scene.config["process"]["args"] = {"/bin/probe", "syscall", std::to_string(kCall), argument};
  return trim(scene.run());
}

void refuse(Scene& scene, const Json& profile, const std::string& what) {
  scene.config["linux"]["seccomp"] = profile;
  scene.must_refuse(what);
}

void action(Scene& scene, const std::string& name, const std::string& result) {
  Json entry = rule(name);
  if (name == "SCMP_ACT_ERRNO") entry["errnoRet"] = 42;
  expect_equal(call_result(scene, allowing(entry)), result, "the call");
}

void lets_through(Scene& scene, const std::string& name) {
  const std::string result = call_result(scene, allowing(rule(name)));
  expect(!result.empty() && !result.starts_with("errno"), "the call: " + result);
}

void errno_default(Scene& scene) {
  expect_equal(call_result(scene, allowing(rule("SCMP_ACT_ERRNO"))), "errno 1", "the call");
}

// Docker's profile allows all that runtimes need; but for our call the default has an errno.
void errno_of_default_action(Scene& scene) {
  const std::string text = support::read_text(support::own_directory() + "/docker-seccomp.json");
  Json profile = Json::parse(text);
  for (Json& entry : profile["syscalls"]) {
    for (std::size_t i = entry["names"].size(); i-- > 0;) {
      if (entry["names"][i] == kName) entry["names"].erase(i);
    }
  }
  profile["defaultErrnoRet"] = 43;
  expect_equal(call_result(scene, profile), "errno 43", "the call");
}

void errno_where_none_is(Scene& scene) {
  Json entry = rule("SCMP_ACT_ALLOW");
  entry["errnoRet"] = 42;
  Json profile = allowing(entry);
  profile["defaultAction"] = "SCMP_ACT_ERRNO";
  refuse(scene, profile, "errnoRet for SCMP_ACT_ALLOW");
}

void default_errno_where_none_is(Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_ERRNO"));
  profile["defaultErrnoRet"] = 42;
  refuse(scene, profile, "defaultErrnoRet for SCMP_ACT_ALLOW");
}

// One rule with a condition on the first argument; called with 5.
void operation(Scene& scene, const Json& argument, bool matches) {
  Json entry = rule("SCMP_ACT_ERRNO");
  entry["errnoRet"] = 42;
  entry["args"] = {argument};
  const std::string result = call_result(scene, allowing(entry), "5");
  expect((result == "errno 42") == matches, "the call: " + result);
}

void architectures(Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_ERRNO"));
  profile["architectures"] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
                              "SCMP_ARCH_AARCH64"};
  expect_equal(call_result(scene, profile), "errno 1", "the call");
}

void flags(Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_ERRNO"));
  profile["flags"] = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
  expect_equal(call_result(scene, profile), "errno 1", "the call");
}

void without_names(Scene& scene) {
  refuse(scene, allowing({{"names", Json::array()}, {"action", "SCMP_ACT_ERRNO"}}), "no names");
}

Test refused(Json profile) {
  return [=](Scene& scene) { refuse(scene, profile, profile.dump()); };
}

Json with(const char* member, Json value) {
  Json profile = allowing(rule("SCMP_ACT_ERRNO"));
  profile[member] = std::move(value);
  return profile;
}

// ---------------------------------------------------------------------------- the listener

// What came over one connection, until the other side closed it.
struct Message {
  Json state;
  std::vector<sys::Fd> fds;
  bool all_fds_first = true;
};

class Agent {
 public:
  explicit Agent(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const timeval limit = {.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket_.get(), 8) != 0) {
      throw sys::errno_error("listen on " + path);
    }
  }

  Message receive() const {
    const sys::Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) fail("nobody connects to the listener");
    const timeval limit = {.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    Message message;
    std::string text;
    while (receive_part(connection.get(), message, text)) continue;
    message.state = Json::parse(text);
    return message;
  }

  bool has_another() const {
    const sys::Fd connection(
        ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return static_cast<bool>(connection);
  }
  void set_nonblocking() const {
    const timeval limit = {.tv_sec = 0, .tv_usec = 100'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

 private:
  static bool receive_part(int connection, Message& message, std::string& text) {
    char bytes[65536];
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
    iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    msghdr header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t count = ::recvmsg(connection, &header, MSG_CMSG_CLOEXEC);
    if (count < 0) fail("the connection is not closed after the state");
    for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
      if (one->cmsg_type != SCM_RIGHTS) continue;
      if (!text.empty()) message.all_fds_first = false;
      const std::size_t number = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < number; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(one) + i * sizeof fd, sizeof fd);
        message.fds.emplace_back(fd);
      }
    }
    text.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  sys::Fd socket_;
};

Json notifying(const Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_NOTIFY"));
  profile["listenerPath"] = scene.file("agent");
  profile["listenerMetadata"] = "meta=1";
  return profile;
}

// The state that comes when a container with a listener is created and started.
Message notified(Scene& scene, const Agent& agent) {
  scene.config["annotations"] = {{"com.example.a", "1"}};
  scene.config["linux"]["seccomp"] = notifying(scene);
  scene.config["process"]["args"] = {"sleep", "100"};
  scene.must_create();
  scene.must_start();
  return agent.receive();
}

void listener_state(Scene& scene) {
  const Agent agent(scene.file("agent"));
  const Json state = notified(scene, agent).state;
  expect(state.value("ociVersion", "").starts_with("1."), "ociVersion: " + state.dump());
  expect(state.value("pid", 0) == scene.pid(), "pid: " + state.dump());
  expect_equal(state.at("state").value("id", ""), "test", "the id in the state");
  expect_equal(state.at("state").value("bundle", ""), scene.bundle(), "the bundle in the state");
}

void listener_descriptor(Scene& scene) {
  const Agent agent(scene.file("agent"));
  const Message message = notified(scene, agent);
  expect_equal(message.state.at("fds").dump(), R"(["seccompFd"])", "fds");
  expect(message.fds.size() == 1, sys::format("{} descriptors came", message.fds.size()));
  expect(message.all_fds_first, "descriptors came after the first part");
}

void listener_metadata(Scene& scene) {
  const Agent agent(scene.file("agent"));
  expect_equal(notified(scene, agent).state.value("metadata", ""), "meta=1", "metadata");
}

void listener_once(Scene& scene) {
  const Agent agent(scene.file("agent"));
  (void)notified(scene, agent);  // fails unless the connection is closed
  agent.set_nonblocking();
  expect(!agent.has_another(), "a second connection came");
}

void listener_missing(Scene& scene) {
  scene.config["linux"]["seccomp"] = notifying(scene);
  scene.config["process"]["args"] = {"sleep", "100"};
  if (scene.create().exit_code != 0) return;
  expect(scene.start().exit_code != 0, "nobody listens, and it is no error");
}

void listener_ignored(Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_ERRNO"));
  profile["listenerPath"] = "/no/such/socket";
  expect_equal(call_result(scene, profile), "errno 1", "the call");
}

void metadata_alone(Scene& scene) {
  Json profile = allowing(rule("SCMP_ACT_NOTIFY"));
  profile["listenerMetadata"] = "meta=1";
  refuse(scene, profile, "listenerMetadata without listenerPath");
}

// ---------------------------------------------------------------------------- sections

std::vector<Clause> operation_clauses() {
  struct Case {
    const char* name;
    uint64_t value, value_two;
    bool matches;  // 5
  };
  std::vector<Clause> clauses;
  for (const Case& one : {Case{"NE", 4, 0, true}, Case{"LT", 5, 0, false}, Case{"LE", 5, 0, true},
                          Case{"EQ", 5, 0, true}, Case{"GE", 5, 0, true}, Case{"GT", 5, 0, false},
                          Case{"MASKED_EQ", 4, 4, true}}) {
    const Json argument = {{"index", 0},
                           {"value", one.value},
                           {"valueTwo", one.value_two},
                           {"op", std::string("SCMP_CMP_") + one.name}};
    clauses.push_back({std::string("seccomp.op.") + one.name, kSays,
                       std::string("the operator ") + one.name,
                       [=](Scene& scene) { operation(scene, argument, one.matches); }});
  }
  return clauses;
}

std::vector<Clause> profile_clauses() {
  const auto act = [](std::string name, std::string result) -> Test {
    return [=](Scene& scene) { action(scene, name, result); };
  };
  return {
      {"seccomp.errno", kSays, "SCMP_ACT_ERRNO gives errnoRet", act("SCMP_ACT_ERRNO", "errno 42")},
      {"seccomp.kill", kSays, "SCMP_ACT_KILL kills", act("SCMP_ACT_KILL", "")},
      {"seccomp.kill-process", kSays, "SCMP_ACT_KILL_PROCESS kills (since 1.1)",
       act("SCMP_ACT_KILL_PROCESS", "")},
      {"seccomp.kill-thread", kSays, "SCMP_ACT_KILL_THREAD kills (since 1.1)",
       act("SCMP_ACT_KILL_THREAD", "")},
      {"seccomp.trap", kSays, "SCMP_ACT_TRAP raises SIGSYS", act("SCMP_ACT_TRAP", "")},
      {"seccomp.trace", kSays, "SCMP_ACT_TRACE without a tracer is ENOSYS",
       act("SCMP_ACT_TRACE", "errno 38")},
      {"seccomp.log", kSays, "SCMP_ACT_LOG lets through",
       [](Scene& scene) { lets_through(scene, "SCMP_ACT_LOG"); }},
      {"seccomp.errnoRet.default", kSays, "errnoRet is EPERM where it is not set", errno_default},
      {"seccomp.errnoRet.unsupported", kMust, "errnoRet of an action that has none is an error",
       errno_where_none_is},
      {"seccomp.defaultErrnoRet", kSays, "the default action gives defaultErrnoRet (since 1.1)",
       errno_of_default_action},
      {"seccomp.defaultErrnoRet.unsupported", kMust,
       "defaultErrnoRet of an action that has none is an error", default_errno_where_none_is},
      {"seccomp.architectures", kSays, "architectures are known", architectures},
      {"seccomp.architectures.unknown", kMust, "another architecture is an error",
       refused(with("architectures", {"SCMP_ARCH_NOSUCH"}))},
      {"seccomp.flags", kSays, "flags are known", flags},
      {"seccomp.flags.unknown", kMust, "another flag is an error",
       refused(with("flags", {"SECCOMP_FILTER_FLAG_NOSUCH"}))},
      {"seccomp.names", kMust, "names has at least one entry", without_names},
      {"seccomp.action.unknown", kMust, "another action is an error",
       refused(allowing(rule("SCMP_ACT_NOSUCH")))}};
}

Section listener_section() {
  return {
      "config-linux.md",
      "Seccomp listener, The Container Process State (since 1.1)",
      {{"seccomp.listener", kMust, "the state is sent to listenerPath, a stream socket",
        listener_state},
       {"seccomp.listener.fds", kMust,
        "with the descriptor, by SCM_RIGHTS, in the first message, named in fds",
        listener_descriptor},
       {"seccomp.listener.metadata", kSays, "with listenerMetadata", listener_metadata},
       {"seccomp.listener.once", kMust, "one state per connection, which is closed then",
        listener_once},
       {"seccomp.listener.failure", kMust, "that it can't be sent is an error", listener_missing},
       {"seccomp.listener.ignored", kSays, "listenerPath is ignored without SCMP_ACT_NOTIFY",
        listener_ignored},
       {"seccomp.listener.metadata-alone", kMust, "listenerMetadata needs listenerPath",
        metadata_alone}}};
}

}  // namespace

std::vector<Section> config_seccomp_sections() {
  std::vector<Clause> clauses = profile_clauses();
  for (Clause& clause : operation_clauses()) clauses.push_back(std::move(clause));
  return {{"config-linux.md", "Seccomp", clauses}, listener_section()};
}

}  // namespace conformance
