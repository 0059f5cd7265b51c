// SPDX-License-Identifier: Apache-2.0
// INV-11: what we leave on the host's disk, and whom we believe.
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("t_state_dir_modes: state is for its owner alone", "[security][inv11]") {
  // CVE-2021-41103, CVE-2024-25621: directories that every user of the host could enter.
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.seccomp.emplace().default_action = config::SeccompAction::kAllow;
  });
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  CHECK(mode_of(runtime.root()) == 0700);
  CHECK(mode_of(runtime.root() + "/test") == 0700);
  CHECK(mode_of(runtime.root() + "/.cache") == 0700);
  for (const std::string& name : support::names_in(runtime.root() + "/test")) {
    INFO(name);
    CHECK((mode_of(runtime.root() + "/test/" + name) & 0177U) == 0);
  }
  CHECK(mode_of(runtime.root() + "/test/start.sock") == 0600);
}

TEST_CASE("t_state_dir_modes: a state directory that others can write is not believed",
          "[security][inv11]") {
  // Found here: one with the sticky bit was, and others could put containers there.
  const mode_t mode = GENERATE(0777, 01777, 0770, 03775);
  const support::TempDirectory directory;
  support::make_directory(directory / "state");
  ::chmod((directory / "state").c_str(), mode);
  const auto result =
      support::run({support::runtime_program(), "--root", directory / "state", "list"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("can be written by others") != std::string::npos);
}

TEST_CASE("t_state_dir_modes: nobody enters what we make on the way to it", "[security][inv11]") {
  const support::TempDirectory directory;
  const std::string root = directory / "tilla/runtime";
  // The host's root has a place of its own, which is no test's to make.
  const std::vector<std::string> by_option = {support::runtime_program(), "--root", root, "list"};
  const std::vector<std::string> by_default = {support::runtime_program(), "list"};
  const auto result = support::run(support::is_root() ? by_option : by_default,
                                   {.env = {"XDG_RUNTIME_DIR=" + directory.path()}});
  REQUIRE(result.exit_code == 0);
  CHECK(mode_of(directory / "tilla") == 0700);
  CHECK(mode_of(root) == 0700);
}

TEST_CASE("t_state_dir_modes: nor is a symlink that somebody else put in its place",
          "[security][inv11]") {
  // In /tmp the name is anybody's, and the caller owns many directories that it could lead to.
  NEEDS(root);
  const support::TempDirectory directory;
  support::make_directory(directory / "victim");
  plant_symlink("victim", directory / "state");
  REQUIRE(::lchown((directory / "state").c_str(), 12345, 12345) == 0);
  const auto result =
      support::run({support::runtime_program(), "--root", directory / "state", "list"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("is a symlink of user 12345") != std::string::npos);
}

TEST_CASE("t_state_dir_modes: nor one of somebody else's", "[security][inv11]") {
  NEEDS(root);
  const support::TempDirectory directory;
  support::make_directory(directory / "state");
  REQUIRE(::chown((directory / "state").c_str(), 12345, 12345) == 0);
  const auto result =
      support::run({support::runtime_program(), "--root", directory / "state", "list"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("belongs to user 12345") != std::string::npos);
}

TEST_CASE("t_state_ids: an id is never a path", "[security][inv11]") {
  const std::string id = GENERATE("..", ".", "a/b", "../x", "", ".cache", "a\nb", "\x1b[2J");
  const Bundle bundle;
  const Runtime runtime;
  const auto result = runtime.call({"run", "--bundle", bundle.path(), id});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find('\x1b') == std::string::npos);
  CHECK(runtime.left().empty());
}

TEST_CASE("t_terminal_escapes: errors hold nothing that a terminal obeys", "[security]") {
  const std::string name =
      "/\x1b]0;owned\x07\x9b"
      "2J";
  const auto result = support::run_args({name});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("owned") != std::string::npos);
  CHECK(result.err.find_first_of("\x1b\x07\x9b") == std::string::npos);
}

TEST_CASE("t_json_bombs: a configuration is bounded in size and depth", "[security][inv12]") {
  const Bundle bundle;
  const int kind = GENERATE(0, 1, 2);
  if (kind == 0) {
    support::write_text(bundle / "config.json", "{\"a\":\"");
    std::filesystem::resize_file(bundle / "config.json", std::uintmax_t{256} << 20);
  } else if (kind == 1) {
    support::write_text(bundle / "config.json", std::string(1 << 20, '['));
  } else {
    std::string text = "[0";
    for (int i = 0; i < 4 << 20; ++i) text += ",0";
    support::write_text(bundle / "config.json", text + "]");
  }
  const Runtime runtime;
  const auto result = runtime.run(bundle, {}, {.timeout = std::chrono::seconds(10)});
  CHECK(result.exit_code == 1);
  CHECK(result.err.size() < 1000);
}

TEST_CASE("t_rlimits: a caller's tiny limits stop us, and leave nothing open", "[security]") {
  const std::string limit = GENERATE("-n 4", "-n 8", "-f 0", "-v 9000");
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.seccomp.emplace().default_action = config::SeccompAction::kAllow;
    support::set_shell(spec, "grep Seccomp: /proc/self/status");
  });
  const Runtime runtime;
  std::vector<std::string> argv = {"sh", "-c", "ulimit " + limit + "; exec \"$@\"", "sh"};
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    argv.push_back(word);
  }
  const auto result = support::run(argv);
  INFO(result.all());
  CHECK((result.exit_code != 0 || result.out == "Seccomp:\t2\n"));
}

TEST_CASE("t_setuid: nothing of ours is setuid", "[security][inv11]") {
  CHECK((mode_of(support::runtime_program()) & (S_ISUID | S_ISGID)) == 0);
}
