// SPDX-License-Identifier: Apache-2.0
#include "sys/idmap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "tests/support/harness.h"

using sys::IdMap;

TEST_CASE("id map: reads what the kernel writes", "[sys][idmap]") {
  const IdMap map =
      sys::parse_id_map("         0       1000          1\n         1     100000      65536\n");
  CHECK(map == IdMap{{.inside = 0, .outside = 1000, .count = 1},
                     {.inside = 1, .outside = 100000, .count = 65536}});
  CHECK(sys::parse_id_map(sys::to_text(map)) == map);
  CHECK(sys::parse_id_map("").empty());
}

TEST_CASE("id map: refuses what is none", "[sys][idmap]") {
  const char* text = GENERATE("0", "0 1", "0 1 x", "-1 0 1", "0 0 4294967296", "0x0 0 1", "0 +1 1");
  CHECK_THROWS_AS(sys::parse_id_map(text), sys::Error);
}

TEST_CASE("id map: ends are exact, without overflow", "[sys][idmap]") {
  const IdMap map = {{.inside = 0, .outside = 1000, .count = 10}};
  CHECK(sys::maps_outside(map, 1000));
  CHECK(sys::maps_outside(map, 1009));
  CHECK_FALSE(sys::maps_outside(map, 1010));
  CHECK_FALSE(sys::maps_outside(map, 999));
  const IdMap last = {{.inside = 0, .outside = UINT32_MAX - 1, .count = UINT32_MAX}};
  CHECK(sys::maps_outside(last, UINT32_MAX));
  CHECK_FALSE(sys::maps_outside(last, 0));
}

TEST_CASE("id map: the initial namespace's", "[sys][idmap]") {
  CHECK(sys::is_initial(sys::parse_id_map("0 0 4294967295\n")));
  CHECK_FALSE(sys::is_initial(sys::parse_id_map("0 0 65536\n")));
}

namespace {

// A PATH with a newuidmap and a newgidmap of ours; "" for none.
class FakeHelpers {
 public:
  FakeHelpers(const char* newuidmap, const char* newgidmap) : path_(::getenv("PATH")) {
    add("newuidmap", newuidmap);
    add("newgidmap", newgidmap);
    ::setenv("PATH", directory_.path().c_str(), 1);
  }
  ~FakeHelpers() { ::setenv("PATH", path_.c_str(), 1); }
  FakeHelpers(const FakeHelpers&) = delete;
  FakeHelpers& operator=(const FakeHelpers&) = delete;

 private:
  void add(const char* name, const std::string& line) const {
    if (line.empty()) return;
    support::write_text(directory_ / name, "#!/bin/sh\n" + line + "\n", 0755);
  }
  support::TempDirectory directory_;
  std::string path_;
};

bool has_child() { return ::waitpid(-1, nullptr, WNOHANG) >= 0; }

}  // namespace

TEST_CASE("id map: both helpers are waited for, whichever refuses", "[sys][idmap]") {
  const char* lines[][2] = {{"echo no >&2; exit 1", "exit 0"},
                            {"exit 0", "echo no >&2; exit 1"},
                            {"echo no >&2; exit 1", "while :; do echo no; done >&2"},
                            {"exit 0", ""}};
  const auto& chosen = lines[GENERATE(0, 1, 2, 3)];
  const FakeHelpers helpers(chosen[0], chosen[1]);
  // As some callers have it; the one that never ends must notice all the same that nobody reads.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  CHECK_THROWS_AS(sys::write_id_maps_by_helpers(::getpid(), {}, {}), sys::Error);
  ::signal(SIGPIPE, before);
  CHECK_FALSE(has_child());
}
