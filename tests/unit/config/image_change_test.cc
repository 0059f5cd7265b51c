// SPDX-License-Identifier: Apache-2.0
#include "config/image_change.h"

#include <catch2/catch.hpp>

#include "config/go_duration.h"
#include "sys/error.h"

using Catch::Matchers::Contains;
using Words = std::vector<std::string>;

namespace {

config::ContainerConfig changed(const Words& changes, config::ContainerConfig config = {}) {
  config::apply_changes(changes, config);
  return config;
}

std::string problem_of(const std::string& change) {
  try {
    (void)changed({change});
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("change: commands in exec and in shell form", "[config][change]") {
  CHECK(changed({R"(CMD ["echo", "a b"])"}).cmd == Words{"echo", "a b"});
  CHECK(changed({"cmd echo  $HOME | wc"}).cmd == Words{"/bin/sh", "-c", "echo  $HOME | wc"});
  CHECK(changed({"CMD [ -e /x ]"}).cmd == Words{"/bin/sh", "-c", "[ -e /x ]"});
  CHECK(changed({"CMD []"}, {.cmd = {"x"}}).cmd.empty());
  CHECK(changed({"ENTRYPOINT top"}, {.shell = {"/bin/bash", "-ec"}}).entrypoint ==
        Words{"/bin/bash", "-ec", "top"});
}

TEST_CASE("change: an entrypoint drops the command that was there before", "[config][change]") {
  CHECK(changed({R"(ENTRYPOINT ["a"])"}, {.cmd = {"old"}}).cmd.empty());
  CHECK(changed({"CMD [\"new\"]", R"(ENTRYPOINT ["a"])"}, {.cmd = {"old"}}).cmd == Words{"new"});
}

TEST_CASE("change: variables in both forms", "[config][change]") {
  CHECK(changed({R"(ENV MY_NAME="John Doe" MY_DOG=Rex\ The\ Dog MY_CAT='fl u $x')"}).env ==
        Words{"MY_NAME=John Doe", "MY_DOG=Rex The Dog", "MY_CAT=fl u $x"});
  CHECK(changed({"ENV ONE TWO= THREE=world"}).env == Words{"ONE=TWO= THREE=world"});
  CHECK(changed({"ENV A=2 C=3"}, {.env = {"A=1", "B=1"}}).env == Words{"A=2", "B=1", "C=3"});
  // Of the reference: abc is bye, def is what abc was before.
  CHECK(changed({"ENV abc=bye def=$abc"}, {.env = {"abc=hello"}}).env ==
        Words{"abc=bye", "def=hello"});
}

TEST_CASE("change: what stands for variables in a word", "[config][change]") {
  const auto [word, value] = GENERATE(table<std::string, std::string>({
      {"$FOO", "bar"},
      {"${FOO}s", "bars"},
      {"\\$FOO", "$FOO"},
      {"'$FOO'", "$FOO"},
      {"\"a $FOO\"", "a bar"},
      {"\"\\$FOO\\\"\"", "$FOO\""},
      {"${NONE:-x$FOO}", "xbar"},
      {"${EMPTY:-x}", "x"},
      {"${EMPTY-x}", ""},
      {"${FOO:+set}", "set"},
      {"${NONE+set}", ""},
      {"$NONE", ""},
      {"a$", "a$"},
      {"${FOO:?no}", "bar"},
  }));
  CAPTURE(word);
  CHECK(changed({"LABEL a=" + word}, {.env = {"FOO=bar", "EMPTY="}}).labels.at("a") == value);
}

TEST_CASE("change: ports, with ranges and protocols", "[config][change]") {
  CHECK(changed({"EXPOSE 80/tcp 53/UDP 8000-8002", "EXPOSE 80"}).exposed_ports ==
        Words{"53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"});
  for (const char* wrong : {"EXPOSE", "EXPOSE 65536", "EXPOSE 2-1", "EXPOSE 80/x", "EXPOSE a",
                            "EXPOSE -1", "EXPOSE 1:2", "EXPOSE 80/"}) {
    CAPTURE(wrong);
    CHECK_THAT(problem_of(wrong), Contains("EXPOSE: ") && Contains("^"));
  }
}

TEST_CASE("change: labels with quotes and lines that go on", "[config][change]") {
  const auto labels = changed({"LABEL multi.label1=\"value 1\" \\\n  \"com.example\"=x"}).labels;
  CHECK(labels.at("multi.label1") == "value 1");
  CHECK(labels.at("com.example") == "x");
}

TEST_CASE("change: volumes in both forms", "[config][change]") {
  CHECK(changed({"VOLUME /var/log /var/db", R"(VOLUME ["/data", "/var/log"])"}).volumes ==
        Words{"/data", "/var/db", "/var/log"});
  CHECK_THAT(problem_of("VOLUME [\"\"]"), Contains("a path is empty"));
}

TEST_CASE("change: a working directory that is relative goes on from the last",
          "[config][change]") {
  CHECK(changed({"WORKDIR /a", "WORKDIR b", "WORKDIR c"}).working_dir == "/a/b/c");
  CHECK(changed({"WORKDIR $DIR/x/../y"}, {.env = {"DIR=/p"}}).working_dir == "/p/y");
  CHECK(changed({"WORKDIR ../.."}, {.working_dir = "/a"}).working_dir == "/");
}

TEST_CASE("change: user, signal and triggers", "[config][change]") {
  const config::ContainerConfig config =
      changed({"USER daemon:1", "STOPSIGNAL SIGRTMIN+3", "ONBUILD RUN make"});
  CHECK(config.user == "daemon:1");
  CHECK(config.stop_signal == "SIGRTMIN+3");
  CHECK(config.on_build == Words{"RUN make"});
  CHECK_THAT(problem_of("STOPSIGNAL SIGFOO"), Contains("no signal"));
  CHECK_THAT(problem_of("ONBUILD ONBUILD RUN x"), Contains("isn't allowed"));
}

TEST_CASE("change: health checks", "[config][change]") {
  const config::Healthcheck check =
      *changed({"HEALTHCHECK --interval=5m --timeout=3s --retries=2 CMD curl -f x || exit 1"})
           .healthcheck;
  CHECK(check.test == Words{"CMD-SHELL", "curl -f x || exit 1"});
  CHECK(check.interval == 300'000'000'000);
  CHECK(check.timeout == 3'000'000'000);
  CHECK(check.retries == 2);
  CHECK(changed({"HEALTHCHECK NONE"}).healthcheck->test == Words{"NONE"});
  CHECK(changed({"HEALTHCHECK CMD [\"a\"]"}).healthcheck->test == Words{"CMD", "a"});
  CHECK_THAT(problem_of("HEALTHCHECK --interval=1us CMD x"), Contains("cannot be less than 1ms"));
  CHECK_THAT(problem_of("HEALTHCHECK"), Contains("needs NONE"));
}

TEST_CASE("change: an error shows the line, and changes nothing", "[config][change]") {
  CHECK(problem_of("ENV A=1 B") ==
        "ENV: no \"=\" in this word (NAME=VALUE, with quotes around blanks)\n  ENV A=1 B\n"
        "          ^");
  CHECK_THAT(problem_of("RUN make"), Contains("not a valid change command"));
  CHECK_THAT(problem_of("FOO x"), Contains("unknown instruction: \"FOO\""));
  CHECK_THAT(problem_of("ENV A=\"x"), Contains("without its end\n  ENV A=\"x\n        ^"));
  config::ContainerConfig config;
  CHECK_THROWS(config::apply_changes({"USER a", "ENV"}, config));
  CHECK(config.user.empty());
}

TEST_CASE("change: t_env_barekey: no variable without a name", "[config][change]") {
  CHECK_FALSE(problem_of("ENV =x").empty());
  CHECK_FALSE(problem_of("ENV PATH").empty());
}

TEST_CASE("duration: as Go reads them", "[config][duration]") {
  using std::chrono::nanoseconds;
  CHECK(config::parse_duration("1h15m30.918s") == nanoseconds(4'530'918'000'000));
  CHECK(config::parse_duration("-1.5ms") == nanoseconds(-1'500'000));
  CHECK(config::parse_duration("1us") == nanoseconds(1000));
  CHECK(config::parse_duration("0") == nanoseconds(0));
  for (const char* wrong : {"", "1", "s", ".s", "1x", "-", "3000000h", "1 s"}) {
    CAPTURE(wrong);
    CHECK_FALSE(config::parse_duration(wrong));
  }
}
