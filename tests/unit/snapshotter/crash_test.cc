// SPDX-License-Identifier: Apache-2.0
// Kills what changes a store at every call that changes files, and cuts the power there: the old
// state is left, or the new, and the next one who opens the store has nothing to mend.
// CRASH_POINTS=all: at every call, not at a part of them.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "snapshotter/content/store.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/strict_disk.h"
#include "tests/unit/snapshotter/image_samples.h"

namespace {

using samples::add_image;
using snapshotter::Store;
using support::expect;
using support::TempDirectory;

struct Change {
  const char* name;
  void (*apply)(Store& store);
};

// What a store is, as far as its owner can tell: names, containers, their records.
std::string state_of(Store& store) {
  std::vector<std::string> lines;
  for (const config::Descriptor& image : store.index().manifests) {
    lines.push_back(image.annotations.begin()->second + " " + image.digest.text());
  }
  std::sort(lines.begin(), lines.end());
  const sys::Fd containers = store.containers();
  for (const std::string& id : sys::list_directory(containers.get())) {
    lines.push_back(id + " " + sys::read_file_at(containers.get(), id + "/record.json", 10000) +
                    sys::read_file_at(containers.get(), id + "/own", 10000));
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Every image with its blobs and layers, every container with its layers.
void expect_whole(Store& store) {
  const std::string problems = samples::problems_of(store);
  expect(problems.empty(), problems);
  for (const auto& image : {std::vector<std::string>{"base", "old"}, {"base", "new", "newer"}}) {
    const config::Digest digest = samples::manifest_digest(image);
    bool is_named = false;
    for (const config::Descriptor& one : store.index().manifests) is_named |= one.digest == digest;
    config::Digest below;
    for (const std::string& layer : image) {
      below = config::chain_id(below, config::digest_of("diff of " + layer));
      const bool is_there = store.has_layer(samples::single_mapping(), below);
      expect(!is_named || is_there, "a layer of an image is missing");
      if (!is_there) continue;
      const sys::Fd folder = store.open_layer(samples::single_mapping(), below);
      expect(sys::read_file_at(folder.get(), "file", 100) == "layer " + layer + "\n",
             "a layer is torn");
      expect(store.layer_facts(below).has_value(), "nothing is remembered of a layer");
      expect(store.open_owners(samples::single_mapping(), below).has_value(),
             "a layer has no owners");
    }
  }
}

void make_base(Store& store) {
  const samples::Image old = add_image(store, {"base", "old"}, "example.com/old:1");
  (void)add_image(store, {"base", "other"}, "example.com/other:1");
  samples::add_container(store, old, "standing");
}

// What comes in pieces, and an image that is made of it.
void finish_transfers(Store& store) {
  const std::string config = "{}";
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  manifest.config = {std::string(config::media_type::kEmpty), config::digest_of(config),
                     config.size()};
  const std::string text = config::write_manifest(manifest);
  config::Descriptor image = {manifest.media_type, config::digest_of(text), text.size()};
  image.annotations[std::string(config::kRefNameAnnotation)] = "example.com/transferred:1";
  snapshotter::Lease lease = store.lease();
  for (const std::string& bytes : {config, text}) {
    const config::Digest digest = config::digest_of(bytes);
    std::optional<sys::Fd> partial = store.open_partial(digest);
    sys::write_all(partial->get(), bytes);
    store.commit_partial(digest, std::move(*partial), lease);
  }
  store.update_index([&](config::Index& index) { index.manifests.push_back(image); });
}

const Change kChanges[] = {
    {"add an image",
     [](Store& store) {
       (void)add_image(store, {"base", "new", "newer"}, "example.com/new:1");
     }},
    {"replace an image",
     [](Store& store) {
       (void)add_image(store, {"base", "new", "newer"}, "example.com/old:1");
     }},
    {"finish a transfer", finish_transfers},
    {"remove an image", [](Store& store) { samples::remove_image(store, "example.com/other:1"); }},
    {"make a container",
     [](Store& store) {
       samples::add_container(store, add_image(store, {"base", "old"}, "example.com/old:1"),
                              "second");
     }},
    {"change a record",
     [](Store& store) { store.write_record("standing", R"({"id":"x","needs":{}})"); }},
    {"remove a container", [](Store& store) { store.remove_container("standing"); }},
};

bool tries_all() {
  const char* wanted = std::getenv("CRASH_POINTS");
  return wanted != nullptr && std::string(wanted) == "all";
}

bool is_tried(int point, int every) { return tries_all() || point % every == 0; }

void copy_store(const std::string& from, const std::string& to) {
  expect(support::run({"cp", "-a", from, to}).exit_code == 0, "cp");
}

// The states before and after.
struct Outcomes {
  std::string old_state, new_state;
};

Outcomes outcomes_of(const Change& change, const std::string& base, const std::string& scratch) {
  copy_store(base, scratch);
  Outcomes outcomes;
  {
    Store store = Store::open(scratch);
    outcomes.old_state = state_of(store);
    change.apply(store);
    outcomes.new_state = state_of(store);
    expect_whole(store);
  }
  sys::remove_tree_at(AT_FDCWD, scratch);
  return outcomes;
}

void expect_old_or_new(Store& store, const Outcomes& outcomes) {
  expect_whole(store);
  const std::string state = state_of(store);
  expect(state == outcomes.old_state || state == outcomes.new_state, "another state:\n" + state);
  for (const char* place : {"staging", "trash", "leases", "locks"}) {
    expect(support::names_in(store.path() + "/" + place).empty(),
           std::string(place) + " not swept");
  }
}

}  // namespace

TEST_CASE("crash: kill -9 at any call leaves the old state or the new", "[content][crash]") {
  const TempDirectory directory;
  const std::string base = directory / "base";
  {
    Store store = Store::open(base);
    make_base(store);
  }
  int tried = 0;
  for (const Change& change : kChanges) {
    const Outcomes outcomes = outcomes_of(change, base, directory / "scratch");
    bool ended = false;
    for (int point = 1; !ended; ++point) {
      if (!is_tried(point, 5)) continue;
      const std::string path = directory / sys::format("{}", point);
      copy_store(base, path);
      support::Stopper stopper([&] {
        Store store = Store::open(path);
        change.apply(store);
      });
      for (int i = 0; i < point && !ended; ++i) ended = !stopper.next();
      const std::string call = stopper.call();
      stopper.kill();
      INFO(change.name << ": call " << point << ", " << call);
      {
        Store store = Store::open(path);
        REQUIRE_NOTHROW(expect_old_or_new(store, outcomes));
        if (ended) REQUIRE(state_of(store) == outcomes.new_state);
      }
      sys::remove_tree_at(AT_FDCWD, path);
      ++tried;
    }
  }
  if (tries_all()) WARN("killed at " << tried << " calls");
  REQUIRE(tried > 40);
}

TEST_CASE("crash: a store whose making was killed is made by the next one", "[content][crash]") {
  const TempDirectory directory;
  bool ended = false;
  for (int point = 1; !ended; ++point) {
    const std::string path = directory / sys::format("{}", point);
    support::Stopper stopper([&] { (void)Store::open(path); });
    for (int i = 0; i < point && !ended; ++i) ended = !stopper.next();
    stopper.kill();
    INFO("call " << point);
    (void)Store::open_if_exists(path);
    Store store = Store::open(path);
    REQUIRE(samples::problems_of(store).empty());
  }
}

namespace {

using Names = support::StrictDisk::Names;

const char* text_of(Names names) {
  return names == Names::kAll ? "names and what was synced" : "what was synced";
}

}  // namespace

TEST_CASE("crash: of what was not synced nothing is needed", "[content][crash]") {
  const TempDirectory directory;
  const std::string base = directory / "base", cut = directory / "cut";
  {
    Store store = Store::open(base);
    make_base(store);
  }
  int tried = 0;
  for (const Change& change : kChanges) {
    const Outcomes outcomes = outcomes_of(change, base, directory / "scratch");
    const std::string path = directory / "store";
    copy_store(base, path);
    support::StrictDisk disk(path);
    support::Stopper stopper([&] {
      Store store = Store::open(path);
      change.apply(store);
    });
    bool ended = false, is_after_sync = true;
    for (int point = 1; !ended; ++point) {
      ended = !disk.next_call(stopper);
      for (const Names names : {Names::kSynced, Names::kAll}) {
        // Of what is synced nothing changes but by a sync.
        if (!ended && (names == Names::kAll ? !is_tried(point, 3) : !is_after_sync)) continue;
        INFO(change.name << ": call " << point << ", " << stopper.call() << ", " << text_of(names));
        disk.restore(cut, names);
        {
          Store store = Store::open(cut);
          REQUIRE_NOTHROW(expect_old_or_new(store, outcomes));
          // Its end was told to the user: it must last.
          if (ended) REQUIRE(state_of(store) == outcomes.new_state);
        }
        sys::remove_tree_at(AT_FDCWD, cut);
        ++tried;
      }
      is_after_sync = stopper.synced().has_value();
    }
    REQUIRE(stopper.exit_code() == 0);
    sys::remove_tree_at(AT_FDCWD, path);
  }
  if (tries_all()) WARN("power cut at " << tried << " moments");
}

TEST_CASE("crash: of a store that is being made nothing unsynced is needed", "[content][crash]") {
  const TempDirectory directory;
  const std::string top = directory / "disk", cut = directory / "cut";
  support::make_directory(top);
  const bool is_directory_there = GENERATE(false, true);
  if (is_directory_there) support::make_directory(top + "/store");
  support::StrictDisk disk(top);
  support::Stopper stopper([&] {
    Store store = Store::open(top + "/store");
    make_base(store);
  });
  for (bool ended = false; !ended;) {
    ended = !disk.next_call(stopper);
    for (const Names names : {Names::kSynced, Names::kAll}) {
      INFO(stopper.call() << ", " << text_of(names));
      disk.restore(cut, names);
      {
        Store store = Store::open(cut + "/store");
        if (ended) REQUIRE(store.index().manifests.size() == 2);
        REQUIRE_NOTHROW(expect_whole(store));
        (void)add_image(store, {"later"}, "example.com/later:1");
        REQUIRE(samples::problems_of(store).empty());
      }
      sys::remove_tree_at(AT_FDCWD, cut);
    }
  }
  REQUIRE(stopper.exit_code() == 0);
}

TEST_CASE("crash: a repair that comes to no end is done by the next", "[content][crash]") {
  const TempDirectory directory;
  const std::string path = directory / "store", cut = directory / "cut";
  {
    Store store = Store::open(path);
    make_base(store);
  }
  support::write_text(path + "/blobs/sha256/" + samples::manifest_digest({"base", "other"}).hex,
                      "torn");
  support::write_text(path + "/index.json", "torn");
  support::StrictDisk disk(path);
  support::Stopper stopper([&] { (void)Store::open(path).check(true); });
  while (disk.next_call(stopper)) {
    for (const Names names : {Names::kSynced, Names::kAll}) {
      INFO(stopper.call() << ", " << text_of(names));
      disk.restore(cut, names);
      {
        Store store = Store::open(cut);
        (void)store.check(true);
        REQUIRE(samples::problems_of(store).empty());
        REQUIRE(store.index().manifests.size() == 1);
        REQUIRE(support::read_text(cut + "/containers/standing/own") == "the container's\n");
      }
      sys::remove_tree_at(AT_FDCWD, cut);
    }
  }
  REQUIRE(stopper.exit_code() == 0);
}

// The disk is a file; what its file system has not written yet isn't in it. So a copy of that file
// is the disk as a power cut leaves it.
TEST_CASE("crash: a power cut at any call leaves the old state or the new", "[content][crash]") {
  NEEDS(root);
  const std::string kind = GENERATE("ext4", "xfs");
  if (support::run({"which", "mkfs." + kind}).exit_code != 0) {
    return;  // what the one shows the other does; the packages for tests have both
  }
  const TempDirectory directory;
  int tried = 0;
  const std::string failed = support::in_child([&] {
    expect(::unshare(CLONE_NEWNS) == 0, "unshare");
    expect(::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    const auto must = [](const std::vector<std::string>& words) {
      const support::Result result = support::run(words);
      expect(result.exit_code == 0, words[0] + ": " + result.all());
    };
    const bool is_ext4 = kind == "ext4";
    // noauto_da_alloc: ext4 would write a file before its rename, whoever forgot to.
    const std::string options = is_ext4 ? "loop,noauto_da_alloc" : "loop,nouuid";
    const std::string disk = directory / "disk", base = directory / "base";
    const std::string live = directory / "live", after = directory / "after";
    support::make_directory(live);
    support::make_directory(after);
    must({"truncate", "-s", is_ext4 ? "24M" : "300M", base});
    if (is_ext4) {
      must({"mkfs.ext4", "-q", "-b", "4096", "-J", "size=4", base});
    } else {
      must({"mkfs.xfs", "-q", base});
    }
    must({"mount", "-o", options, base, live});
    {
      Store store = Store::open(live + "/store");
      make_base(store);
    }
    const auto copy = [&](const std::string& from, const std::string& to) {
      must({"cp", "--sparse=always", "--reflink=auto", from, to});
    };
    for (const Change& change : kChanges) {
      const Outcomes outcomes = outcomes_of(change, live + "/store", live + "/scratch");
      must({"umount", live});
      copy(base, disk);
      must({"mount", "-o", options, disk, live});
      support::Stopper stopper([&] {
        Store store = Store::open(live + "/store");
        change.apply(store);
      });
      bool ended = false;
      for (int point = 1; !ended; ++point) {
        ended = !stopper.next();
        if (!ended && !is_tried(point, is_ext4 ? 7 : 20)) continue;
        copy(disk, directory / "cut");
        must({"mount", "-o", options, directory / "cut", after});
        try {
          Store store = Store::open(after + "/store");
          expect_old_or_new(store, outcomes);
          // Its end was told to the user: it must last.
          expect(!ended || state_of(store) == outcomes.new_state, "it did not last");
        } catch (const sys::Error& error) {
          throw sys::Error(sys::format("{}: cut at call {} ({}): {}", change.name, point,
                                       stopper.call(), error.what()));
        }
        must({"umount", after});
        ++tried;
      }
      expect(stopper.exit_code() == 0, "the change failed");
      must({"umount", live});
      must({"mount", "-o", options, base, live});
    }
    support::write_text(directory / "tried", std::to_string(tried));
  });
  REQUIRE(failed == "");
  if (tries_all())
    WARN(kind << ": power cut at " << support::read_text(directory / "tried") << " calls");
}
