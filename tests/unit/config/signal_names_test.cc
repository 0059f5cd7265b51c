// SPDX-License-Identifier: Apache-2.0
#include "config/signal_names.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <string>

using config::parse_signal;

TEST_CASE("signals: names in any case, with or without SIG", "[commands]") {
  for (const char* name : {"KILL", "SIGKILL", "sigkill", "Kill", "9"}) {
    CHECK(parse_signal(name) == SIGKILL);
  }
  CHECK(parse_signal("WINCH") == SIGWINCH);
  CHECK(parse_signal("SIGSTKFLT") == SIGSTKFLT);
}

TEST_CASE("signals: real-time ones count from both ends", "[commands]") {
  CHECK(parse_signal("RTMIN") == 34);
  CHECK(parse_signal("SIGRTMIN+3") == 37);
  CHECK(parse_signal("rtmax-1") == 63);
  CHECK(parse_signal("RTMIN+30") == 64);
  CHECK(parse_signal("RTMAX") == 64);
}

TEST_CASE("signals: zero probes, sixty-four is the last", "[commands]") {
  CHECK(parse_signal("0") == 0);
  CHECK(parse_signal("64") == 64);
}

TEST_CASE("signals: anything else is none", "[commands]") {
  const std::string text = GENERATE("", "SIG", "FOO", "65", "-1", "9x", " 9", "+9", "SIGSIGKILL",
                                    "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMINx", "KILL\n", "SIG9");
  CHECK_FALSE(parse_signal(text));
}
