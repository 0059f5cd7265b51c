// SPDX-License-Identifier: Apache-2.0
// INV-6 and INV-12: who a program is, and the files of an image that have a say in it.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;
using support::Runtime;

namespace {

const char* const kInheritable = "grep CapInh /proc/self/status";
const char* const kNone = "CapInh:\t0000000000000000\n";

std::string home_with(const std::function<void(const std::string&)>& make_passwd) {
  const Bundle bundle([](config::RuntimeSpec& spec) { support::set_shell(spec, "echo $HOME"); });
  const std::string passwd = bundle.rootfs() + "/etc/passwd";
  std::filesystem::remove(passwd);
  make_passwd(passwd);
  const Runtime runtime;
  return runtime.run(bundle, {}, {.timeout = std::chrono::seconds(5)}).out;
}

// Replaces the first `"uid": 0` of the configuration, which is the program's, by hand: the structs
// can't hold what is asked for.
void write_uid(const Bundle& bundle, const std::string& uid) {
  std::string text = support::read_text(bundle / "config.json");
  const std::size_t at = text.find("\"uid\":");
  const std::size_t end = text.find_first_of(",\n}", at);
  text.replace(at, end - at, "\"uid\": " + uid);
  support::write_text(bundle / "config.json", text);
}

}  // namespace

TEST_CASE("t_inheritable_caps: nothing is inheritable", "[security][inv6]") {
  // CVE-2022-24769, CVE-2022-29162: an inheritable set let programs with file capabilities gain.
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->capabilities->ambient.clear();
    spec.process->capabilities->inheritable = {"CAP_KILL", "CAP_NET_RAW", "CAP_CHOWN"};
    support::set_shell(spec, std::string(kInheritable) + "; exec probe wait");
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(support::eventually(
      [&] { return runtime.output_of("test").find("ready") != std::string::npos; }));
  CHECK(runtime.output_of("test").find(kNone) != std::string::npos);
  CHECK(runtime.must({"exec", "--cap", "CAP_KILL", "test", "sh", "-c", kInheritable}) == kNone);
}

TEST_CASE("t_suppl_groups: the caller's groups stay outside", "[security][inv6]") {
  // CVE-2022-36109, CVE-2022-2990: the process kept groups that were not its own.
  NEEDS(root);
  const bool has_users = GENERATE(false, true);
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    if (has_users) support::use_range(spec);
    support::set_shell(spec, "grep Groups /proc/self/status");
  });
  const Runtime runtime;
  std::vector<std::string> argv = {"setpriv", "--groups", "4,27,2000"};
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    argv.push_back(word);
  }
  const auto result = support::run(argv);
  INFO(result.err);
  CHECK(result.out.find_first_of("0123456789") == std::string::npos);
  CHECK(result.out.starts_with("Groups:"));
}

TEST_CASE("t_suppl_groups: an init that hides in a namespace without setgroups gains none",
          "[security][inv6]") {
  // Found here: exec joined the init's nested user namespace, whose setgroups file said "deny", and
  // kept root's own groups there.
  NEEDS(root);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    support::use_range(spec);
    spec.process->user.uid = spec.process->user.gid =
        1000;  // who needs no capability to map itself
    support::set_shell(spec, "exec unshare -U -r probe wait");
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  REQUIRE(support::eventually(
      [&] { return runtime.output_of("test").find("ready") != std::string::npos; }));
  std::vector<std::string> argv = {"setpriv", "--groups", "4,27,2000"};
  for (const std::string& word :
       runtime.argv({"exec", "--user", "0:0", "test", "grep", "Groups", "/proc/self/status"})) {
    argv.push_back(word);
  }
  const auto result = support::run(argv);
  INFO(result.all());
  CHECK(result.out.starts_with("Groups:"));
  CHECK(result.out.find_first_of("0123456789") == std::string::npos);
}

TEST_CASE("t_suppl_groups: additional groups are those of the configuration", "[security][inv6]") {
  NEEDS(range);
  const auto result = support::run_shell("id -G", [](config::RuntimeSpec& spec) {
    support::use_range(spec);
    spec.process->user.additional_gids = {50, 60};
  });
  CHECK(result.out == "0 50 60\n");
}

TEST_CASE("t_user_overflow: a user of the configuration is an exact number", "[security][inv6]") {
  // CVE-2024-40635, CVE-2026-46680: a number too large became 0, or a name. crun 1.8.1 runs what
  // this document asks for, and an exec with user 4294967296.
  const std::string uid = GENERATE("4294967295", "4294967296", "-1", "\"0x0\"", "\"+0\"", "\" 0\"",
                                   "0.5", "1e99", "\"0\"", "18446744073709551616");
  const Bundle bundle;
  write_uid(bundle, uid);
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/process/user/uid") != std::string::npos);
}

TEST_CASE("t_user_overflow: so is that of an exec", "[security][inv6]") {
  // CVE-2026-30892 (crun): `exec -u` read a part of the word and ran as another user.
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  runtime.start(bundle, "test");
  for (const char* user : {"4294967296", "4294967295", "-1", "0x0", "+0", " 0", "0 ", "root", ":0",
                           "0:", "0:-1", "0:0:0", "0:4294967296", "0\n"}) {
    INFO(user);
    const auto result = runtime.call({"exec", std::string("--user=") + user, "test", "id"});
    CHECK(result.exit_code == 255);
    CHECK(result.out.empty());
  }
}

TEST_CASE("t_passwd_fifo: a passwd that never ends to open is none", "[security][inv12]") {
  // CVE-2024-9676: the engine hung on a FIFO of the image; crun 1.8.1 does.
  CHECK(home_with([](const std::string& path) { ::mkfifo(path.c_str(), 0644); }) == "/\n");
}

TEST_CASE("t_passwd_fifo: what is no regular file is not even opened", "[security][inv6]") {
  std::optional<Snare> snare;
  CHECK(home_with([&](const std::string& path) { snare.emplace(path); }) == "/\n");
  CHECK(snare->is_untouched());
}

TEST_CASE("t_passwd_huge: a passwd beyond all bounds is none", "[security][inv12]") {
  // CVE-2026-47262, GHSA-72x6-4j93-7w86: memory ran out over /etc/passwd.
  CHECK(home_with([](const std::string& path) {
          support::write_text(path, "root:x:0:0::/wrong:/bin/sh\n");
          std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
        }) == "/\n");
}

TEST_CASE("t_passwd_symlink: a passwd outside of the image is none", "[security][inv12]") {
  const support::TempDirectory host;
  support::write_text(host / "passwd", "root:x:0:0::/of/the/host:/bin/sh\n");
  const std::string file = host / "passwd";
  const std::string target = GENERATE_COPY(as<std::string>{}, file, "../../../../../.." + file,
                                           "/proc/self/fd/0", "passwd");
  CHECK(home_with([&](const std::string& path) { plant_symlink(target, path); }) == "/\n");
}
