// SPDX-License-Identifier: Apache-2.0
// Kills tilla, with all that it has started, at calls that change files, and cuts the power there.
// Afterwards the store is as it was, or as it was to be, and `system check` has nothing to say.
// CRASH_POINTS=all: at every such call; CRASH_POINTS=calls: killed at every system call of any
// kind; without it at a part of them, spread over each verb. `make test-crashes` does all of it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <numeric>
#include <sstream>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/stopper.h"
#include "tests/support/strict_disk.h"
#include "tests/support/tilla.h"

namespace {

using support::expect;
using support::Result;
using support::Stopper;
using support::StrictDisk;
using support::TempDirectory;
using Words = std::vector<std::string>;

// newuidmap can't be traced by those whom it serves. All images are of one time, or each would have
// a digest of its own.
Words tilla(const std::string& store, const Words& words) {
  Words argv = {"env",
                "SOURCE_DATE_EPOCH=1700000000",
                support::is_root() ? "TILLA_IDENTITY=root" : "TILLA_IDENTITY=single",
                support::tilla_program(),
                "--root",
                store};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

std::string must(const Words& argv) {
  const Result result = support::run(argv);
  expect(result.exit_code == 0, argv[0] + ": " + result.all());
  return result.out;
}

struct Verb {
  const char* name;
  Words words;  // FILES stands for the directory with the archives
};

Words with_files(Words words, const std::string& files) {
  for (std::string& word : words) {
    if (word.starts_with("FILES/")) word = files + word.substr(5);
  }
  return words;
}

const Verb kVerbs[] = {
    {"import", {"import", "FILES/new.tar.gz", "new"}},
    {"import over a name", {"import", "FILES/new.tar.gz", "old"}},
    {"load", {"load", "--quiet", "--input", "FILES/loaded.tar"}},
    {"commit", {"commit", "changed", "committed"}},
    {"create", {"create", "--name", "made", "other"}},
    {"tag", {"tag", "old", "second"}},
    {"rm", {"rm", "unwanted"}},
    {"rmi", {"rmi", "other"}},
    {"system prune", {"system", "prune", "--all", "--force"}},
};

// ---------------------------------------------------------------------------- what there is before

void make_archive(const std::string& directory, const std::string& name) {
  const std::string files = directory + "/" + name;
  support::make_directory(files);
  for (const char* folder : {"a", "b"}) {
    support::make_directory(files + "/" + folder);
    for (int i = 0; i < 4; ++i) {
      support::write_text(sys::format("{}/{}/{}", files, folder, i), name + std::to_string(i));
    }
  }
  (void)must({"tar", "--mtime=@1700000000", "-C", files, "-czf", files + ".tar.gz", "."});
}

std::string make_container(const std::string& store, const std::string& name) {
  std::string id = must(tilla(store, {"create", "--name", name, "old"}));
  id.pop_back();
  const std::string upper = store + "/containers/" + id + "/snapshot/upper/";
  support::write_text(upper + name, "by container " + name);
  (void)must({"touch", "-d", "@1700000000", upper + name, upper});
  return id;
}

void make_base(const std::string& store, const std::string& files) {
  for (const char* name : {"old", "other"}) {
    (void)must(tilla(store, {"import", files + "/" + name + ".tar.gz", name}));
  }
  for (const char* name : {"changed", "unwanted"}) (void)make_container(store, name);
}

// Two images, one upon the other, of which the lower layer is new and the upper one a commit's.
void make_loadable(const std::string& files) {
  const std::string store = files + "/donor";
  (void)must(tilla(store, {"import", files + "/loaded.tar.gz", "old"}));
  (void)make_container(store, "changed");
  (void)must(tilla(store, {"commit", "changed", "upon"}));
  (void)must(tilla(store, {"save", "--quiet", "--output", files + "/loaded.tar", "old", "upon"}));
  sys::remove_tree_at(AT_FDCWD, store);
}

void make_files(const std::string& files) {
  for (const char* name : {"old", "other", "new", "loaded"}) make_archive(files, name);
  make_loadable(files);
}

// ---------------------------------------------------------------------------- what it has to be

using Tree = std::map<std::string, std::string>;

void describe(const std::string& path, const std::string& name, Tree& tree) {
  struct stat status = {};
  expect(::lstat(path.c_str(), &status) == 0, "lstat " + path);
  tree[name] = sys::format("{:o} ", status.st_mode);
  if (S_ISREG(status.st_mode)) tree[name] += support::read_text(path);
  if (!S_ISDIR(status.st_mode)) return;
  for (const std::string& entry : support::names_in(path)) {
    describe(path + "/" + entry, name + "/" + entry, tree);
  }
}

// What users see, and what is in layers and containers.
struct State {
  std::string told;
  Tree layers, containers;
};

std::string sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line + "\n");
  std::sort(lines.begin(), lines.end());
  return std::accumulate(lines.begin(), lines.end(), std::string());
}

State state_of(const std::string& store) {
  State state;
  // Of one time, they have no order of their own.
  state.told = sorted_lines(
      must(tilla(store, {"images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"})) +
      must(tilla(store, {"ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.Image}}"})));
  describe(store + "/layers", "layers", state.layers);
  describe(store + "/containers", "containers", state.containers);
  return state;
}

void expect_has(const Tree& tree, const Tree& wanted) {
  for (const auto& [name, text] : wanted) {
    const auto found = tree.find(name);
    expect(found != tree.end(), name + " is lost");
    expect(found->second == text, name + " is torn: " + found->second);
  }
}

// What is there of a layer is all of it, also when nobody needs it: that it exists means so.
void expect_whole(const Tree& tree, const Tree& known) {
  for (const auto& [name, text] : known) {
    const std::size_t key = name.find('/') + 1;  // layers/KEY/CHAIN/...
    const std::string layer = name.substr(0, name.find('/', name.find('/', key) + 1));
    if (tree.contains(layer)) expect_has(tree, {{name, text}});
  }
}

// Of the containers that were there before nothing may be lost, unless they are to go.
void expect_containers(const Tree& now, const State& before, const State& after) {
  for (const auto& [name, text] : before.containers) {
    if (now.contains(name)) expect(now.at(name) == text, name + " is torn");
    if (after.containers.contains(name)) expect(now.contains(name), name + " is lost");
  }
}

// The states before and after, and how many calls there are on the way.
struct Course {
  State before, after;
  int calls = 0;
};

enum class Wanted { kEither, kNew };

void expect_well(const std::string& store, const Course& course, Wanted wanted) {
  const Result checked = support::run(tilla(store, {"system", "check"}));
  expect(checked.exit_code == 0 && checked.out.empty(), "system check: " + checked.all());
  const State state = state_of(store);
  const bool is_new = state.told == course.after.told;
  expect(is_new || (wanted == Wanted::kEither && state.told == course.before.told),
         "neither old nor new:\n" + state.told);
  // All layers of it are there, and whole, before anybody could make one anew.
  expect_has(state.layers, is_new ? course.after.layers : course.before.layers);
  expect_whole(state.layers, course.before.layers);
  expect_containers(state.containers, course.before, course.after);
  // The next one can work with it, and sweeps.
  (void)must(tilla(store, {"system", "prune", "--force"}));
  for (const char* place : {"staging", "trash", "leases"}) {
    expect(support::names_in(store + "/" + place).empty(), std::string(place) + " not swept");
  }
  expect(state_of(store).told == state.told, "a prune of what nobody needs took more");
}

void copy_tree(const std::string& from, const std::string& to) {
  (void)must({"cp", "-a", from, to});
}
void remove_tree(const std::string& path) { sys::remove_tree_at(AT_FDCWD, path); }

Course course_of(const Words& words, const std::string& base, const std::string& scratch,
                 Stopper::At at = Stopper::At::kChanges) {
  Course course;
  course.before = state_of(base);
  copy_tree(base, scratch);
  Stopper stopper(tilla(scratch, words), scratch + ".output", at);
  while (stopper.next()) ++course.calls;
  expect(stopper.exit_code() == 0, support::read_text(scratch + ".output"));
  course.after = state_of(scratch);
  expect_well(scratch, course, Wanted::kNew);
  remove_tree(scratch);
  return course;
}

bool tries(const char* points) {
  const char* wanted = std::getenv("CRASH_POINTS");
  return wanted != nullptr && std::string(wanted) == points;
}
bool tries_all() { return tries("all") || tries("calls"); }

int stride_of(int calls, int count) { return tries_all() ? 1 : std::max(1, calls / count); }

}  // namespace

TEST_CASE("crash: tilla killed at any call leaves the old state or the new", "[images][crash]") {
  const TempDirectory directory;
  make_files(directory.path());
  const std::string base = directory / "base";
  make_base(base, directory.path());
  const Stopper::At at = tries("calls") ? Stopper::At::kAllCalls : Stopper::At::kChanges;
  int tried = 0;
  for (const Verb& verb : kVerbs) {
    const Words words = with_files(verb.words, directory.path());
    const Course course = course_of(words, base, directory / "scratch", at);
    const int stride = stride_of(course.calls, 5);
    for (int point = stride; point <= course.calls; point += stride) {
      const std::string store = directory / "store";
      copy_tree(base, store);
      Stopper stopper(tilla(store, words), directory / "output", at);
      bool ended = false;
      for (int i = 0; i < point && !ended; ++i) ended = !stopper.next();
      INFO(verb.name << " killed at call " << point << " of " << course.calls << ", "
                     << stopper.call());
      stopper.kill();
      REQUIRE_NOTHROW(expect_well(store, course, ended ? Wanted::kNew : Wanted::kEither));
      remove_tree(store);
      ++tried;
    }
  }
  if (tries_all()) WARN("killed at " << tried << " calls");
}

TEST_CASE("crash: of what tilla has not synced nothing is needed", "[images][crash]") {
  const TempDirectory directory;
  make_files(directory.path());
  const std::string base = directory / "base", cut = directory / "cut";
  make_base(base, directory.path());
  int tried = 0;
  for (const Verb& verb : kVerbs) {
    const Words words = with_files(verb.words, directory.path());
    const Course course = course_of(words, base, directory / "scratch");
    const int stride = stride_of(course.calls, 2);
    const std::string store = directory / "store";
    copy_tree(base, store);
    StrictDisk disk(store);
    Stopper stopper(tilla(store, words), directory / "output");
    bool ended = false, is_after_sync = true;
    for (int point = 1; !ended; ++point) {
      ended = !disk.next_call(stopper);
      for (const auto names : {StrictDisk::Names::kSynced, StrictDisk::Names::kAll}) {
        const bool is_all = names == StrictDisk::Names::kAll;
        // Of what is synced nothing changes but by a sync.
        if (!ended && (is_all ? point % stride != 0 : !is_after_sync)) continue;
        INFO(verb.name << " cut at call " << point << " of " << course.calls << ", "
                       << stopper.call() << (is_all ? ", with all names" : ""));
        disk.restore(cut, names);
        REQUIRE_NOTHROW(expect_well(cut, course, ended ? Wanted::kNew : Wanted::kEither));
        remove_tree(cut);
        ++tried;
      }
      is_after_sync = stopper.synced().has_value();
    }
    REQUIRE(stopper.exit_code() == 0);
    remove_tree(store);
  }
  if (tries_all()) WARN("power cut at " << tried << " moments");
}

// The disk is a file; what its file system has not written yet isn't in it. So a copy of that file
// is the disk as a power cut leaves it.
TEST_CASE("crash: a power cut at any call leaves the old state or the new", "[images][crash]") {
  NEEDS(root);
  const TempDirectory directory;
  make_files(directory.path());
  const std::string failed = support::in_child([&] {
    expect(::unshare(CLONE_NEWNS) == 0, "unshare");
    expect(::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    const std::string base = directory / "disk", live = directory / "live";
    const std::string after = directory / "after", used = directory / "used";
    support::make_directory(live);
    support::make_directory(after);
    const Words mount = {"mount", "-o", "loop,noauto_da_alloc"};
    const auto mount_disk = [&](const std::string& disk, const std::string& place) {
      Words argv = mount;
      argv.insert(argv.end(), {disk, place});
      (void)must(argv);
    };
    (void)must({"truncate", "-s", "32M", base});
    (void)must({"mkfs.ext4", "-q", "-b", "4096", "-J", "size=4", base});
    mount_disk(base, live);
    make_base(live + "/store", directory.path());
    int tried = 0;
    for (const Verb& verb : kVerbs) {
      const Words words = with_files(verb.words, directory.path());
      const Course course = course_of(words, live + "/store", live + "/scratch");
      (void)must({"umount", live});
      (void)must({"cp", "--sparse=always", base, used});
      mount_disk(used, live);
      const int stride = stride_of(course.calls, 2);
      Stopper stopper(tilla(live + "/store", words), directory / "output");
      for (int point = 1, ended = 0; ended == 0; ++point) {
        ended = stopper.next() ? 0 : 1;
        if (ended == 0 && point % stride != 0) continue;
        (void)must({"cp", "--sparse=always", used, directory / "cut"});
        mount_disk(directory / "cut", after);
        try {
          expect_well(after + "/store", course, ended == 1 ? Wanted::kNew : Wanted::kEither);
        } catch (const sys::Error& error) {
          throw sys::Error(sys::format("{}: cut at call {} of {} ({}): {}", verb.name, point,
                                       course.calls, stopper.call(), error.what()));
        }
        (void)must({"umount", after});
        ++tried;
      }
      (void)must({"umount", live});
      mount_disk(base, live);
    }
    support::write_text(directory / "tried", std::to_string(tried));
  });
  REQUIRE(failed == "");
  if (tries_all()) WARN("power cut at " << support::read_text(directory / "tried") << " calls");
}
