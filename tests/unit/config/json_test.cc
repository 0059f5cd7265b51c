// SPDX-License-Identifier: Apache-2.0
#include "config/json.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using config::Json;
using config::Reader;

namespace {

/// What parse_json says against `text`; empty when it accepts it.
std::string parse_problem(const std::string& text) {
  try {
    config::parse_json(text, "doc");
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

template <typename T>
std::string read_problem(const std::string& number) {
  const std::string name = "doc";
  const Json json = config::parse_json("{\"a\":[" + number + "]}", name);
  T value{};
  try {
    const Reader document(json, name);
    const Reader list = document.member("a");
    list.each_element([&](const Reader& element) { element.read(value); });
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

std::string nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace

TEST_CASE("json: a document is written as Go indents it", "[config][json]") {
  const Json json =
      config::parse_json(R"({"a":[1,-2,1.50,"x"],"b":{},"c":[],"d":null,"e":true})", "doc");
  CHECK(config::write_json(json, "  ") ==
        "{\n  \"a\": [\n    1,\n    -2,\n    1.50,\n    \"x\"\n  ],\n  \"b\": {},\n  \"c\": [],\n"
        "  \"d\": null,\n  \"e\": true\n}");
  CHECK(config::write_json(json, "") == R"({"a":[1,-2,1.50,"x"],"b":{},"c":[],"d":null,"e":true})");
}

TEST_CASE("json: the last of repeated members counts", "[config][json]") {
  const Json json = config::parse_json(R"({"a":1,"b":2,"a":3})", "doc");
  CHECK(*json.find("a") == Json{uint64_t{3}});
  CHECK(json.find("c") == nullptr);
}

TEST_CASE("json: strings survive writing and reading", "[config][json]") {
  const std::string text = std::string("quote\" back\\ \n\r\t\x01\x1f ü € 😀 \x7f") + '\0';
  CHECK(config::parse_json(config::quote_json(text), "doc") == Json{text});
}

TEST_CASE("json: what is no UTF-8 is replaced when it is written", "[config][json]") {
  CHECK(config::quote_json("a\xff z") == "\"a\\ufffd z\"");
  CHECK(config::quote_json("\xc0\xaf") == "\"\\ufffd\\ufffd\"");             // overlong
  CHECK(config::quote_json("\xed\xa0\x80") == "\"\\ufffd\\ufffd\\ufffd\"");  // surrogate
  CHECK(config::quote_json("\xe2\x82") == "\"\\ufffd\\ufffd\"");             // cut off
}

TEST_CASE("json: an error of syntax names line and column", "[config][json]") {
  CHECK_THAT(parse_problem("{\n  \"a\": 1,\n  oops\n}"),
             Catch::StartsWith("doc: line 3, column 3: "));
  CHECK_THAT(parse_problem(""), Catch::StartsWith("doc: line 1, column 1: "));
  CHECK_THAT(parse_problem("[1e999]"), Catch::Contains("too big"));
  CHECK_THAT(parse_problem("{} x"), Catch::StartsWith("doc: line 1, column 4: "));
  CHECK(parse_problem("[1 2]") ==
        "doc: line 1, column 4: missing a comma or ']' after an array element, at \"2]\"");
}

TEST_CASE("json: the text of an error is bounded and printable", "[config][json]") {
  const std::string problem = parse_problem("[\"\x1b[31m" + std::string(100000, 'x'));
  CHECK(problem.size() < 600);
  CHECK(problem.find('\x1b') == std::string::npos);
}

TEST_CASE("json: what follows a NUL byte is not ignored", "[config][json]") {
  CHECK(parse_problem(std::string("{}\0{}", 5)) == "doc: a NUL byte at offset 2");
}

TEST_CASE("json: half of a surrogate pair is no character", "[config][json]") {
  CHECK(parse_problem(R"(["a\udc00b"])") == R"(doc: half of a surrogate pair in "a\xed\xb0\x80b")");
  CHECK(parse_problem(R"({"\udfff": 1})") != "");
  CHECK(parse_problem(R"(["\ud800"])") != "");
  CHECK(config::parse_json(R"(["\ud83d\ude00\ud7ff"])", "doc") ==
        config::parse_json("[\"\xf0\x9f\x98\x80\xed\x9f\xbf\"]", "doc"));
}

TEST_CASE("json: a text that ends within a character is not read past its end", "[config][json]") {
  const char* text = GENERATE("[\"\xf3\"", "[\"\xf3", "\xe9", "\xc3", "\"\xf0\"");
  CHECK(parse_problem(text) == "doc: ends within a character");
  CHECK(config::parse_json("\"\xf0\x9f\x98\x80\"", "doc").value.index() != 0);
}

TEST_CASE("json: not JSON, though some readers take it", "[config][json]") {
  const char* text = GENERATE("{'a':1}", "{a:1}", "[1,]", "{\"a\":1,}", "[01]", "[+1]", "[.5]",
                              "[NaN]", "// x\n{}", "[\"\xff\"]", "[\"a\nb\"]", "{} {}");
  CAPTURE(text);
  CHECK(parse_problem(text) != "");
}

TEST_CASE("json: depth, size and number of values are bounded", "[config][json]") {
  CHECK(parse_problem(nested(64)) == "");
  CHECK(parse_problem(nested(65)) == "doc: nested more than 64 levels deep");
  CHECK(parse_problem(nested(200000)) == "doc: nested more than 64 levels deep");
  CHECK(parse_problem(std::string(config::kMaxJsonBytes + 1, ' ')) ==
        "doc: larger than 16777216 bytes");
  std::string many = "[0";
  for (size_t i = 0; i < config::kMaxJsonValues; ++i) many += ",0";
  CHECK(parse_problem(many + "]") == "doc: more than 1000000 values");
}

TEST_CASE("reader: integers are checked against the target's range", "[config][json]") {
  CHECK(read_problem<uint32_t>("4294967295") == "");
  CHECK(read_problem<uint32_t>("4294967296") ==
        "doc: /a/0: 4294967296 is out of range (0 to 4294967295)");
  CHECK(read_problem<uint32_t>("-1") == "doc: /a/0: -1 is out of range (0 to 4294967295)");
  CHECK(read_problem<uint32_t>("1.5") == "doc: /a/0: 1.5 is not a whole number");
  CHECK(read_problem<uint32_t>("1e3") == "doc: /a/0: 1e3 is not a whole number");
  CHECK(read_problem<uint32_t>("1e99") == "doc: /a/0: 1e99 is not a whole number");
  CHECK(read_problem<uint32_t>("\"0x0\"") == "doc: /a/0: expected a number, found a string");
  CHECK(read_problem<uint64_t>("18446744073709551615") == "");
  CHECK(read_problem<uint64_t>("18446744073709551616") ==
        "doc: /a/0: 18446744073709551616 is out of range (0 to 18446744073709551615)");
  CHECK(read_problem<int64_t>("-9223372036854775808") == "");
  CHECK_THAT(read_problem<int64_t>("9223372036854775808"), Catch::Contains("out of range"));
  CHECK_THAT(read_problem<int32_t>("2147483648"), Catch::Contains("out of range"));
}

TEST_CASE("reader: a wrong type is named with what was expected", "[config][json]") {
  CHECK(read_problem<bool>("0") == "doc: /a/0: expected a boolean, found a number");
  CHECK(read_problem<std::string>("null") == "doc: /a/0: expected a string, found null");
  CHECK(read_problem<std::vector<std::string>>("{}") ==
        "doc: /a/0: expected an array, found an object");
  CHECK(read_problem<std::vector<std::string>>("[\"x\",true]") ==
        "doc: /a/0/1: expected a string, found a boolean");
  CHECK(read_problem<std::map<std::string, std::string>>("{\"a/b~c\":1}") ==
        "doc: /a/0/a~1b~0c: expected a string, found a number");
}

TEST_CASE("reader: hostile names of members stay printable and short", "[config][json]") {
  CHECK(config::escape_pointer("a\x1b[2J\n") == "a\\x1b[2J\\n");
  CHECK(config::escape_pointer(std::string(1000, 'x')) == std::string(60, 'x') + "...");
  CHECK(config::quote_for_message(std::string(1000, 'x')).size() == 105);
  CHECK(config::quote_for_message("\xc2\x9b"
                                  "1m") == "\"\\u009b1m\"");
}
