// SPDX-License-Identifier: Apache-2.0
// Kills tilla, with all that it has started, at calls that change files, and cuts the power there.
// Afterwards the store is as it was, or as it was to be, and `system check` has nothing to say.
// CRASH_POINTS=all: at every such call; without it at a part of them, spread over each verb.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "config/image_spec.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/stopper.h"

namespace {

using support::expect;
using support::Result;
using support::TempDirectory;
using Words = std::vector<std::string>;

// newuidmap can't be traced by those whom it serves.
Words tilla(const std::string& store, const Words& words) {
  const std::string runtime = support::runtime_program();
  const std::string program = runtime.substr(0, runtime.rfind('/') + 1) + "tilla";
  Words argv = {"env", support::is_root() ? "TILLA_IDENTITY=root" : "TILLA_IDENTITY=single",
                program, "--root", store};
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
    {"commit", {"commit", "changed", "committed"}},
    {"rmi", {"rmi", "other"}},
    {"system prune", {"system", "prune", "--all", "--force"}},
};

void make_archive(const std::string& directory, const std::string& name) {
  const std::string files = directory + "/" + name;
  support::make_directory(files);
  for (const char* folder : {"a", "b"}) {
    support::make_directory(files + "/" + folder);
    for (int i = 0; i < 4; ++i) {
      support::write_text(sys::format("{}/{}/{}", files, folder, i), name + std::to_string(i));
    }
  }
  (void)must({"tar", "-C", files, "-czf", files + ".tar.gz", "."});
}

void make_base(const std::string& store, const std::string& files) {
  for (const char* name : {"old", "other"}) {
    (void)must(tilla(store, {"import", files + "/" + name + ".tar.gz", name}));
  }
  (void)must(tilla(store, {"create", "--name", "changed", "old"}));
}

// The names, each with what it stands for; the image that an import or a commit makes has its time
// in it, and so another digest each time.
std::string names_of(const std::string& store) {
  std::vector<std::string> names;
  const config::Index index =
      config::read_index(support::read_text(store + "/index.json"), "index.json");
  for (const config::Descriptor& image : index.manifests) {
    const auto name = image.annotations.find(std::string(config::kRefNameAnnotation));
    names.push_back(name == image.annotations.end() ? "<none>" : name->second);
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  for (const std::string& id : support::names_in(store + "/containers")) text += id + "\n";
  return text;
}

void expect_well(const std::string& store, const std::string& before, const std::string& after) {
  const Result checked = support::run(tilla(store, {"system", "check"}));
  expect(checked.exit_code == 0 && checked.out.empty(), "system check: " + checked.all());
  const std::string names = names_of(store);
  expect(names == before || names == after, "neither old nor new:\n" + names);
  // The next one can work with it, and sweeps.
  (void)must(tilla(store, {"system", "prune", "--force"}));
  for (const char* place : {"staging", "trash", "leases"}) {
    expect(support::names_in(store + "/" + place).empty(), std::string(place) + " not swept");
  }
  expect(names_of(store) == names, "a prune of what nobody needs took more");
}

void copy_tree(const std::string& from, const std::string& to) {
  (void)must({"cp", "-a", from, to});
}
void remove_tree(const std::string& path) { sys::remove_tree_at(AT_FDCWD, path); }

// The states before and after, and how many calls change files on the way.
struct Course {
  std::string before, after;
  int calls = 0;
};

Course course_of(const Words& words, const std::string& base, const std::string& scratch) {
  Course course;
  course.before = names_of(base);
  copy_tree(base, scratch);
  support::Stopper stopper(tilla(scratch, words), scratch + ".output");
  while (stopper.next()) ++course.calls;
  expect(stopper.exit_code() == 0, support::read_text(scratch + ".output"));
  course.after = names_of(scratch);
  expect_well(scratch, course.after, course.after);
  remove_tree(scratch);
  return course;
}

bool tries_all() {
  const char* wanted = std::getenv("CRASH_POINTS");
  return wanted != nullptr && std::string(wanted) == "all";
}

int stride_of(int calls, int tries) { return tries_all() ? 1 : std::max(1, calls / tries); }

}  // namespace

TEST_CASE("crash: tilla killed at any call leaves the old state or the new", "[images][crash]") {
  const TempDirectory directory;
  for (const char* name : {"old", "other", "new"}) make_archive(directory.path(), name);
  const std::string base = directory / "base";
  make_base(base, directory.path());
  int tried = 0;
  for (const Verb& verb : kVerbs) {
    const Words words = with_files(verb.words, directory.path());
    const Course course = course_of(words, base, directory / "scratch");
    const int stride = stride_of(course.calls, 12);
    for (int point = stride; point <= course.calls; point += stride) {
      const std::string store = directory / "store";
      copy_tree(base, store);
      support::Stopper stopper(tilla(store, words), directory / "output");
      bool ended = false;
      for (int i = 0; i < point && !ended; ++i) ended = !stopper.next();
      INFO(verb.name << " killed at call " << point << " of " << course.calls << ", "
                     << stopper.call());
      stopper.kill();
      REQUIRE_NOTHROW(expect_well(store, course.before, course.after));
      remove_tree(store);
      ++tried;
    }
  }
  if (tries_all()) WARN("killed at " << tried << " calls");
}

// The disk is a file; what its file system has not written yet isn't in it. So a copy of that file
// is the disk as a power cut leaves it.
TEST_CASE("crash: a power cut at any call leaves the old state or the new", "[images][crash]") {
  NEEDS(root);
  const TempDirectory directory;
  for (const char* name : {"old", "other", "new"}) make_archive(directory.path(), name);
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
      const int stride = stride_of(course.calls, 12);
      support::Stopper stopper(tilla(live + "/store", words), directory / "output");
      for (int point = 1, ended = 0; ended == 0; ++point) {
        ended = stopper.next() ? 0 : 1;
        if (ended == 0 && point % stride != 0) continue;
        (void)must({"cp", "--sparse=always", used, directory / "cut"});
        mount_disk(directory / "cut", after);
        try {
          expect_well(after + "/store", ended == 1 ? course.after : course.before, course.after);
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
