// SPDX-License-Identifier: Apache-2.0
#include "config/mount_options.h"

#include <linux/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>

using config::MountOptions;
using config::parse_mount_options;
using Words = std::vector<std::string>;

TEST_CASE("mount options: our names have the kernel's values", "[config][mount]") {
  CHECK(config::kMountAttrRdonly == MOUNT_ATTR_RDONLY);
  CHECK(config::kMountAttrNosuid == MOUNT_ATTR_NOSUID);
  CHECK(config::kMountAttrNodev == MOUNT_ATTR_NODEV);
  CHECK(config::kMountAttrNoexec == MOUNT_ATTR_NOEXEC);
  CHECK(config::kMountAttrAtimeField == MOUNT_ATTR__ATIME);
  CHECK(config::kMountAttrNoatime == MOUNT_ATTR_NOATIME);
  CHECK(config::kMountAttrStrictatime == MOUNT_ATTR_STRICTATIME);
  CHECK(config::kMountAttrNodiratime == MOUNT_ATTR_NODIRATIME);
  CHECK(config::kMountAttrNosymfollow == MOUNT_ATTR_NOSYMFOLLOW);
}

TEST_CASE("mount options: every word of the specification is known", "[config][mount]") {
  const char* word = GENERATE(
      "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion",
      "lazytime", "loud", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime",
      "norelatime", "nostrictatime", "nosuid", "private", "rbind", "relatime", "remount", "ro",
      "rprivate", "rshared", "rslave", "runbindable", "rw", "shared", "silent", "slave",
      "strictatime", "suid", "sync", "unbindable", "nosymfollow", "symfollow", "ratime", "rdev",
      "rdiratime", "rrelatime", "rexec", "rnoatime", "rnodev", "rnodiratime", "rnoexec",
      "rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "rro", "rrw", "rstrictatime",
      "rsuid", "rsymfollow", "idmap", "ridmap", "mand", "nomand", "tmpcopyup", "acl", "noacl",
      "copy-symlink", "dest-nofollow", "src-nofollow");
  CAPTURE(word);
  const Words known = config::known_mount_options();
  CHECK(std::ranges::binary_search(known, word));
  CHECK(parse_mount_options({word}).data.empty());
}

TEST_CASE("mount options: a word sets or clears its attribute", "[config][mount]") {
  using Row = std::tuple<const char*, const char*, uint64_t>;
  const auto [on, off, bit] = GENERATE(table<const char*, const char*, uint64_t>(
      {Row{"ro", "rw", MOUNT_ATTR_RDONLY}, Row{"nosuid", "suid", MOUNT_ATTR_NOSUID},
       Row{"nodev", "dev", MOUNT_ATTR_NODEV}, Row{"noexec", "exec", MOUNT_ATTR_NOEXEC},
       Row{"nodiratime", "diratime", MOUNT_ATTR_NODIRATIME},
       Row{"nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW}}));
  CAPTURE(on);
  CHECK(parse_mount_options({on}) == MountOptions{.attr_set = bit});
  CHECK(parse_mount_options({off}) == MountOptions{.attr_clear = bit});
  CHECK(parse_mount_options({on, off}) == MountOptions{.attr_clear = bit});
  CHECK(parse_mount_options({off, on}) == MountOptions{.attr_set = bit});
  const std::string rec_on = std::string("r") + on, rec_off = std::string("r") + off;
  CHECK(parse_mount_options({rec_off, rec_on}) == MountOptions{.rec_attr_set = bit});
  CHECK(parse_mount_options({rec_on, rec_off}) == MountOptions{.rec_attr_clear = bit});
}

TEST_CASE("mount options: an atime mode replaces the whole field", "[config][mount]") {
  using Row = std::tuple<const char*, uint64_t>;
  const auto [word, mode] = GENERATE(table<const char*, uint64_t>(
      {Row{"noatime", MOUNT_ATTR_NOATIME}, Row{"strictatime", MOUNT_ATTR_STRICTATIME},
       Row{"relatime", MOUNT_ATTR_RELATIME}, Row{"atime", MOUNT_ATTR_RELATIME},
       Row{"nostrictatime", MOUNT_ATTR_RELATIME}}));
  CAPTURE(word);
  CHECK(parse_mount_options({word}) ==
        MountOptions{.attr_set = mode, .attr_clear = MOUNT_ATTR__ATIME});
  CHECK(parse_mount_options({std::string("r") + word}) ==
        MountOptions{.rec_attr_set = mode, .rec_attr_clear = MOUNT_ATTR__ATIME});
}

TEST_CASE("mount options: the later atime mode wins", "[config][mount]") {
  const auto mode = [](const Words& words) { return parse_mount_options(words).attr_set; };
  CHECK(mode({"noatime", "strictatime"}) == MOUNT_ATTR_STRICTATIME);
  CHECK(mode({"strictatime", "relatime"}) == MOUNT_ATTR_RELATIME);
  CHECK(mode({"noatime", "atime"}) == MOUNT_ATTR_RELATIME);
  CHECK(mode({"strictatime", "atime"}) == MOUNT_ATTR_STRICTATIME);
  CHECK(mode({"noatime", "nostrictatime"}) == MOUNT_ATTR_NOATIME);
}

TEST_CASE("mount options: words that ask nothing of the kernel", "[config][mount]") {
  CHECK(parse_mount_options({"defaults", "silent", "loud", "acl", "noacl", "iversion", "noiversion",
                             "norelatime", "rnorelatime", ""}) == MountOptions{});
}

TEST_CASE("mount options: propagation keeps its order", "[config][mount]") {
  const MountOptions options = parse_mount_options({"rslave", "shared", "private", "runbindable"});
  CHECK(options.propagation ==
        std::vector<config::PropagationChange>{
            {MS_SLAVE, true}, {MS_SHARED, false}, {MS_PRIVATE, false}, {MS_UNBINDABLE, true}});
}

TEST_CASE("mount options: switches", "[config][mount]") {
  CHECK(parse_mount_options({"bind"}) == MountOptions{.bind = true});
  CHECK(parse_mount_options({"rbind"}) == MountOptions{.bind = true, .recursive_bind = true});
  CHECK(parse_mount_options({"remount"}).remount);
  CHECK(parse_mount_options({"tmpcopyup"}).tmpcopyup);
  CHECK(parse_mount_options({"copy-symlink"}).copy_symlink);
  CHECK(parse_mount_options({"dest-nofollow"}).dest_nofollow);
  CHECK(parse_mount_options({"src-nofollow"}).src_nofollow);
  CHECK(parse_mount_options({"ridmap"}).ridmap);
  CHECK(parse_mount_options({"idmap=uids=0-1-2"}) ==
        MountOptions{.idmap = true, .idmap_ranges = "uids=0-1-2"});
}

TEST_CASE("mount options: flags of the superblock replace their opposites", "[config][mount]") {
  CHECK(parse_mount_options({"sync", "lazytime", "async", "dirsync", "dirsync"}).superblock_flags ==
        Words{"lazytime", "async", "dirsync"});
  CHECK(parse_mount_options({"nomand", "mand", "nolazytime"}).superblock_flags ==
        Words{"mand", "nolazytime"});
}

TEST_CASE("mount options: other words are the file system's, in order", "[config][mount]") {
  CHECK(parse_mount_options({"mode=755", "nosuid", "newinstance", "size=64k", "RO"}).data ==
        Words{"mode=755", "newinstance", "size=64k", "RO"});
}

TEST_CASE("mount options: crun's ranges of ids", "[config][mounts]") {
  using config::parse_idmap_ranges;
  const auto ranges = parse_idmap_ranges("uids=0-1000-10#@10-2000-1;gids=5-6-7");
  REQUIRE(ranges);
  CHECK(ranges->uids ==
        std::vector<config::IdmapRange>{{{0, 1000, 10}, false}, {{10, 2000, 1}, true}});
  CHECK(ranges->gids == std::vector<config::IdmapRange>{{{5, 6, 7}, false}});
  const char* text = GENERATE("", "uids=0-1-2", "uids=0-1;gids=0-1-2", "uids=0-1-2;gids=0-1-x",
                              "uids=0-1-2;gids=", "uids=0-1-2-3;gids=0-1-2",
                              "uids=0-1-2;uids=0-1-2;gids=0-1-2", "uids=0-1-4294967296;gids=0-1-2",
                              "users=0-1-2;gids=0-1-2", "uids=-1-1-2;gids=0-1-2");
  CAPTURE(text);
  CHECK_FALSE(parse_idmap_ranges(text));
}
