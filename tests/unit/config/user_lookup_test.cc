// SPDX-License-Identifier: Apache-2.0
#include "config/user_lookup.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

namespace {

using config::find_user;
using config::FoundUser;
using Groups = std::vector<std::uint32_t>;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# comment:x:7:7::/:\n"
    "\n"
    "short:x:5\n"
    "app:x:1000:1001:App:/srv/app:/bin/sh\n"
    "1000:x:44:45::/odd:/bin/sh\n"
    "huge:x:4294967296:0::/:/bin/sh\n"
    "none:x:4294967295:0::/:/bin/sh\n"
    "minus:x:-1:0::/:/bin/sh\n";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "app:x:1001:\n"
    "video:x:44:app,root\n"
    "audio:x:29:other,app\n"
    "wheel:x:10:appx\n"
    "bad:x:99999999999:app\n";

FoundUser found(std::string_view user, const std::vector<std::string>& added = {}) {
  return find_user({.user = user, .added_groups = added, .passwd = kPasswd, .group = kGroup});
}

TEST_CASE("user: none is root, by its own line", "[config][user]") {
  CHECK(found("") ==
        FoundUser{.uid = 0, .gid = 0, .groups = {0, 44}, .name = "root", .home = "/root"});
  CHECK(find_user({}) == FoundUser{.groups = {0}, .name = {}, .home = {}});
}

TEST_CASE("user: a name with its groups; the primary one stays among them", "[config][user]") {
  CHECK(found("app") ==
        FoundUser{
            .uid = 1000, .gid = 1001, .groups = {29, 44, 1001}, .name = "app", .home = "/srv/app"});
}

TEST_CASE("user: a name of digits wins over the number", "[config][user]") {
  CHECK(found("1000").uid == 44);
}

TEST_CASE("user: a number that passwd doesn't know", "[config][user]") {
  const FoundUser user = found("4242");
  CHECK(user.uid == 4242);
  CHECK(user.gid == 0);
  CHECK(user.groups == Groups{0});
}

TEST_CASE("user: with a group, passwd's other groups are left out", "[config][user]") {
  CHECK(found("app:video").groups == Groups{44});
  CHECK(found("app:12345").gid == 12345);
  CHECK(found("app:").gid == 1001);
  CHECK(found(":44").gid == 44);
}

TEST_CASE("user: --group-add", "[config][user]") {
  CHECK(found("4242", {"audio", "77"}).groups == Groups{0, 29, 77});
  CHECK_THROWS_WITH(found("app", {"nobody"}),
                    "unable to find group nobody: no matching entries in group file");
}

TEST_CASE("user: nothing that is no id becomes one", "[config][user]") {
  const std::string user = GENERATE("4294967296", "4294967295", "-1", "+1", "0x0", " 0", "0 ",
                                    "1e3", "99999999999999999999", "huge", "none", "minus", "short",
                                    "nobody", "root\n", "# comment");
  CHECK_THROWS_AS(found(user), sys::Error);
  CHECK_THROWS_AS(found("0:" + user), sys::Error);
}

}  // namespace
