// SPDX-License-Identifier: Apache-2.0
// INV-4 and INV-7: what a process of ours shows to those inside before it is their program, and
// what it hands on.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "sys/open.h"
#include "sys/socket.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

namespace {

// "NAME VALUE" of a line of `text`; -1: no such line.
long number_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stol(text.substr(at + name.size() + 2));
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("t_fd_inventory: an init has its three streams and nothing else", "[security][inv4]") {
  // CVE-2024-21626: a descriptor of the host's was open in every container.
  const sys::Fd host = sys::open_path("/", O_RDONLY | O_DIRECTORY);
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "fds"}; });
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.fds = {{host.get(), 3}, {host.get(), 9}}});
  CHECK(count_of(result.out, "\n") == 3);
  CHECK(result.out.starts_with("0 pipe:"));
  CHECK(result.out.find("\n1 pipe:") != std::string::npos);
  CHECK(result.out.find("\n2 pipe:") != std::string::npos);
}

TEST_CASE("t_fd_inventory: an exec has its three streams and nothing else", "[security][inv4]") {
  const sys::Fd host = sys::open_path("/", O_RDONLY | O_DIRECTORY);
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const auto result =
      runtime.call({"exec", "test", "probe", "fds"}, {.fds = {{host.get(), 3}, {host.get(), 9}}});
  CHECK(count_of(result.out, "\n") == 3);
  CHECK(result.out.find(" /") == std::string::npos);
}

TEST_CASE("t_fd_inventory: with a seccomp profile that the stub loads there is nothing more",
          "[security][inv4]") {
  const auto result = support::run_args({"probe", "fds"}, [](config::RuntimeSpec& spec) {
    config::Seccomp profile;
    profile.default_action = config::SeccompAction::kAllow;
    profile.syscalls.push_back({.names = {"execveat"},
                                .action = config::SeccompAction::kErrno,
                                .errno_ret = {},
                                .args = {}});
    spec.linux_.seccomp = profile;
    spec.process->no_new_privileges = true;
  });
  CHECK(count_of(result.out, "\n") == 3);
}

TEST_CASE("t_fd_inventory: a waiting init holds nothing of the host's file system",
          "[security][inv4]") {
  NEEDS(root);
  const Bundle bundle;
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const std::string place = "/proc/" + std::to_string(runtime.pid("test"));
  for (const std::string& fd : support::names_in(place + "/fd")) {
    const std::string target = std::filesystem::read_symlink(place + "/fd/" + fd).string();
    INFO(fd << " " << target);
    // The lock that says "waiting", the log of the test, and the trusted /proc; all undumpable.
    CHECK((target[0] != '/' || target.ends_with("/waiting") || target.ends_with("test.out") ||
           target == "/proc" || target == "/dev/null" || target.starts_with("/memfd:")));
  }
  CHECK(std::filesystem::read_symlink(place + "/cwd") == "/");
}

TEST_CASE("t_preserve_fds_short: a descriptor that the caller has not got is an error",
          "[security][inv4]") {
  // runc#5474: the count reached into the runtime's own descriptors. crun 1.8.1 runs all the
  // same.
  const std::string count = GENERATE("1", "3", "4294967295");
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "fds"}; });
  const Runtime runtime;
  const auto result = runtime.run(bundle, {"--preserve-fds", count});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
}

TEST_CASE("t_preserve_fds_short: those named arrive, and the next one does not",
          "[security][inv4]") {
  const sys::Fd null = sys::open_path("/dev/null", O_RDWR);
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "fds"}; });
  const Runtime runtime;
  const auto result = runtime.run(bundle, {"--preserve-fds", "1"},
                                  {.fds = {{null.get(), 3}, {null.get(), 4}, {null.get(), 5}}});
  CHECK(count_of(result.out, "\n") == 4);
  CHECK(result.out.find("\n3 /dev/null\n") != std::string::npos);
}

TEST_CASE("t_hand_out: a waiting init hands out namespaces and its root, and nothing beside them",
          "[security][inv4]") {
  // Found here: `exec` asks the init for its namespaces by name, and a name was taken for a path.
  constexpr char kJoin = 8, kFailed = 9;  // of runtime/apply/channel.h
  const Bundle bundle;
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const std::string name = GENERATE("..", ".", "../exe", "../root", "../fd/3", "./mnt", "mnt/..",
                                    "/proc/1/root", "mnt ../exe", "");
  CAPTURE(name);
  const sys::Fd directory = sys::open_path(runtime.root() + "/test", O_PATH | O_DIRECTORY);
  const auto init = sys::connect_at(directory.get(), "start.sock");
  REQUIRE(init);
  std::string question(5, '\0');
  question[0] = kJoin;
  REQUIRE(sys::send_message(init->get(), question + name + '\0'));
  const auto answer = sys::receive_message(init->get(), 16384);
  REQUIRE(answer);
  CHECK(answer->fds.empty());
  if (!name.empty()) CHECK(answer->text.at(0) == kFailed);
  CHECK(runtime.call({"start", "test"}).exit_code == 0);  // and is none the worse for it
}

TEST_CASE("t_exec_ptrace: a waiting init cannot be reached from inside", "[security][inv4]") {
  // CVE-2016-9962: the container traced runc's init before it had dropped anything.
  const Bundle bundle;
  add_attacker(bundle);
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const auto result = runtime.call({"exec", "test", "attack", "reach", "1"});
  CHECK(result.out.find("trace ") != std::string::npos);
  CHECK(result.out.find("OPENED") == std::string::npos);
}

TEST_CASE("t_exec_ptrace: nor when its pod shares users and processes with others",
          "[security][inv4]") {
  const Bundle first([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  add_attacker(first);
  const Runtime runtime;
  runtime.start(first, "first");
  const std::string ns = "/proc/" + std::to_string(runtime.pid("first")) + "/ns/";
  const Bundle second([&](config::RuntimeSpec& spec) {
    support::set_namespace(spec, config::NamespaceType::kPid, ns + "pid");
    if (support::is_root()) return;
    support::set_namespace(spec, config::NamespaceType::kUser, ns + "user");
    spec.linux_.uid_mappings.clear();
    spec.linux_.gid_mappings.clear();
  });
  const auto created = runtime.create(second, "second");
  INFO(created.err);
  REQUIRE(created.exit_code == 0);
  const auto found = runtime.call(
      {"exec", "first", "sh", "-c",
       "for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p != 1 ] && [ $p != $$ ] && [ -d /proc/$p ] &&"
       " [ -z \"$(tr -d '\\0' < /proc/$p/cmdline)\" ] && echo found && attack reach $p; done"});
  CHECK(found.out.find("found") != std::string::npos);
  CHECK(found.out.find("OPENED") == std::string::npos);
}

TEST_CASE("t_exec_ptrace: a process on its way into the container shows nothing",
          "[security][inv4]") {
  // CVE-2016-9962, CVE-2019-5736: the time between joining the namespaces and the exec. And its
  // command line, which is the host's: found here.
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"attack", "watch", "4"};
  });
  add_attacker(bundle);
  const Runtime runtime;
  runtime.start(bundle, "test");
  REQUIRE(support::eventually(
      [&] { return runtime.output_of("test").find("watching") != std::string::npos; }));
  while (runtime.call({"exec", "-e", "KEY=s3cret", "test", "true"}).exit_code == 0) {
  }
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  const std::string said = runtime.output_of("test");
  INFO(said);
  CHECK(number_of(said, "seen") > 0);  // the attacker was quick enough to matter
  CHECK(number_of(said, "exe") == 0);
  CHECK(number_of(said, "fd") == 0);
  CHECK(number_of(said, "traced") == 0);
  CHECK(number_of(said, "words") == 0);
}

TEST_CASE("t_exec_restrictions: an exec gets every restriction of its container",
          "[security][inv7]") {
  // CVE-2019-10144 (rkt): `enter` ran without the container's seccomp filter and capability bounds.
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"probe", "pause"};
    spec.process->no_new_privileges = true;
    config::Seccomp profile;
    profile.default_action = config::SeccompAction::kAllow;
    profile.syscalls.push_back({.names = {"mkdir", "mkdirat"},
                                .action = config::SeccompAction::kErrno,
                                .errno_ret = {},
                                .args = {}});
    spec.linux_.seccomp = profile;
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string fields =
      "grep -E '^(Seccomp|NoNewPrivs|CapBnd|CapEff|CapPrm|CapInh|CapAmb)' /proc/PID/status";
  const auto line = [&](const std::string& pid) {
    return std::string(fields).replace(fields.find("PID"), 3, pid);
  };
  const std::string own = runtime.must({"exec", "test", "sh", "-c", line("self")});
  CHECK(own == runtime.must({"exec", "test", "sh", "-c", line("1")}));
  CHECK(own.find("Seccomp:\t2") != std::string::npos);
  CHECK(runtime.call({"exec", "test", "mkdir", "/tmp/x"}).exit_code != 0);
  support::write_text(runtime.directory() / "process.json",
                      R"({"user":{"uid":0,"gid":0},"args":["mkdir","/tmp/x"],"cwd":"/"})");
  CHECK(
      runtime.call({"exec", "--process", runtime.directory() / "process.json", "test"}).exit_code !=
      0);
}
