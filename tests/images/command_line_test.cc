// SPDX-License-Identifier: Apache-2.0
// Docker's manners on the command line.
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::Tilla;

TEST_CASE("tilla: without words it says what there is", "[tilla]") {
  const Result result = support::run({support::tilla_program()});
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with("Usage:  tilla [OPTIONS] COMMAND\n"));
  CHECK(result.out.find("\n  import ") != std::string::npos);
  CHECK(result.out == support::run({support::tilla_program(), "--help"}).out);
}

TEST_CASE("tilla: a verb's --help has usage, text and options", "[tilla]") {
  const std::string out = Tilla().must({"save", "--help"});
  CHECK(out.starts_with("Usage:  tilla save [OPTIONS] IMAGE [IMAGE...]\n"));
  CHECK(out.find("\nAliases:\n  tilla save, tilla image save\n") != std::string::npos);
  CHECK(out.find("\n  -o, --output file ") != std::string::npos);
}

TEST_CASE("tilla: an unknown flag is named, exit code 125", "[tilla]") {
  const Result result = Tilla().call({"load", "--inptu=x"});
  CHECK(result.exit_code == 125);
  CHECK(result.err == "unknown flag: --inptu\nSee 'tilla load --help'.\n");
  CHECK(Tilla().call({"load", "-qx"}).err ==
        "unknown shorthand flag: 'x' in -x\nSee 'tilla load --help'.\n");
}

TEST_CASE("tilla: an unknown command gets the nearest name", "[tilla]") {
  const Result result = Tilla().call({"improt"});
  CHECK(result.exit_code == 125);
  CHECK(result.err ==
        "\"improt\" is no command of tilla; did you mean \"import\"?\nSee 'tilla --help'.\n");
}

TEST_CASE("tilla: too few and too many words", "[tilla]") {
  CHECK(Tilla().call({"save"}).err ==
        "\"tilla save\" requires at least 1 argument\nSee 'tilla save --help'.\n");
  CHECK(Tilla().call({"load", "x"}).err ==
        "\"tilla load\" accepts no arguments\nSee 'tilla load --help'.\n");
  CHECK(Tilla().call({"import"}).exit_code == 125);
}

TEST_CASE("tilla: a flag without its value", "[tilla]") {
  const Result result = Tilla().call({"load", "--input"});
  CHECK(result.exit_code == 125);
  CHECK(result.err == "flag needs an argument: --input\nSee 'tilla load --help'.\n");
}

TEST_CASE("tilla: the version", "[tilla]") {
  CHECK(Tilla().must({"version"}).starts_with("tilla version "));
  CHECK(support::run({support::tilla_program(), "--version"}).out.starts_with("tilla version "));
}

TEST_CASE("tilla: closed standard streams are no files of ours", "[tilla]") {
  const Tilla tilla;
  const Result result = tilla.call({"save", "nothing"}, {.closes_streams = true});
  CHECK(result.exit_code == 1);
}

}  // namespace
