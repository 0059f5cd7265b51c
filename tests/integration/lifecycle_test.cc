// SPDX-License-Identifier: Apache-2.0
// create, start, state, kill, delete: the words and the states that callers rely on.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/surroundings.h"

using namespace support;

namespace {

void sleeps(config::RuntimeSpec& spec) { spec.process->args = {"sleep", "100"}; }

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("lifecycle: created, running, stopped, gone", "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  CHECK(runtime.status("test") == "created");
  runtime.must({"start", "test"});
  CHECK(runtime.status("test") == "running");
  runtime.must({"kill", "test", "KILL"});
  CHECK(runtime.wait_for_status("test", "stopped"));
  runtime.must({"delete", "test"});
  CHECK(runtime.left().empty());
}

TEST_CASE("start: a second one is refused, and so is one of a stopped container",
          "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(has(runtime.call({"start", "test"}).err, "cannot start an already running container"));
  runtime.must({"kill", "test", "9"});
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  CHECK(has(runtime.call({"start", "test"}).err, "cannot start a container that has stopped"));
}

TEST_CASE("kill: a stopped container and an unknown one have the callers' words",
          "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  runtime.must({"kill", "test", "SIGKILL"});
  REQUIRE(runtime.wait_for_status("test", "stopped"));
  CHECK(has(runtime.call({"kill", "test", "TERM"}).err, "container not running"));
  CHECK(has(runtime.call({"kill", "nobody", "TERM"}).err, "does not exist"));
  CHECK(runtime.call({"kill", "--all", "test", "9"}).exit_code == 0);
}

TEST_CASE("delete: a running container is refused, and ends with --force",
          "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  const sys::Process init = runtime.init("test");
  CHECK(has(runtime.call({"delete", "test"}).err, "that is not stopped: running"));
  runtime.must({"delete", "--force", "test"});
  CHECK(sys::wait_until_ended(init.pidfd.get(), 5000));
  CHECK(runtime.left().empty());
}

TEST_CASE("delete: --force of an unknown container is harmless, without it is not",
          "[integration][lifecycle]") {
  const Runtime runtime;
  CHECK(runtime.call({"delete", "--force", "nobody"}).exit_code == 0);
  CHECK(has(runtime.call({"delete", "nobody"}).err, "does not exist"));
}

TEST_CASE("create: an id that is taken is refused", "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(has(runtime.create(bundle, "test").all() + runtime.output_of("test"),
            "container with given ID already exists"));
  CHECK(runtime.status("test") == "running");
}

TEST_CASE("create: a missing program is told in the words that docker looks for",
          "[integration][lifecycle]") {
  const auto error_of = [](const char* program) { return run_args({program}).err; };
  CHECK(has(error_of("/nope"), "exec: \"/nope\": stat /nope: no such file or directory"));
  CHECK(has(error_of("nope"), "exec: \"nope\": executable file not found in $PATH"));
  CHECK(has(error_of("/bin"), "is a directory: permission denied"));
}

TEST_CASE("create: leaves nothing when it fails", "[integration][lifecycle]") {
  const std::vector<Change> wrong = {
      [](auto& spec) { spec.process->args = {"/nope"}; },
      [](auto& spec) { add_mount(spec, "/x", "bind", "/no/such/source", {"bind"}); },
      [](auto& spec) { add_mount(spec, "/x", "tmpfs", "tmpfs", {"no-such-option"}); },
      [](auto& spec) { set_namespace(spec, config::NamespaceType::kNetwork, "/proc/self/ns/uts"); },
      [](auto& spec) { set_namespace(spec, config::NamespaceType::kIpc, "/no/such/file"); },
      [](auto& spec) { spec.process->cwd = "/proc/1/root/x"; },
      [](auto& spec) { spec.root.path = "nowhere"; }};
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    INFO("case " << i);
    const Bundle bundle(wrong[i]);
    const Runtime runtime;
    const Result result = runtime.create(bundle, "test");
    CHECK(result.exit_code == 1);
    CHECK(runtime.left().empty());
  }
}

TEST_CASE("create: killed at any moment, it leaves what delete --force removes",
          "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  for (int step = 0; step < 24; ++step) {
    Program create(runtime.argv({"create", "--bundle", bundle.path(), "test"}),
                   {.output_file = runtime.output_file("test")});
    ::usleep(static_cast<useconds_t>(step) * 200);
    create.signal(SIGKILL);
    (void)create.wait();
    CHECK(eventually([&] {  // the lock goes with the last of those who were there
      const std::string status = runtime.status("test");
      return status.empty() || status == "created" || status == "stopped";
    }));
    CHECK(runtime.call({"delete", "--force", "test"}).exit_code == 0);
    CHECK(eventually([&] { return runtime.left().empty(); }));
  }
}

TEST_CASE("create: of two callers at once one wins", "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  for (int round = 0; round < 5; ++round) {
    const std::vector<std::string> words =
        runtime.argv({"create", "--bundle", bundle.path(), "test"});
    Program first(words, {.output_file = runtime.output_file("one")});
    Program second(words, {.output_file = runtime.output_file("two")});
    const int failures = (first.wait().exit_code != 0) + (second.wait().exit_code != 0);
    CHECK(failures == 1);
    CHECK(runtime.status("test") == "created");
    runtime.must({"delete", "--force", "test"});
  }
}

TEST_CASE("many: 200 containers at once, four callers, and all is as before",
          "[integration][lifecycle]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  const Orphanage orphans;
  const std::vector<std::string> in_bundle = names_in(bundle.rootfs());
  const std::vector<std::string> descriptors = open_descriptors();
  const std::string program = runtime_program() + " --root " + runtime.root();
  const auto from_all = [&](const std::string& line) {
    std::vector<std::unique_ptr<Program>> callers;
    for (const char* name : {"a", "b", "c", "d"}) {
      callers.push_back(std::make_unique<Program>(
          std::vector<std::string>{
              "sh", "-c", "i=0; while [ $i -lt 50 ]; do id=$0-$i; " + line + "; i=$((i+1)); done",
              name},
          ProgramOptions{.timeout = std::chrono::seconds(120),
                         .output_file = runtime.output_file(name)}));
    }
    for (const auto& caller : callers) CHECK(caller->wait().exit_code == 0);
    for (const char* name : {"a", "b", "c", "d"}) CHECK(runtime.output_of(name) == "");
  };
  for (int round = 0; round < 2; ++round) {
    // A user has 200 keys, and some are in use: that a keyring can't be had would be told.
    from_all(program + " create --no-new-keyring --bundle " + bundle.path() +
             " $id </dev/null || exit 1; " + program + " start $id || exit 2");
    CHECK(runtime.left().size() == 200);
    from_all(program + " delete --force $id || exit 3");
    CHECK(runtime.left() == std::vector<std::string>{});
  }
  CHECK(orphans.is_empty());
  CHECK(open_descriptors() == descriptors);
  CHECK(mounts_naming(bundle.path()).empty());
  CHECK(mounts_naming(runtime.root()).empty());
  CHECK(names_in(bundle.rootfs()) == in_bundle);
}

TEST_CASE("list and ps: ids, json and pids", "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(runtime.must({"list", "-q"}) == "test\n");
  CHECK(has(runtime.must({"list", "-f", "json"}), "\"status\":\"running\""));
  CHECK(runtime.must({"ps", "--format", "json", "test"}) ==
        "[" + std::to_string(runtime.pid("test")) + "]\n");
}

TEST_CASE("log: the last line of a JSON log is the error", "[integration][lifecycle]") {
  const Runtime runtime;
  const std::string log = runtime.directory() / "log";
  CHECK(runtime.call({"--log", log, "--log-format", "json", "start", "nobody"}).exit_code == 1);
  const std::string text = read_text(log);
  CHECK(has(text, "{\"level\":\"error\",\"msg\":\"container \\\"nobody\\\" does not exist"));
}

TEST_CASE("errors: in JSON on standard error where there is no log", "[integration][lifecycle]") {
  const Runtime runtime;
  const Result result = runtime.call({"--log-format", "json", "state", "nope"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("{\"level\":\"error\",\"msg\":\"container "));
}

TEST_CASE("lifecycle: --pidfd-socket gets the process, of create, run and exec",
          "[integration][lifecycle]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  ConsoleSocket socket(runtime.directory() / "pidfd.sock");
  const std::vector<std::string> option = {"--pidfd-socket", socket.path()};
  const auto received = [&] {
    const ConsoleSocket::Console message = socket.receive();
    CHECK(message.name == "pidfd");
    const std::string info = read_text("/proc/self/fdinfo/" + std::to_string(message.master.get()));
    const std::size_t at = info.find("\nPid:\t");
    REQUIRE(at != std::string::npos);
    return std::atoi(info.c_str() + at + 6);
  };
  REQUIRE(runtime.create(bundle, "test", option).exit_code == 0);
  CHECK(received() == runtime.pid("test"));
  runtime.must({"start", "test"});
  const std::string pid_file = runtime.directory() / "pid";
  runtime.must(
      {"exec", "--detach", "--pid-file", pid_file, option[0], option[1], "test", "sleep", "100"});
  CHECK(std::to_string(received()) == read_text(pid_file));
  runtime.must({"run", "--detach", "--bundle", bundle.path(), option[0], option[1], "other"});
  CHECK(received() == runtime.pid("other"));
  CHECK(runtime.create(bundle, "none", {"--pidfd-socket", "/nobody"}).exit_code == 1);
  CHECK(runtime.status("none").empty());
}
