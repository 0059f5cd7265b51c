// SPDX-License-Identifier: Apache-2.0
#include "sys/error.h"

#include <catch2/catch.hpp>
#include <cerrno>

TEST_CASE("errno_error: says what and why, and keeps the number", "[sys][error]") {
  const sys::Error error = sys::errno_error("open \"x\"", ENOENT);
  CHECK(std::string(error.what()) == "open \"x\": No such file or directory");
  CHECK(error.code() == ENOENT);
}

TEST_CASE("in_context: the outermost step comes first; hint and number stay", "[sys][error]") {
  try {
    sys::in_context("outer", [] {
      sys::in_context("inner", [] { throw sys::Error("failure", EPERM, "a hint"); });
    });
    FAIL("nothing thrown");
  } catch (const sys::Error& error) {
    CHECK(std::string(error.what()) == "outer: inner: failure");
    CHECK(error.code() == EPERM);
    CHECK(error.hint() == "a hint");
  }
}

TEST_CASE("in_context: hands on what the step returns", "[sys][error]") {
  CHECK(sys::in_context("x", [] { return 7; }) == 7);
}
