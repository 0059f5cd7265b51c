// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/grammar.h"

#include <catch2/catch.hpp>

using runtime::Grammar;
using runtime::OptionPlace;
using Strings = std::vector<std::string>;

namespace {

// A verb with one option of each kind.
struct Verb {
  Verb() {
    grammar.word("ID", "What it is about");
    grammar.flag("-f,--flag", flag, "A switch");
    grammar.text("-t,--text", text, "A text");
    grammar.texts("--texts", texts, "Many");
    grammar.number("--number", number, "A number");
  }
  Grammar grammar{"verb", "Does something"};
  bool flag = false;
  std::string text;
  Strings texts;
  unsigned number = 0;
};

}  // namespace

TEST_CASE("grammar: options stand anywhere, up to \"--\"", "[commands][cli]") {
  Verb verb;
  const auto words = verb.grammar.read(Strings{"a", "-f", "b", "--", "-t"}, {});
  CHECK(words == Strings{"a", "b", "-t"});
  CHECK(verb.flag);
}

TEST_CASE("grammar: or before the words alone", "[commands][cli]") {
  Verb verb;
  const auto words = verb.grammar.read(Strings{"-f", "a", "-t"}, {}, OptionPlace::kBeforeWords);
  CHECK(words == Strings{"a", "-t"});
}

TEST_CASE("grammar: one dash or two, a value behind a blank or \"=\"", "[commands][cli]") {
  Verb verb;
  (void)verb.grammar.read(Strings{"-text=x", "--texts", "a", "-texts", "b", "--number=7"}, {});
  CHECK(verb.text == "x");
  CHECK(verb.texts == Strings{"a", "b"});
  CHECK(verb.number == 7);
}

TEST_CASE("grammar: what is wrong ends the reading with runc's words", "[commands][cli]") {
  Verb verb;
  CHECK_FALSE(verb.grammar.read(Strings{"--nothing"}, {}));
  CHECK(verb.grammar.finished().text == "flag provided but not defined: -nothing");
  Verb other;
  CHECK_FALSE(other.grammar.read(Strings{"a", "b"}, {.least = 1, .most = 1}));
  CHECK(other.grammar.finished().text == "\"verb\" requires exactly 1 argument(s)");
  CHECK(other.grammar.finished().exit_code == 1);
}

TEST_CASE("grammar: help shows words and options", "[commands][cli]") {
  const Verb verb;
  CHECK_THAT(verb.grammar.help(), Catch::Contains("Usage: tilla-runtime verb [OPTIONS] ID") &&
                                      Catch::Contains("  -t,--text VALUE"));
}
