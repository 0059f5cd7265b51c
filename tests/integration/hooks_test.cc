// SPDX-License-Identifier: Apache-2.0
// The six kinds of hooks: their moments, what they find, and what becomes of a failure.
#include <signal.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::Hook;
using config::Hooks;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

Hook shell(std::string line) {
  return {
      .path = "/bin/sh", .args = {"sh", "-c", std::move(line)}, .env = {}, .timeout_seconds = {}};
}

// Where hooks write: in the runtime's namespaces and, as /log, in the container's.
struct Notes {
  TempDirectory directory;
  std::string file() const { return directory / "log"; }
  std::string text() const { return read_text(file()); }
  void share(RuntimeSpec& spec) const {
    add_mount(spec, "/log", "bind", directory.path(), {"rbind"});
  }
  // Notes `kind` and the status on standard input.
  Hook note(const std::string& kind, bool inside = false) const {
    return shell(sys::format(R"(echo {} $(grep -o 'status":"[a-z]*' | cut -d'"' -f3) >> {})", kind,
                             inside ? "/log/log" : file()));
  }
};

Hooks all_noting(const Notes& notes) {
  Hooks hooks;
  hooks.prestart = {notes.note("prestart")};
  hooks.create_runtime = {notes.note("createRuntime")};
  hooks.create_container = {notes.note("createContainer")};
  hooks.start_container = {notes.note("startContainer", true)};
  hooks.poststart = {notes.note("poststart")};
  hooks.poststop = {notes.note("poststop")};
  return hooks;
}

std::vector<Hook>& of_kind(Hooks& hooks, const std::string& kind) {
  if (kind == "prestart") return hooks.prestart;
  if (kind == "createRuntime") return hooks.create_runtime;
  if (kind == "createContainer") return hooks.create_container;
  if (kind == "startContainer") return hooks.start_container;
  return kind == "poststart" ? hooks.poststart : hooks.poststop;
}

}  // namespace

TEST_CASE("hooks: each at its moment, with the state", "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    notes.share(spec);
    spec.process->args = {"probe", "wait"};
    spec.hooks = all_noting(notes);
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const std::string created =
      "prestart creating\ncreateRuntime creating\ncreateContainer creating\n";
  CHECK(notes.text() == created);
  runtime.must({"start", "test"});
  const std::string started = created + "startContainer created\npoststart running\n";
  CHECK(notes.text() == started);
  CHECK(runtime.status("test") == "running");
  runtime.must({"delete", "--force", "test"});
  CHECK(notes.text() == started + "poststop stopped\n");
}

TEST_CASE("hooks: the same around a run", "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    notes.share(spec);
    set_shell(spec, "echo program");
    spec.hooks = all_noting(notes);
    spec.hooks->poststart.clear();  // the program may be quicker
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "program\n");
  CHECK(notes.text() ==
        "prestart creating\ncreateRuntime creating\ncreateContainer creating\n"
        "startContainer created\npoststop stopped\n");
}

TEST_CASE("hooks: the state has the pid of the namespace, the bundle and the annotations",
          "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.process->args = {"probe", "wait"};
    spec.annotations["a"] = "1";
    spec.hooks.emplace();
    spec.hooks->create_runtime = {shell("cat > " + notes.directory / "outside")};
    spec.hooks->create_container = {shell("cat > " + notes.directory / "inside")};
    spec.hooks->poststop = {shell("cat > " + notes.directory / "after")};
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const std::string rest =
      sys::format(R"(,"bundle":"{}","annotations":{{"a":"1"}}}})", bundle.path());
  const std::string outside = read_text(notes.directory / "outside");
  CHECK_THAT(outside, Contains(sys::format(R"("id":"test","status":"creating","pid":{})",
                                           runtime.pid("test")) +
                               rest));
  CHECK_THAT(read_text(notes.directory / "inside"),
             Contains(R"("id":"test","status":"creating","pid":1)" + rest));
  runtime.must({"delete", "--force", "test"});
  CHECK_THAT(read_text(notes.directory / "after"),
             Contains(R"("id":"test","status":"stopped")" + rest));
}

TEST_CASE("hooks: exactly the declared environment, the root as working directory, no descriptors",
          "[integration][hooks]") {
  const std::string kind =
      GENERATE("createRuntime", "createContainer", "startContainer", "poststart", "poststop");
  CAPTURE(kind);
  const Notes notes;
  const bool is_inside = kind == "startContainer";
  const std::string log = is_inside ? "/log" : notes.directory.path();
  const std::string probe = is_inside ? "/bin/probe" : own_directory() + "/probe";
  Hook hook =
      shell(sys::format("tr '\\0' ' ' < /proc/self/environ > {0}/env; readlink /proc/self/cwd > "
                        "{0}/cwd; umask > {0}/umask;"
                        "exec {1} fds > {0}/fds",
                        log, probe));
  hook.env = {"A=1", "PATH=/bin:/usr/bin"};
  const Bundle bundle([&](RuntimeSpec& spec) {
    notes.share(spec);
    spec.process->args = {"probe", "wait"};
    of_kind(spec.hooks.emplace(), kind) = {hook};
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  runtime.must({"start", "test"});
  runtime.must({"delete", "--force", "test"}, {.env = {"B=2"}, .cwd = bundle.rootfs()});
  CHECK(read_text(notes.directory / "env") == "A=1 PATH=/bin:/usr/bin ");
  CHECK(read_text(notes.directory / "cwd") == "/\n");
  const std::string fds = read_text(notes.directory / "fds");
  CHECK_THAT(fds, Catch::StartsWith("0 /memfd:state (deleted)\n1 "));
  CHECK_THAT(fds, Contains("\n2 pipe:"));
  CHECK(std::count(fds.begin(), fds.end(), '\n') == 3);
}

TEST_CASE("hooks: one that does not read its input is no failure", "[integration][hooks]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.annotations["long"] = std::string(300000, 'x');
    spec.hooks.emplace().create_runtime = {
        {.path = "/bin/true", .args = {}, .env = {}, .timeout_seconds = {}}};
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle).exit_code == 0);
}

TEST_CASE("hooks: a failure of creation is the container's end", "[integration][hooks]") {
  const std::string kind = GENERATE("prestart", "createRuntime", "createContainer");
  CAPTURE(kind);
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    Hooks& hooks = spec.hooks.emplace();
    of_kind(hooks, kind) = {shell("echo well"), shell("echo oops >&2; exit 3"),
                            shell("echo not reached >> " + notes.file())};
    hooks.poststop = {notes.note("poststop")};
  });
  const Runtime runtime;
  const bool is_run = GENERATE(false, true);
  const Result result = is_run ? runtime.run(bundle) : runtime.create(bundle, "test");
  CHECK(result.exit_code == 1);
  const std::string told = is_run ? result.err : runtime.output_of("test");
  CHECK_THAT(told, Contains(kind + " hook 1 \"/bin/sh\": ended with status 3: oops"));
  CHECK(runtime.left() == std::vector<std::string>{});
  CHECK(notes.text() == "poststop stopped\n");
}

TEST_CASE("hooks: a failure of the start destroys the container", "[integration][hooks]") {
  const std::string kind = GENERATE("startContainer", "poststart");
  CAPTURE(kind);
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.oci_version = "1.3.0";
    spec.process->args = {"probe", "wait"};
    Hooks& hooks = spec.hooks.emplace();
    of_kind(hooks, kind) = {shell("echo oops >&2; exit 3")};
    hooks.poststop = {notes.note("poststop")};
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const sys::Process init = runtime.init("test");
  const Result result = runtime.call({"start", "test"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains(kind + " hook 0 \"/bin/sh\": ended with status 3: oops"));
  CHECK(sys::wait_until_ended(init.pidfd.get(), 5000));
  CHECK(runtime.left() == std::vector<std::string>{});
  CHECK(notes.text() == "poststop stopped\n");
}

TEST_CASE("hooks: before version 1.3 a failed poststart is a warning, and the others run",
          "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.oci_version = "1.2.1";
    spec.process->args = {"probe", "wait"};
    spec.hooks.emplace().poststart = {shell("exit 3"), notes.note("second")};
  });
  const Runtime runtime;
  const bool is_run = GENERATE(false, true);
  if (!is_run) REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const Result result = is_run
                            ? runtime.call({"run", "--detach", "--bundle", bundle.path(), "test"})
                            : runtime.call({"start", "test"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.err, Contains("poststart hook 0") && Contains("ended with status 3, ignoring"));
  CHECK(notes.text() == "second running\n");
  CHECK(runtime.status("test") == "running");
  runtime.must({"delete", "--force", "test"});
}

TEST_CASE("hooks: a failed poststop is a warning, and the others run", "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.hooks.emplace().poststop = {shell("exit 3"), notes.note("second")};
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  const Result result = runtime.call({"delete", "test"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.err, Contains("poststop hook 0") && Contains("ended with status 3, ignoring"));
  CHECK(notes.text() == "second stopped\n");
}

TEST_CASE("hooks: a timeout ends the hook and what it started", "[integration][hooks]") {
  const std::string kind = GENERATE("createRuntime", "createContainer", "startContainer");
  CAPTURE(kind);
  const Notes notes;
  Hook hook = shell("(sleep 3; echo late > " +
                    (kind == "startContainer" ? "/log/log" : notes.file()) + ") & sleep 100");
  hook.timeout_seconds = 1;
  const Bundle bundle([&](RuntimeSpec& spec) {
    notes.share(spec);
    of_kind(spec.hooks.emplace(), kind) = {hook};
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("did not end within 1 s, killed"));
  CHECK(runtime.left() == std::vector<std::string>{});
  CHECK_FALSE(eventually([&] { return exists(notes.file()); }, milliseconds(2500)));
}

TEST_CASE("hooks: one that leaves a daemon behind is not waited for twice",
          "[integration][hooks]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.hooks.emplace().create_runtime = {shell("echo said; sleep 4 & exit 5")};
  });
  const Runtime runtime;
  const auto start = std::chrono::steady_clock::now();
  CHECK_THAT(runtime.run(bundle).err, Contains("ended with status 5: said"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(3));
}

TEST_CASE("hooks: a program that is not there", "[integration][hooks]") {
  const std::string kind = GENERATE("createRuntime", "startContainer");
  const Bundle bundle([&](RuntimeSpec& spec) {
    of_kind(spec.hooks.emplace(),
            kind) = {{.path = "/nope", .args = {}, .env = {}, .timeout_seconds = {}}};
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains(kind + " hook 0 \"/nope\": exec"));
  CHECK_THAT(result.err, Contains("o such file"));
}

TEST_CASE("hooks: createContainer may mount in the container", "[integration][hooks]") {
  Bundle bundle;
  make_directory(bundle.rootfs() + "/mnt");
  Hook hook = shell(
      sys::format("mount -t tmpfs tmpfs {0}/mnt && echo mounted > {0}/mnt/file", bundle.rootfs()));
  hook.env = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin"};
  bundle.configure([&](RuntimeSpec& spec) {
    set_shell(spec, "cat /mnt/file");
    spec.root.readonly = true;
    spec.hooks.emplace().create_container = {hook};
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "mounted\n");
  CHECK_FALSE(exists(bundle.rootfs() + "/mnt/file"));
}

TEST_CASE("hooks: createRuntime can enter the container's namespaces", "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_namespace(spec, config::NamespaceType::kNetwork);
    set_shell(spec, "readlink /proc/self/ns/net");
    spec.hooks.emplace().create_runtime = {
        shell("pid=$(grep -o 'pid\":[0-9]*' | cut -d: -f2); readlink /proc/$pid/ns/net > " +
              notes.file())};
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.all() == notes.text());
  CHECK_THAT(result.out, Contains("net:"));
}

TEST_CASE("hooks: startContainer is the container's user", "[integration][hooks]") {
  NEEDS(range);
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    use_range(spec);
    notes.share(spec);
    spec.process->user.uid = 7;
    spec.hooks.emplace().start_container = {shell("id -u >&2; exit 1")};
  });
  const Runtime runtime;
  CHECK_THAT(runtime.run(bundle).err, Contains("ended with status 1: 7"));
}

TEST_CASE("hooks: of a creator that was killed, delete runs poststop", "[integration][hooks]") {
  const Notes notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    Hooks& hooks = spec.hooks.emplace();
    hooks.create_runtime = {shell("echo hangs >> " + notes.file() + "; sleep 2")};
    hooks.poststop = {notes.note("poststop")};
  });
  const Runtime runtime;
  Program create(runtime.argv({"create", "--bundle", bundle.path(), "test"}),
                 {.output_file = runtime.output_file("test")});
  REQUIRE(eventually([&] { return notes.text() == "hangs\n"; }));
  CHECK(runtime.status("test") == "creating");
  create.signal(SIGKILL);
  (void)create.wait();
  CHECK(runtime.wait_for_status("test", "stopped"));
  runtime.must({"delete", "test"});
  CHECK(notes.text() == "hangs\npoststop stopped\n");
}
