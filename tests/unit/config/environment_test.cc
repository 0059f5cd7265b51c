// SPDX-License-Identifier: Apache-2.0
#include "config/environment.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

namespace {

using Catch::Contains;
using Words = std::vector<std::string>;

std::optional<std::string> caller(const std::string& name) {
  if (name == "SET") return "of the caller";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

Words merged(const config::EnvironmentRequest& request) {
  Words warnings;
  return config::merge_environment(request, warnings);
}

const std::string kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

TEST_CASE("environment: -e NAME is the caller's value, or takes the image's away",
          "[config][env]") {
  CHECK(config::resolve_variable("SET", caller) == "SET=of the caller");
  CHECK(config::resolve_variable("EMPTY", caller) == "EMPTY=");
  CHECK(config::resolve_variable("UNSET", caller) == "UNSET");
  CHECK(config::resolve_variable("A=b=c", caller) == "A=b=c");
  CHECK(config::resolve_variable("A=", caller) == "A=");
  CHECK_THROWS_AS(config::resolve_variable("=x", caller), sys::Error);
  CHECK_THROWS_AS(config::resolve_variable("", caller), sys::Error);
  CHECK(merged({.image = {"A=1", "AB=2"}, .given = {"A"}, .hostname = "h"}) ==
        Words{kPath, "HOSTNAME=h", "AB=2"});
}

TEST_CASE("environment: PATH, HOSTNAME and TERM unless somebody sets them", "[config][env]") {
  CHECK(merged({.hostname = "h"}) == Words{kPath, "HOSTNAME=h"});
  CHECK(merged({.hostname = "h", .has_terminal = true}) ==
        Words{kPath, "HOSTNAME=h", "TERM=xterm"});
  CHECK(merged({.image = {"PATH=/bin"},
                .given = {"TERM=vt100"},
                .hostname = "h",
                .has_terminal = true}) == Words{"PATH=/bin", "HOSTNAME=h", "TERM=vt100"});
}

TEST_CASE("environment: what comes later wins, in its first place", "[config][env]") {
  CHECK(merged({.image = {"A=image", "B=2"}, .given = {"A=file", "A=flag"}, .hostname = "h"}) ==
        Words{kPath, "HOSTNAME=h", "A=flag", "B=2"});
}

TEST_CASE("environment: an image's entry that sets nothing is told, and never the host's",
          "[config][env]") {
  Words warnings;
  const Words env =
      config::merge_environment({.image = {"SET", "=x", "OK=1"}, .hostname = "h"}, warnings);
  CHECK(env == Words{kPath, "HOSTNAME=h", "OK=1"});
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[0], Contains("\"SET\""));
}

TEST_CASE("environment: a newline in a value stays in it", "[config][env]") {
  CHECK(merged({.image = {"A=1\nB=2"}, .hostname = "h"}).back() == "A=1\nB=2");
}

TEST_CASE("environment: files as docker reads them", "[config][env]") {
  const std::string text =
      "\xef\xbb\xbf# comment\n\n  A=1\nB=\"quoted\" # no comment\r\nSET\nUNSET\nC=\n#D=1\nE= x ";
  CHECK(config::parse_env_file(text, "f", caller) ==
        Words{"A=1", "B=\"quoted\" # no comment", "SET=of the caller", "C=", "E= x "});
}

TEST_CASE("environment: files with what can't be", "[config][env]") {
  CHECK_THROWS_WITH(config::parse_env_file("A=1\n=x\n", "f", caller),
                    "f: line 2: no variable name on this line");
  CHECK_THROWS_WITH(config::parse_env_file("A B=1", "f", caller),
                    "f: line 1: variable \"A B\" contains whitespaces");
  CHECK_THROWS_AS(config::parse_env_file(std::string("A=\0b", 4), "f", caller), sys::Error);
}

}  // namespace
