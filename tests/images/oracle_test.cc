// SPDX-License-Identifier: Apache-2.0
// Other readers of archives see the tree that we see: umoci, GNU tar and bsdtar.
#include "tests/support/archive.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::tar_of;
using support::TarEntry;
using support::Tilla;

TarEntry with_pax(TarEntry entry, std::vector<std::pair<std::string, std::string>> pax) {
  entry.pax = std::move(pax);
  return entry;
}

/// All that readers must agree about. Owners are left to who isn't root.
std::string nasty() {
  const std::uint64_t id = support::is_root() ? 1234 : 0;
  std::vector<TarEntry> all = {
      {.name = "./", .type = '5', .mode = 0751},
      {.name = "d/", .type = '5', .mode = 02775, .uid = id, .gid = id},
      {.name = "d/sticky/", .type = '5', .mode = 01777, .gid = id},
      {.name = "d/plain", .content = std::string(70000, 'p'), .mode = 0640, .uid = id},
      {.name = "d/setuid", .content = "s", .mode = 04755, .gid = id},
      {.name = "d/hard", .type = '1', .target = "d/plain", .mode = 0640, .uid = id},
      {.name = "./d//odd", .content = "odd"},
      {.name = "link", .type = '2', .target = "../../etc/passwd", .mode = 0777},
      {.name = "hard-link", .type = '1', .target = "link", .mode = 0777},
      {.name = "pipe", .type = '6', .mode = 0600},
      {.name = "twice", .content = "first"},
      {.name = "twice", .content = "second", .mode = 0600},
      {.name = "umlaut-\xc3\xbc", .content = "u"},
      {.name = "no-text-\xff", .content = "n"},
      {.name = "a\nline", .content = "l"},
      {.name = "late/in/here", .content = "implied"},
      {.name = "empty"},
      with_pax({.name = "short", .content = "long"},
               {{"path", std::string(120, 'a') + "/" + std::string(200, 'b')}}),
      with_pax({.name = "attributes", .content = "x"},
               {{"SCHILY.xattr.user.one", "1"}, {"SCHILY.xattr.user.two", "a b"}}),
      with_pax({.name = "time", .content = "t"}, {{"mtime", "1234567890.123456789"}}),
      with_pax({.name = "old", .content = "t"}, {{"mtime", "-3"}}),
  };
  return tar_of(all);
}

/// A line for each entry: all that an archive says of it.
constexpr const char* kList = R"sh(
cd "$1"
find . -printf '%P %y %m %U:%G %n %T@ %s %l\0' | sort -z | while IFS= read -r -d '' line; do
  printf '%s\n' "$line"
done | sed -E 's/^(.* [dl] .*) [0-9]+ ([^ ]*)$/\1 \2/'
find . -type f -exec sha256sum {} + | sort
getfattr -R -d -m '^user\.[^co]' . 2> /dev/null | sort
)sh";

std::string list(const std::string& directory) {
  // The root's own time is of no archive's making, nor is that of what no entry describes.
  const support::Result result =
      support::run({"bash", "-c", std::string(kList) + "", "bash", directory});
  std::string text = result.all(), kept;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size() - 1);
    const std::string line = text.substr(start, end + 1 - start);
    start = end + 1;
    if (line.starts_with(" d ") || line.starts_with("late d ") || line.starts_with("late/in d ") ||
        line.starts_with(std::string(120, 'a') + " d ")) {
      continue;
    }
    kept += line;
  }
  return kept;
}

/// As our layers are: with the mapping that the caller has, no record in place of an owner.
std::string layer_of(const Tilla& tilla) {
  return tilla.root() + "/layers/" + tilla.layers().at(0);
}

/// Both unpack `line` into "$2" and say the same.
void expect_agreement(const Tilla& tilla, const std::string& line) {
  support::make_directory(tilla / "theirs");
  const support::Result result =
      support::run({"sh", "-ec", line, "sh", tilla / "nasty.tar", tilla / "theirs"});
  INFO(result.all());
  REQUIRE(result.exit_code == 0);
  const std::string theirs = list(tilla / "theirs");
  REQUIRE(theirs.size() > 1000);
  CHECK(list(layer_of(tilla)) == theirs);
}

void import_nasty(const Tilla& tilla) {
  support::write_text(tilla / "nasty.tar", nasty());
  tilla.must({"import", tilla / "nasty.tar", "nasty"});
}

TEST_CASE("unpack: GNU tar sees the same tree", "[tilla][oracle]") {
  NEEDS(root);  // modes and owners are as they are
  const Tilla tilla;
  import_nasty(tilla);
  expect_agreement(
      tilla,
      "tar -xp --delay-directory-restore --xattrs --xattrs-include='user.*' -f \"$1\" -C \"$2\"");
}

TEST_CASE("unpack: bsdtar sees the same tree", "[tilla][oracle]") {
  NEEDS(root);
  const Tilla tilla;
  import_nasty(tilla);
  expect_agreement(tilla, "LC_ALL=C.UTF-8 bsdtar -xp --xattrs -f \"$1\" -C \"$2\"");
}

TEST_CASE("unpack: umoci sees the same tree", "[tilla][oracle]") {
  NEEDS(root);
  const Tilla tilla;
  import_nasty(tilla);
  const support::Result result =
      support::run({"umoci", "unpack", "--image", tilla.root() + ":docker.io/library/nasty:latest",
                    tilla / "bundle"});
  INFO(result.all());
  REQUIRE(result.exit_code == 0);
  CHECK(list(layer_of(tilla)) == list(tilla / "bundle/rootfs"));
}

}  // namespace
