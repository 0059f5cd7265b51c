// SPDX-License-Identifier: Apache-2.0
#include "config/detach_keys.h"

#include <catch2/catch.hpp>

using config::DetachMatcher;
using config::parse_detach_keys;

TEST_CASE("detach keys: docker's syntax", "[config][detach]") {
  CHECK(parse_detach_keys("ctrl-p,ctrl-q") == "\x10\x11");
  CHECK(parse_detach_keys("a,ctrl-[,ctrl-_,Z") == "a\x1b\x1fZ");
  CHECK(parse_detach_keys("ctrl-@") == std::string(1, '\0'));
  CHECK(parse_detach_keys("") == "");
}

TEST_CASE("detach keys: what is no list of keys is none", "[config][detach]") {
  for (const char* text :
       {"ctrl-", "ctrl-A", "ctrl-1", "ab", "a,", ",a", "ctrl-p ctrl-q", "alt-x"}) {
    INFO(text);
    CHECK_FALSE(parse_detach_keys(text).has_value());
  }
  std::string many = "a";
  for (int i = 0; i < 64; ++i) many += ",a";
  CHECK_FALSE(parse_detach_keys(many).has_value());
}

TEST_CASE("detach keys: the sequence is found across reads, and not passed on",
          "[config][detach]") {
  DetachMatcher matcher("\x10\x11");
  CHECK(matcher.feed("abc\x10").passed == "abc");
  const DetachMatcher::Found found = matcher.feed(
      "\x11"
      "d");
  CHECK(found.is_complete);
  CHECK(found.passed.empty());
}

TEST_CASE("detach keys: what only began like the sequence is passed on", "[config][detach]") {
  DetachMatcher matcher("\x10\x11");
  CHECK(matcher.feed("\x10").passed.empty());
  CHECK(matcher.feed("x").passed == "\x10x");
  CHECK(matcher.feed("\x10\x10").passed == "\x10");
  CHECK(matcher.feed("\x11").is_complete);
}

TEST_CASE("detach keys: a sequence that repeats itself is found in its middle",
          "[config][detach]") {
  DetachMatcher matcher("aab");
  const DetachMatcher::Found found = matcher.feed("aaab");
  CHECK(found.passed == "a");
  CHECK(found.is_complete);
}

TEST_CASE("detach keys: none are never found", "[config][detach]") {
  DetachMatcher matcher("");
  const DetachMatcher::Found found = matcher.feed("\x10\x11");
  CHECK(found.passed == "\x10\x11");
  CHECK_FALSE(found.is_complete);
}
