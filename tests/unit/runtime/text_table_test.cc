// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/text_table.h"

#include <catch2/catch.hpp>

using runtime::to_text;

TEST_CASE("table: runc's list, byte for byte", "[commands]") {
  const runtime::TextTable table = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"},
      {"c1", "29239", "created", "/tmp/h-cmd/b", "2026-11-23T09:28:16.745219555Z", "root"}};
  CHECK(
      to_text(table) ==
      "ID          PID         STATUS      BUNDLE         CREATED                          OWNER\n"
      "c1          29239       created     /tmp/h-cmd/b   2026-11-23T09:28:16.745219555Z   "
      "root\n");
}

TEST_CASE("table: characters count, not bytes", "[commands]") {
  CHECK(
      to_text({{"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
                "x"},
               {"a", "y"}}) ==
      "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4   x\n"
      "a            y\n");
}
