// SPDX-License-Identifier: Apache-2.0
// ENTRYPOINT and CMD: each row of docker's table, and --entrypoint's.
#include "config/process_merge.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

namespace {

using config::merge_program;
using Words = std::vector<std::string>;

// The three forms of each, as an image has them.
const Words kNone = {};
const Words kShellEntry = {"/bin/sh", "-c", "exec_entry p1_entry"};
const Words kExecEntry = {"exec_entry", "p1_entry"};
const Words kShellCmd = {"/bin/sh", "-c", "exec_cmd p1_cmd"};
const Words kExecCmd = {"exec_cmd", "p1_cmd"};

Words joined(Words one, const Words& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

struct Row {
  Words entrypoint, cmd, expected;
};

TEST_CASE("merge: without arguments, every form of ENTRYPOINT with every form of CMD",
          "[config][merge]") {
  const Row row = GENERATE(
      Row{kNone, kShellCmd, kShellCmd}, Row{kNone, kExecCmd, kExecCmd},
      Row{kShellEntry, kNone, kShellEntry},
      // docker's own quirk: the shell gets CMD as $0 and on, and runs the line.
      Row{kShellEntry, kShellCmd, joined(kShellEntry, kShellCmd)},
      Row{kShellEntry, kExecCmd, joined(kShellEntry, kExecCmd)}, Row{kExecEntry, kNone, kExecEntry},
      Row{kExecEntry, kShellCmd, joined(kExecEntry, kShellCmd)},
      Row{kExecEntry, kExecCmd, joined(kExecEntry, kExecCmd)});
  CHECK(merge_program({.image_entrypoint = row.entrypoint, .image_cmd = row.cmd}) == row.expected);
}

TEST_CASE("merge: arguments take the place of CMD and follow ENTRYPOINT", "[config][merge]") {
  const Words arguments = {"a", "b c"};
  const Words entry = GENERATE(kNone, kShellEntry, kExecEntry);
  const Words cmd = GENERATE(kNone, kShellCmd, kExecCmd);
  CHECK(merge_program({.image_entrypoint = entry, .image_cmd = cmd, .arguments = arguments}) ==
        joined(entry, arguments));
}

TEST_CASE("merge: --entrypoint is one word and takes the place of both", "[config][merge]") {
  const Words entry = GENERATE(kNone, kShellEntry, kExecEntry);
  const Words cmd = GENERATE(kNone, kShellCmd, kExecCmd);
  CHECK(merge_program({.image_entrypoint = entry, .image_cmd = cmd, .entrypoint = "/my tool"}) ==
        Words{"/my tool"});
  CHECK(merge_program({.image_entrypoint = entry,
                       .image_cmd = cmd,
                       .entrypoint = "/tool",
                       .arguments = {"a"}}) == Words{"/tool", "a"});
}

TEST_CASE("merge: an empty --entrypoint clears the image's", "[config][merge]") {
  CHECK(merge_program({.image_entrypoint = kExecEntry,
                       .image_cmd = kExecCmd,
                       .entrypoint = "",
                       .arguments = {"sh"}}) == Words{"sh"});
  CHECK_THROWS_WITH(
      merge_program({.image_entrypoint = kExecEntry, .image_cmd = kExecCmd, .entrypoint = ""}),
      "no command specified");
}

TEST_CASE("merge: nothing to run is an error", "[config][merge]") {
  CHECK_THROWS_WITH(merge_program({}), "no command specified");
  CHECK_THROWS_WITH(merge_program({.arguments = {""}}), "the command is an empty word");
}

}  // namespace
