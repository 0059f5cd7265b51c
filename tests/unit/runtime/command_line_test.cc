// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/command_line.h"

#include <catch2/catch.hpp>

using namespace std::string_literals;
using runtime::CommandLine;
using runtime::parse_command_line;
using Strings = std::vector<std::string>;

namespace {

template <typename Options>
Options parse(const Strings& words) {
  const CommandLine line = parse_command_line(words);
  const auto* finished = std::get_if<runtime::Finished>(&line.command);
  if (finished != nullptr) INFO(finished->text);
  REQUIRE(std::holds_alternative<Options>(line.command));
  return std::get<Options>(line.command);
}

runtime::Finished finish(const Strings& words) { return parse<runtime::Finished>(words); }

void check_error(const Strings& words, const std::string& text, int exit_code = 1) {
  const runtime::Finished finished = finish(words);
  CHECK(finished.text == text);
  CHECK(finished.exit_code == exit_code);
}

}  // namespace

TEST_CASE("command line: the global options of containerd and podman", "[commands]") {
  const CommandLine line = parse_command_line(
      {"--root", "/r/ns", "--log", "/b/log.json", "--log-format", "json", "--systemd-cgroup",
       "--debug", "--rootless=true", "--cgroup-manager", "disabled", "--criu", "x", "state", "c"});
  const runtime::GlobalOptions expected = {.root = "/r/ns",
                                           .log = "/b/log.json",
                                           .log_format = "json",
                                           .cgroup_manager = "disabled",
                                           .rootless = "true",
                                           .debug = true,
                                           .systemd_cgroup = true};
  CHECK(line.global == expected);
  CHECK(std::get<runtime::StateOptions>(line.command).id == "c");
}

TEST_CASE("command line: without global options the defaults stand", "[commands]") {
  const CommandLine line = parse_command_line({"state", "c"});
  CHECK(line.global == runtime::GlobalOptions());
  CHECK(line.global.log_format == "text");
  CHECK(line.global.rootless == "auto");
}

TEST_CASE("command line: create with every flag", "[commands]") {
  const auto options = parse<runtime::CreateOptions>(
      {"create", "--bundle", "/b", "--pid-file", "p", "--console-socket", "s", "--pidfd-socket",
       "f", "--no-pivot", "--no-new-keyring", "--preserve-fds", "3", "c"});
  runtime::CreateOptions expected;
  expected.id = "c";
  expected.bundle = "/b";
  expected.console_socket = "s";
  expected.pid_file = "p";
  expected.pidfd_socket = "f";
  expected.no_pivot = expected.no_new_keyring = true;
  expected.preserve_fds = 3;
  CHECK(options == expected);
}

TEST_CASE("command line: run has create's flags and its own", "[commands]") {
  const auto options = parse<runtime::RunOptions>(
      {"run", "-d", "--keep", "--no-subreaper", "-b", "/b", "--preserve-fds=1", "c"});
  CHECK(options.id == "c");
  CHECK(options.bundle == "/b");
  CHECK((options.detach && options.keep && options.no_subreaper));
  CHECK(options.preserve_fds == 1);
}

TEST_CASE("command line: values come in every form that Go takes", "[commands]") {
  for (const Strings& form : {Strings{"--bundle", "/b"},
                              {"--bundle=/b"},
                              {"-b", "/b"},
                              {"-b=/b"},
                              {"-bundle", "/b"},
                              {"-bundle=/b"}}) {
    Strings words = {"create"};
    words.insert(words.end(), form.begin(), form.end());
    words.emplace_back("c");
    CHECK(parse<runtime::CreateOptions>(words).bundle == "/b");
  }
}

TEST_CASE("command line: options may follow the id, the last of two counts", "[commands]") {
  const auto options =
      parse<runtime::CreateOptions>({"create", "c", "--bundle", "/a", "--bundle", "/b"});
  CHECK(options.id == "c");
  CHECK(options.bundle == "/b");
}

TEST_CASE("command line: values keep their odd characters", "[commands]") {
  const auto options = parse<runtime::CreateOptions>(
      {"create", "--bundle=--x=y", "--pid-file", "-p", "--console-socket", "", "c"});
  CHECK(options.bundle == "--x=y");
  CHECK(options.pid_file == "-p");
  CHECK(options.console_socket.empty());
  CHECK(options.id == "c");
}

TEST_CASE("command line: a container may be named like a verb", "[commands]") {
  CHECK(parse<runtime::StartOptions>({"start", "run"}).id == "run");
  CHECK(parse<runtime::StateOptions>({"state", "--", "-x"}).id == "-x");
}

TEST_CASE("command line: exec with every flag", "[commands]") {
  const auto options = parse<runtime::ExecOptions>({"exec",
                                                    "--process",
                                                    "j",
                                                    "--console-socket",
                                                    "s",
                                                    "--pid-file",
                                                    "p",
                                                    "--pidfd-socket",
                                                    "f",
                                                    "--cwd",
                                                    "/w",
                                                    "--user",
                                                    "1:2",
                                                    "--apparmor",
                                                    "a",
                                                    "--process-label",
                                                    "l",
                                                    "--cgroup",
                                                    "g",
                                                    "-t",
                                                    "-d",
                                                    "--no-new-privs",
                                                    "--ignore-paused",
                                                    "--preserve-fds",
                                                    "2",
                                                    "c"});
  runtime::ExecOptions expected;
  expected.id = "c";
  expected.process_file = "j";
  expected.console_socket = "s";
  expected.pid_file = "p";
  expected.pidfd_socket = "f";
  expected.cwd = "/w";
  expected.user = "1:2";
  expected.apparmor = "a";
  expected.process_label = "l";
  expected.cgroup = "g";
  expected.tty = expected.detach = expected.no_new_privs = expected.ignore_paused = true;
  expected.preserve_fds = 2;
  CHECK(options == expected);
}

TEST_CASE("command line: exec leaves the words after the id alone", "[commands]") {
  const auto options =
      parse<runtime::ExecOptions>({"exec", "-t", "c", "ls", "-l", "--color", "-t", "--", "++"});
  CHECK(options.id == "c");
  CHECK(options.args == Strings{"ls", "-l", "--color", "-t", "--", "++"});
  CHECK(parse<runtime::ExecOptions>({"exec", "c", "--", "ls", "-d"}).args == Strings{"ls", "-d"});
  CHECK(parse<runtime::ExecOptions>({"exec", "--", "c", "--help"}).args == Strings{"--help"});
}

TEST_CASE("command line: exec's repeated options keep their order and text", "[commands]") {
  const auto options =
      parse<runtime::ExecOptions>({"exec", "-e", "A=1", "--env", "B=[x,y]", "-e", "", "-e", "{}",
                                   "-c", "CAP_KILL", "--cap=x", "c", "true"});
  CHECK(options.env == Strings{"A=1", "B=[x,y]", "", "{}"});
  CHECK(options.caps == Strings{"CAP_KILL", "x"});
  CHECK(options.id == "c");
}

TEST_CASE("command line: additional groups are strict 32-bit numbers", "[commands]") {
  const auto options = parse<runtime::ExecOptions>(
      {"exec", "-g", "1,2", "--additional-gids", "4294967295", "c", "true"});
  CHECK(options.additional_gids == std::vector<std::int64_t>{1, 2, 4294967295});
  for (const char* wrong : {"4294967296", "-1", "1x", "", "1,", " 1"}) {
    check_error({"exec", "-g", wrong, "c", "true"},
                "invalid value \""s + wrong + "\" for flag --additional-gids");
  }
}

TEST_CASE("command line: exec needs a program or a file", "[commands]") {
  check_error({"exec", "c"}, "process args cannot be empty", 255);
  check_error({"exec"}, "\"exec\" requires a minimum of 1 argument(s)");
  CHECK(parse<runtime::ExecOptions>({"exec", "-p", "j", "c"}).args.empty());
}

TEST_CASE("command line: kill, delete, list, ps and spec", "[commands]") {
  CHECK(parse<runtime::KillOptions>({"kill", "c"}).signal == "SIGTERM");
  const auto kill = parse<runtime::KillOptions>({"kill", "--all", "c", "9"});
  CHECK((kill.all && kill.id == "c" && kill.signal == "9"));
  CHECK(parse<runtime::KillOptions>({"kill", "c", "KILL", "-a"}).all);
  CHECK(parse<runtime::DeleteOptions>({"delete", "--force", "c"}).force);
  CHECK_FALSE(parse<runtime::DeleteOptions>({"delete", "c"}).force);
  const auto list = parse<runtime::ListOptions>({"list", "-q", "-f", "json"});
  CHECK((list.quiet && list.format == "json"));
  const auto ps = parse<runtime::PsOptions>({"ps", "--format", "json", "c", "-e", "-f"});
  CHECK((ps.format == "json" && ps.id == "c" && ps.ps_args == Strings{"-e", "-f"}));
  const auto spec = parse<runtime::SpecOptions>({"spec", "--rootless", "--bundle", "/b"});
  CHECK((spec.rootless && spec.bundle == "/b"));
}

TEST_CASE("command line: features takes nothing, plan a bundle", "[commands]") {
  (void)parse<runtime::FeaturesOptions>({"features"});
  check_error({"features", "x"}, "\"features\" requires exactly 0 argument(s)");
  CHECK(parse<runtime::PlanOptions>({"plan"}).bundle == ".");
  CHECK(parse<runtime::PlanOptions>({"plan", "/b"}).bundle == "/b");
}

TEST_CASE("command line: limits are changed by flags or a document", "[commands]") {
  CHECK(parse<runtime::UpdateOptions>({"update", "--resources=-", "c"}).resources == "-");
  const auto options = parse<runtime::UpdateOptions>(
      {"update", "--cpu-quota", "-1", "--pids-limit", "5", "--memory", "64m", "c"});
  CHECK(options.cpu_quota == "-1");
  CHECK(options.pids_limit == "5");
  CHECK(options.memory == "64m");
  const auto classes = parse<runtime::UpdateOptions>(
      {"update", "--l3-cache-schema", "L3:0=f", "--mem-bw-schema=MB:0=20", "c"});
  CHECK(classes.l3_cache_schema == "L3:0=f");
  CHECK(classes.mem_bw_schema == "MB:0=20");
}

TEST_CASE("command line: events are counted or followed", "[commands]") {
  CHECK(parse<runtime::EventsOptions>({"events", "--stats", "c"}).stats);
  CHECK(parse<runtime::EventsOptions>({"events", "--interval", "7s", "c"}).interval_seconds == 7);
  CHECK(parse<runtime::EventsOptions>({"events", "c"}).interval_seconds == 5);
  check_error({"events", "--interval", "soon", "c"}, "invalid value \"soon\" for flag --interval");
  CHECK(parse<runtime::PauseOptions>({"pause", "c"}).id == "c");
  CHECK(parse<runtime::ResumeOptions>({"resume", "c"}).id == "c");
}

TEST_CASE("command line: verbs that aren't supported still take their flags", "[commands]") {
  const std::vector<Strings> calls = {{"checkpoint", "--image-path", "p", "--work-path", "w",
                                       "--file-locks", "--leave-running", "c"},
                                      {"restore", "--bundle", "b", "-d", "--image-path", "p", "c"}};
  for (const Strings& call : calls) {
    const auto options = parse<runtime::UnsupportedOptions>(call);
    CHECK(options.verb == call.front());
    CHECK(options.id == "c");
  }
}

TEST_CASE("command line: usage errors are runc's", "[commands]") {
  check_error({"create"}, "\"create\" requires exactly 1 argument(s)");
  check_error({"delete", "a", "b"}, "\"delete\" requires exactly 1 argument(s)");
  check_error({"kill"}, "\"kill\" requires a minimum of 1 argument(s)");
  check_error({"kill", "a", "b", "c"}, "\"kill\" requires a maximum of 2 argument(s)");
  check_error({"create", "--foo", "c"}, "flag provided but not defined: -foo");
  check_error({"create", "c", "--bundle"}, "flag needs an argument: -bundle");
  check_error({"--foo", "state", "c"}, "flag provided but not defined: -foo");
  check_error({"state", "--root", "/r", "c"}, "flag provided but not defined: -root");
  check_error({"foo"}, "No help topic for 'foo'", 3);
  check_error({"list", "-f", "xml"}, "invalid format option");
}

TEST_CASE("command line: a help word of the library's is none of ours", "[commands]") {
  check_error({"create", "--ID", "x", "c"}, "flag provided but not defined: -ID");
  check_error({"create", "-", "c"}, "\"create\" requires exactly 1 argument(s)");
}

TEST_CASE("command line: wrong values are named", "[commands]") {
  check_error({"--log-format", "xml", "list"}, "invalid value \"xml\" for flag --log-format");
  check_error({"--rootless", "maybe", "list"}, "invalid value \"maybe\" for flag --rootless");
  check_error({"--cgroup-manager", "x", "list"}, "invalid value \"x\" for flag --cgroup-manager");
  for (const char* wrong : {"-1", "x", "4294967296", "", "1 "}) {
    check_error({"create", "--preserve-fds", wrong, "c"},
                "invalid value \""s + wrong + "\" for flag --preserve-fds");
  }
  check_error({"--debug=perhaps", "list"}, finish({"--debug=perhaps", "list"}).text);
}

TEST_CASE("command line: flags take Go's truth values", "[commands]") {
  CHECK(parse<runtime::DeleteOptions>({"delete", "--force=true", "c"}).force);
  CHECK_FALSE(parse<runtime::DeleteOptions>({"delete", "--force=false", "c"}).force);
  CHECK(parse_command_line({"--rootless", "1", "list"}).global.rootless == "true");
}

TEST_CASE("command line: a usage error still knows the log", "[commands]") {
  const CommandLine line =
      parse_command_line({"--log", "/l", "--log-format", "json", "create", "--foo"});
  CHECK(line.global.log == "/l");
  CHECK(line.global.log_format == "json");
}

TEST_CASE("command line: help goes out with success", "[commands]") {
  for (const Strings& words :
       {Strings{}, {"--help"}, {"-h"}, {"help"}, {"help", "kill"}, {"checkpoint", "--help"}}) {
    const runtime::Finished finished = finish(words);
    CHECK(finished.exit_code == 0);
    CHECK(finished.text.find("Usage: tilla-runtime") != std::string::npos);
  }
  CHECK(finish({"kill", "-h"}).text.find("--all") != std::string::npos);
  CHECK(finish({}).text.find("checkpoint") != std::string::npos);
}

TEST_CASE("command line: the version as podman reads it", "[commands]") {
  for (const char* word : {"--version", "-v"}) {
    const runtime::Finished finished = finish({word});
    CHECK(finished.exit_code == 0);
    CHECK(finished.text.starts_with("tilla-runtime version "));
    CHECK(finished.text.find("\ncommit: ") != std::string::npos);
    CHECK(finished.text.find("\nspec: 1.3.0\n") != std::string::npos);
    CHECK(finished.text.find("+SECCOMP") != std::string::npos);
  }
}
