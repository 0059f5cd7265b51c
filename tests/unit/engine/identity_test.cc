// SPDX-License-Identifier: Apache-2.0
#include "engine/container/identity.h"

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/process.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using engine::IdentityMode;
using engine::parse_subordinate_ranges;
using engine::range_map;
using engine::SubordinateRange;

namespace {

engine::IdentityOptions options_in(const support::TempDirectory& directory, std::string forced) {
  return {.forced = std::move(forced),
          .runtime_directory = directory / "run",
          .linger = std::chrono::milliseconds(0)};
}

}  // namespace

TEST_CASE("identity: ranges are granted by name and by number", "[engine][identity]") {
  const std::string text = "ann:100000:65536\nbob:1:2\n1000:300000:10\n";
  CHECK(parse_subordinate_ranges(text, {"1000", "ann"}) ==
        std::vector<SubordinateRange>{{.start = 100000, .count = 65536},
                                      {.start = 300000, .count = 10}});
}

TEST_CASE("identity: lines that grant nothing are passed over", "[engine][identity]") {
  const std::string text =
      "ann\nann:\nann:1\nann:x:1\nann:1:\nann:1:0\nann:1:2:3\nann:4294967295:2\nann:-1:2\n:1:2\n";
  CHECK(parse_subordinate_ranges(text, {"ann"}).empty());
}

TEST_CASE("identity: many ranges become one map of 65536 ids and our own", "[engine][identity]") {
  CHECK(range_map(1000, {{.start = 5000, .count = 40000}, {.start = 100000, .count = 65536}}) ==
        sys::IdMap{{.inside = 0, .outside = 1000, .count = 1},
                   {.inside = 1, .outside = 5000, .count = 40000},
                   {.inside = 40001, .outside = 100000, .count = 25536}});
}

TEST_CASE("identity: a mapping has one name", "[engine][identity]") {
  snapshotter::Mapping mapping = {.ownership = snapshotter::Ownership::kMapped,
                                  .uids = {{.inside = 0, .outside = 0, .count = UINT32_MAX}},
                                  .gids = {{.inside = 0, .outside = 0, .count = UINT32_MAX}}};
  CHECK(mapping.key() == "root");
  mapping.uids = mapping.gids = range_map(1000, {{.start = 100000, .count = 65536}});
  CHECK(mapping.key() == "range-140286f7beb149c5");
  mapping.ownership = snapshotter::Ownership::kRecorded;
  CHECK(mapping.key() == "single-1000");
}

TEST_CASE("identity: an ordinary user gets a range", "[engine][identity][user]") {
  NEEDS(user);
  NEEDS(range);
  const support::TempDirectory directory;
  CHECK(support::in_child([&] {
          const engine::Identity identity = engine::enter_identity(options_in(directory, ""));
          support::expect(identity.mode == IdentityMode::kRange, "another mode");
          support::expect(identity.passed_over.size() == 2, "reasons");
          support::expect(sys::effective_uid() == 0, "uid");
          engine::enter_mount_namespace();
          // A process of `tilla unshare` sees the same layers.
          const engine::Identity inner = engine::enter_identity(options_in(directory, ""));
          support::expect(inner.mode == IdentityMode::kNested, "inner mode");
          support::expect(inner.mapping.key() == identity.mapping.key(), "inner key");
        }) == "");
}

TEST_CASE("identity: an ordinary user gets a single id", "[engine][identity][user]") {
  NEEDS(user);
  NEEDS(single);
  const support::TempDirectory directory;
  const uid_t uid = sys::effective_uid();
  CHECK(support::in_child([&] {
          const engine::Identity identity = engine::enter_identity(options_in(directory, "single"));
          support::expect(identity.mode == IdentityMode::kSingle, "another mode");
          const std::string key = identity.mapping.key();
          support::expect(key == "single-" + std::to_string(uid), "key " + key);
          engine::enter_mount_namespace();
          const engine::Identity inner = engine::enter_identity(options_in(directory, ""));
          support::expect(inner.mapping == identity.mapping, "inner mapping");
          support::expect(inner.passed_over.size() == 3, "reasons");
        }) == "");
}

TEST_CASE("identity: one that can't be is an error when it is forced", "[engine][identity]") {
  const support::TempDirectory directory;
  const std::string impossible = support::is_root() ? "nested" : "root";
  const std::string error =
      support::in_child([&] { (void)engine::enter_identity(options_in(directory, impossible)); });
  CHECK(error.starts_with("identity \"" + impossible + "\", as TILLA_IDENTITY wants it"));
  CHECK_THROWS_WITH(engine::enter_identity(options_in(directory, "fakeroot")),
                    Catch::Contains("TILLA_IDENTITY is \"fakeroot\", but can be"));
}

TEST_CASE("identity: root of the host is root", "[engine][identity][root]") {
  NEEDS(root);
  const support::TempDirectory directory;
  CHECK(support::in_child([&] {
          const engine::Identity identity = engine::enter_identity(options_in(directory, ""));
          support::expect(identity.mapping.key() == "root", "key");
          support::expect(identity.mapping.overlay_prefix == "trusted.overlay.", "prefix");
        }) == "");
}
