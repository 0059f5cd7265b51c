// SPDX-License-Identifier: Apache-2.0
// INV-8: archives into layers, honest and hostile ones, by the real worker.
#include <catch2/catch.hpp>

#include "sys/error.h"
#include "tests/support/archive.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/layer_scene.h"

using scene::outcome;
using support::compressed;
using support::tar_entry;
using support::tar_of;
using support::TarEntry;

namespace {

bool contains(const std::string& text, const std::string& part) {
  const bool is_there = text.find(part) != std::string::npos;
  if (!is_there) UNSCOPED_INFO("in: " << text);
  return is_there;
}

TarEntry directory(const std::string& name) { return {.name = name, .type = '5', .mode = 0755}; }
TarEntry file(const std::string& name, const std::string& content = "x") {
  return {.name = name, .content = content};
}
TarEntry soft_link(const std::string& name, const std::string& target) {
  return {.name = name, .type = '2', .target = target, .mode = 0777};
}
TarEntry hard_link(const std::string& name, const std::string& target) {
  return {.name = name, .type = '1', .target = target};
}

}  // namespace

TEST_CASE("unpack: files, directories and links are what the archive says",
          "[snapshotter][unpack]") {
  const std::string said =
      outcome(tar_of({directory("a/"), file("a/f", "hello"), soft_link("a/l", "/etc/passwd"),
                      hard_link("a/h", "a/f")}));
  REQUIRE(said == "d 755 0:0 a\nf 644 0:0 a/f=hello\nf 644 0:0 a/h=hello\nl a/l->/etc/passwd\n");
}

TEST_CASE("unpack: compression is told by its magic, members follow each other",
          "[snapshotter][unpack]") {
  const std::string tar = tar_of({directory("a/"), file("a/f", std::string(5000, 'y') + "z")});
  for (const char* program : {"gzip", "zstd"}) {
    const std::string two =
        compressed(program, tar.substr(0, 700)) + compressed(program, tar.substr(700));
    REQUIRE(contains(outcome(two), "f 644 0:0 a/f=yyy"));
    REQUIRE(contains(outcome(two + "garbage"), "no further member"));
    REQUIRE(contains(outcome(two.substr(0, two.size() - 5)), "cut off"));
  }
  const std::string xz = compressed("xz", tar);
  REQUIRE(contains(outcome(xz), "may be with gzip or zstd"));
  REQUIRE(contains(outcome(xz, [](auto& job) { job.may_be_xz_or_bzip2 = true; }), "f 644"));
  const std::string bzip2 = compressed("bzip2", tar);
  REQUIRE(contains(outcome(bzip2, [](auto& job) { job.may_be_xz_or_bzip2 = true; }), "f 644"));
}

TEST_CASE("unpack: digests and sizes are of what came, and are compared", "[snapshotter][unpack]") {
  const std::string tar = tar_of({file("f")});
  const std::string packed = compressed("gzip", tar);
  const std::string said = scene::inside([&](const scene::Ground& ground) {
    scene::Layers layers(ground);
    const sys::Fd keep = scene::file_of("");
    const snapshotter::Unpacked result = layers.unpack(packed, "layer", [&](auto& job) {
      job.expected_digest = config::digest_of(packed);
      job.expected_diff_id = config::digest_of(tar);
      job.expected_size = packed.size();
      job.keep = keep.get();
    });
    sys::rewind(keep.get());
    const bool is_right = result.digest == config::digest_of(packed) &&
                          result.diff_id == config::digest_of(tar) &&
                          sys::read_all(keep.get(), 1 << 20) == packed &&
                          result.diff_size == tar.size() && result.entries == 1;
    return std::string(is_right ? "right" : "wrong");
  });
  REQUIRE(said == "right");
  REQUIRE(contains(outcome(packed, [](auto& job) { job.expected_digest = config::digest_of(""); }),
                   "was expected"));
  REQUIRE(contains(outcome(packed, [](auto& job) { job.expected_size = 5; }), "longer than the 5"));
}

TEST_CASE("unpack: a whiteout is for the layers below, in whichever order",
          "[snapshotter][unpack]") {
  REQUIRE(outcome(tar_of({directory("a/"), file("a/.wh.gone")})) == "d 755 0:0 a\nw a/gone\n");
  REQUIRE(outcome(tar_of({file(".wh.x"), file("x")})) == "f 644 0:0 x=x\n");
  REQUIRE(outcome(tar_of({file("x"), file(".wh.x")})) == "f 644 0:0 x=x\n");
  const std::string first = outcome(tar_of({file(".wh.d"), directory("d/"), file("d/f")}));
  const std::string last = outcome(tar_of({directory("d/"), file("d/f"), file(".wh.d")}));
  REQUIRE(contains(first, "overlay.opaque=y"));
  REQUIRE(first == last);
  REQUIRE(contains(outcome(tar_of({directory("d/"), file("d/.wh..wh..opq"), file("d/f")})),
                   "overlay.opaque=y\nf 644 0:0 d/f=x"));
  REQUIRE(outcome(tar_of({directory(".wh..wh.plnk/"), file(".wh..wh.plnk/1"), file("x")})) ==
          "f 644 0:0 x=x\n");
}

TEST_CASE("t_whiteout_names: whiteouts of nothing, of the directory and of the root are refused",
          "[snapshotter][unpack][inv8]") {
  for (const char* name : {".wh.", ".wh..", ".wh...", "a/.wh.."}) {
    REQUIRE(contains(outcome(tar_of({file(name)})), "which is no name"));
  }
  REQUIRE(contains(outcome(tar_of({file(".wh.a/b")})), "through a whiteout"));
}

TEST_CASE("t_opaque_under_symlink: a mark is set in no directory that a symlink leads to",
          "[snapshotter][unpack][inv8]") {
  const std::string said =
      outcome(tar_of({directory("d/"), soft_link("s", "d"), file("s/.wh..wh..opq")}));
  REQUIRE(contains(said, "error: entry 3 \"s/.wh..wh..opq\""));
}

TEST_CASE("t_two_pass: nothing is written through a symlink of the same archive",
          "[snapshotter][unpack][inv8]") {
  for (const char* target : {"/tmp", "..", ".", "../../../tmp"}) {
    const std::string said = outcome(tar_of({soft_link("s", target), file("s/passwd")}));
    REQUIRE(contains(said, "error: entry 2 \"s/passwd\""));
  }
  // The link itself is replaced, never followed.
  REQUIRE(outcome(tar_of({soft_link("s", "/tmp/tilla-victim"), file("s", "own")})) ==
          "f 644 0:0 s=own\n");
}

TEST_CASE("t_tar_dotdot: a path that leads up is refused, an absolute one stays below",
          "[snapshotter][unpack][inv8]") {
  for (const char* name : {"../x", "a/../../x", "a/..", "/../x"}) {
    REQUIRE(contains(outcome(tar_of({file(name)})), "leads up"));
  }
  REQUIRE(outcome(tar_of({file("/abs//./x")})) == "d 755 0:0 abs\nf 644 0:0 abs/x=x\n");
}

TEST_CASE("t_hardlink_outside: a hard link leads to this layer or to one below",
          "[snapshotter][unpack][inv8]") {
  REQUIRE(contains(outcome(tar_of({hard_link("h", "../../etc/shadow")})), "leads up"));
  const std::string said = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    const auto result = layers.unpack(tar_of({hard_link("h", "/etc/shadow")}));
    return result.links_below.at(0).second + layers.list();
  });
  REQUIRE(said == "etc/shadow");
  REQUIRE(
      contains(outcome(tar_of({soft_link("s", "/etc"), hard_link("h", "s/shadow")})), "error: "));
  REQUIRE(contains(outcome(tar_of({directory("d/"), hard_link("h", "d")})), "is a directory"));
  REQUIRE(contains(outcome(tar_of({file("f"), hard_link("f", "f")})), "to itself"));
}

TEST_CASE("t_hardlink_symlink: a link to a symlink is the symlink, and a file after it is new",
          "[snapshotter][unpack][inv8]") {
  REQUIRE(outcome(tar_of({soft_link("s", "/etc/shadow"), hard_link("h", "s"), file("h", "own")})) ==
          "f 644 0:0 h=own\nl s->/etc/shadow\n");
  // The second name gets a file of its own: the first keeps what it has (Archive::Tar).
  REQUIRE(outcome(tar_of({file("a", "one"), hard_link("b", "a"), file("b", "two")})) ==
          "f 644 0:0 a=one\nf 644 0:0 b=two\n");
}

TEST_CASE("t_root_entry: the root is a directory and nothing else", "[snapshotter][unpack][inv8]") {
  for (const char* name : {"/.", "./", "/"}) {
    REQUIRE(contains(outcome(tar_of({soft_link(name, "/etc")})), "nothing but a directory"));
  }
  REQUIRE(outcome(tar_of({directory("./"), file("./x")})) == "f 644 0:0 x=x\n");
}

TEST_CASE("unpack: a later entry of the same name counts, of whatever type",
          "[snapshotter][unpack]") {
  REQUIRE(outcome(tar_of({directory("a/"), file("a/f"), file("a", "now")})) == "f 644 0:0 a=now\n");
  REQUIRE(outcome(tar_of({file("a"), directory("a/"), file("a/f")})) ==
          "d 755 0:0 a\nf 644 0:0 a/f=x\n");
  REQUIRE(contains(outcome(tar_of({file("a"), file("a/f")})), "is no directory"));
}

TEST_CASE("t_whiteout_smuggled: char 0/0 and the drivers' attributes become no whiteout",
          "[snapshotter][unpack][inv8]") {
  const std::string device = outcome(tar_of({{.name = "x", .type = '3', .mode = 0600}}));
  REQUIRE(contains(device, "x= user.containers.override_stat=0:0:0600:char-0-0"));
  TarEntry entry = directory("d/");
  entry.pax = {{"SCHILY.xattr.user.overlay.opaque", "y"},
               {"SCHILY.xattr.trusted.overlay.opaque", "y"},
               {"SCHILY.xattr.user.overlay.redirect", "/etc"},
               {"SCHILY.xattr.user.fuseoverlayfs.opaque", "y"},
               {"SCHILY.xattr.user.fuseoverlayfs.override_stat", "0:0:04755"},
               {"SCHILY.xattr.security.selinux", "system_u:object_r:bin_t:s0"},
               {"SCHILY.xattr.security.ima", "0"},
               {"SCHILY.xattr.user.containers.override_stat", "0:0:04755"},
               {"SCHILY.xattr.user.kept", "yes"}};
  REQUIRE(outcome(tar_of({entry})) == "d 755 0:0 d user.kept=yes\n");
}

TEST_CASE("t_limits: each limit is named when it is reached", "[snapshotter][unpack][inv12]") {
  const auto with = [](const std::string& tar,
                       const std::function<void(snapshotter::Limits&)>& set) {
    return outcome(tar, [&](snapshotter::UnpackJob& job) { set(job.limits); });
  };
  const std::string two = tar_of({file("a"), file("b")});
  REQUIRE(contains(with(two, [](auto& limits) { limits.entries = 1; }), "limit \"entries\""));
  REQUIRE(contains(with(two, [](auto& limits) { limits.bytes = 1; }), "limit \"bytes\""));
  REQUIRE(contains(with(tar_of({file("a/b/c")}), [](auto& limits) { limits.depth = 2; }),
                   "limit \"depth\""));
  TarEntry entry = file("a");
  entry.pax = {{"SCHILY.xattr.user.big", std::string(3000, 'b')}};
  REQUIRE(contains(with(tar_of({entry}), [](auto& limits) { limits.xattr_bytes = 2000; }),
                   "limit \"xattr_bytes\""));
  const std::string bomb =
      compressed("gzip", tar_of({file("a", std::string(std::size_t{80} << 20, '\0'))}));
  REQUIRE(contains(with(bomb, [](auto& limits) { limits.ratio = 100; }), "limit \"ratio\""));
}

TEST_CASE("t_tar_sizes: sizes that are none, or lie, are errors", "[snapshotter][unpack][inv8]") {
  const std::string negative("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0", 12);
  TarEntry entry = file("a");
  entry.size_field = negative;
  REQUIRE(contains(outcome(tar_of({entry})), "error: "));
  entry.size_field = std::string("\x80\0\0\0\0\0\0\0\0\0\0\1", 12);  // GNU's base 256: one byte
  REQUIRE(outcome(tar_of({entry})) == "f 644 0:0 a=x\n");
  entry.size_field = "77777777777";
  REQUIRE(contains(outcome(tar_of({entry})), "error: "));
}

TEST_CASE("t_tarmageddon: a size of pax counts, so that what is in a file stays in it",
          "[snapshotter][unpack][inv8]") {
  const std::string inner = tar_entry(file("hidden", "h"));
  TarEntry entry = file("outer", inner);
  entry.size_field = "00000000000";
  entry.pax = {{"size", std::to_string(inner.size())}};
  const std::string said = outcome(tar_of({entry, file("after")}));
  REQUIRE(contains(said, "after=x"));
  REQUIRE(said.find("0:0 hidden=") == std::string::npos);
}

TEST_CASE("t_pax_malformed: a record that is none is an error, not left out",
          "[snapshotter][unpack][inv8]") {
  for (const char* records :
       {"5 path=x\n", "999999 path=x\n", "x path=a\n", "10 path=a", "-9 path=a\n"}) {
    TarEntry pax = file("pax", records);
    pax.type = 'x';
    REQUIRE(contains(outcome(tar_of({pax, file("a")})), "error: "));
  }
}

TEST_CASE("unpack: long names of GNU and pax, and names that are no text",
          "[snapshotter][unpack]") {
  const std::string longest = std::string(120, 'a') + "/" + std::string(120, 'b');
  TarEntry gnu = {.name = "././@LongLink", .type = 'L', .content = longest + '\0', .is_gnu = true};
  REQUIRE(contains(outcome(tar_of({gnu, {.name = "short", .content = "g", .is_gnu = true}})),
                   longest + "=g"));
  TarEntry pax = file("short", "p");
  pax.pax = {{"path", longest}};
  REQUIRE(contains(outcome(tar_of({pax})), longest + "=p"));
  // Both forms of an umlaut, and what is no UTF-8, are three names.
  const std::string said = outcome(tar_of({file("u\xcc\x88"), file("\xc3\xbc"), file("\xff\xfe")}));
  REQUIRE(said == "f 644 0:0 u\xcc\x88=x\nf 644 0:0 \xc3\xbc=x\nf 644 0:0 \xff\xfe=x\n");
}

TEST_CASE("unpack: an archive that is none says so", "[snapshotter][unpack]") {
  REQUIRE(contains(outcome("this is no archive, whatever its name is"), "error: archive"));
  REQUIRE(
      contains(outcome(tar_entry(file("a", std::string(2000, 'x'))).substr(0, 1000)), "error: "));
  std::string damaged = tar_of({file("a"), file("b")});
  damaged[1024 + 3] = 'Z';
  REQUIRE(contains(outcome(damaged), "error: entry 2"));
}
