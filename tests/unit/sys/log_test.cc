// SPDX-License-Identifier: Apache-2.0
#include "sys/log.h"

#include <catch2/catch.hpp>

#include "tests/support/harness.h"

TEST_CASE("json_quoted: nothing leaves its quotes", "[sys][log]") {
  CHECK(sys::json_quoted("a\"b\\c\n\t\r") == R"("a\"b\\c\n\t\r")");
  CHECK(sys::json_quoted(std::string_view("\0", 1)) == "\"\\u0000\"");
  CHECK(sys::json_quoted("\x1b[2J\x7f") == R"("\u001b[2J\u007f")");
  CHECK(sys::json_quoted("\xc2\x9b") == R"("\u009b")");  // CSI in one character
  CHECK(sys::json_quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\xb1") ==
        "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\xb1\"");
}

TEST_CASE("json_quoted: what is no UTF-8 is replaced, byte by byte", "[sys][log]") {
  const auto quoted = [](const std::string& text) { return sys::json_quoted(text); };
  CHECK(quoted("\xff") == R"("\ufffd")");
  CHECK(quoted("\xc3") == R"("\ufffd")");                                // cut
  CHECK(quoted("\xc0\x80") == R"("\ufffd\ufffd")");                      // overlong
  CHECK(quoted("\xe0\x80\xaf") == R"("\ufffd\ufffd\ufffd")");            // overlong
  CHECK(quoted("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");            // a surrogate
  CHECK(quoted("\xf4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond the last
  CHECK(quoted("\xc3(") == R"("\ufffd(")");
}

TEST_CASE("terminal_safe: keeps lines and text, shows the rest", "[sys][log]") {
  CHECK(sys::terminal_safe("one\n\ttwo \xc3\xbc") == "one\n\ttwo \xc3\xbc");
  CHECK(sys::terminal_safe("\x1b]0;x\x07\r") == "\\x1b]0;x\\x07\\x0d");
  CHECK(sys::terminal_safe("\x9b"
                           "2J\xc2\x9b") == "\\x9b2J\\x9b");
}

TEST_CASE("Log: a message is one line, whatever is in it", "[sys][log]") {
  const support::TempDirectory directory;
  sys::Log log = sys::Log::to_file(directory / "log");
  log.set_format(sys::Log::Format::kJson);
  log.error("a\nlevel=\"info\" \"x\"");
  const std::string text = support::read_text(directory / "log");
  CHECK(text.starts_with(R"({"level":"error","msg":"a\nlevel=\"info\" \"x\"","time":")"));
  CHECK(text.find('\n') == text.size() - 1);
}
