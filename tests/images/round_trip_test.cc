// SPDX-License-Identifier: Apache-2.0
// import, create, change, commit, export, save: the same bytes with every driver and every
// identity, on every day. What must come out is written down here, so that runs as root and as a
// user agree.
#include <algorithm>
#include <functional>

#include "config/hash.h"
#include "sys/format.h"
#include "tests/support/archive.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::tar_of;
using support::TarEntry;
using support::Tilla;

constexpr std::int64_t kEpoch = 1'100'000'000;  // SOURCE_DATE_EPOCH; the archive's files are older

const TarEntry kCommand = {.name = "bin/x",
                           .content = std::string(3000, 'x'),
                           .mode = 0755,
                           .uid = 33,
                           .gid = 33,
                           .pax = {{"SCHILY.xattr.user.one", "1"}}};
const TarEntry kSetuid = {.name = "bin/s", .content = "#!s", .mode = 04755, .gid = 5};
const TarEntry kDevice = {
    .name = "dev/null", .type = '3', .mode = 0666, .uid = 1, .gid = 2, .major = 1, .minor = 3};
const TarEntry kLink = {
    .name = "etc/link", .type = '2', .target = "passwd", .mode = 0777, .uid = 5, .gid = 6};
const TarEntry kPipe = {.name = "run/pipe", .type = '6', .mode = 0640, .uid = 7, .gid = 8};
const TarEntry kOddPipe = {.name = "run/pipe2", .type = '6', .mode = 02750, .uid = 7, .gid = 8};

TarEntry directory(const std::string& name, unsigned mode = 0755, std::uint64_t id = 0) {
  return {.name = name + "/", .type = '5', .mode = mode, .uid = id, .gid = id};
}

/// All below the root, in the order in which `export` has it.
std::vector<TarEntry> base() {
  return {directory("bin", 0755, 44),
          kSetuid,
          {.name = "bin/s2", .type = '1', .target = "bin/s", .mode = 04755, .gid = 5},
          kCommand,
          directory("dev"),
          kDevice,
          {.name = "dev/sda", .type = '4', .mode = 0660, .gid = 6, .major = 8},
          directory("etc"),
          directory("etc/a"),
          {.name = "etc/a/b", .content = "b"},
          {.name = "etc/keep", .content = "k\n", .mode = 0640, .uid = 9, .gid = 9},
          kLink,
          {.name = "etc/passwd", .content = "p\n", .uid = 1, .gid = 2},
          directory("home", 0700, 1000),
          {.name = "home/f", .content = "f", .mode = 0600, .uid = 1000, .gid = 1000},
          {.name = "home/g", .content = "g", .mode = 0600, .uid = 1000, .gid = 1000},
          directory("run", 01777, 12),
          kPipe,
          kOddPipe};
}

/// With a root that belongs to somebody.
std::string archive() {
  std::vector<TarEntry> all = base();
  all.insert(all.begin(), {.name = "./", .type = '5', .mode = 0755, .uid = 3, .gid = 4});
  return tar_of(all);
}

TarEntry now(TarEntry entry) {
  entry.time = kEpoch;
  return entry;
}

std::vector<std::string> identities() {
  if (support::is_root()) return {"root"};
  std::vector<std::string> names;
  if (!support::is_missing(support::needs::range)) names.emplace_back("range");
  if (!support::is_missing(support::needs::single)) names.emplace_back("single");
  return names;
}

/// An image of the archive, and a container of it.
class Trip {
 public:
  Trip(const std::string& identity, const std::string& driver)
      : tilla_(identity),
        options_{.env = {"TILLA_DRIVER=" + driver, "SOURCE_DATE_EPOCH=" + std::to_string(kEpoch)}} {
    support::write_text(tilla_ / "base.tar", archive());
    tilla_.must({"import", tilla_ / "base.tar", "base"}, options_);
    container_ = tilla_.must({"create", "base"}, options_);
    container_.pop_back();
  }
  // Some files belong to ids that are the caller's in the user namespace alone.
  ~Trip() { (void)tilla_.call({"unshare", "rm", "-rf", tilla_.root()}); }
  Trip(const Trip&) = delete;
  Trip& operator=(const Trip&) = delete;

  void change(const std::string& line) const {
    const std::string tilla = support::tilla_program();
    tilla_.must(
        {"unshare", "sh", "-ec",
         sys::format("umask 022; here=$({0} mount {1}); cd $here; {2}\ncd /; {0} umount {1}", tilla,
                     container_, line)},
        options_);
  }
  /// The layer that `commit` makes.
  std::string commit() const {
    tilla_.must({"commit", container_, "changed"}, options_);
    const config::Index index = tilla_.index();
    const config::Manifest manifest =
        config::read_manifest(tilla_.blob(index.manifests.back().digest), "manifest");
    return tilla_.blob(manifest.layers.back().digest);
  }
  std::string exported() const { return tilla_.must({"export", container_}, options_); }
  std::string saved() const { return tilla_.must({"save", "base"}, options_); }

 private:
  Tilla tilla_;
  support::ProgramOptions options_;
  std::string container_;
};

/// Equal, or which of the entries differ.
void expect_archive(const std::string& found, const std::vector<TarEntry>& expected) {
  if (found == tar_of(expected)) return;
  const auto list = [](const std::string& bytes) {
    return support::run({"tar", "-tv", "--numeric-owner", "--full-time"}, {.input = bytes}).all();
  };
  FAIL_CHECK("found:\n" << list(found) << "instead of:\n" << list(tar_of(expected)));
}

void run_with(const std::vector<std::string>& drivers, const std::function<void(Trip&)>& part) {
  for (const std::string& identity : identities()) {
    for (const std::string& driver : drivers) {
      if (driver == "fuse-overlayfs" && support::is_missing(support::needs::fuse)) continue;
      INFO(identity << " " << driver);
      Trip trip(identity, driver);
      part(trip);
    }
  }
}

constexpr const char* kChanges =
    "chmod 600 bin/x; setfattr -n user.two -v 2 bin/x; echo more >> home/f; rm etc/keep;"
    "rm -r etc/a; mkdir etc/a; echo n > etc/a/n; echo new > etc/new; ln -s new etc/newlink;"
    "mkfifo run/new";

std::vector<TarEntry> changed() {
  TarEntry command = kCommand;
  command.mode = 0600;
  command.pax.emplace_back("SCHILY.xattr.user.two", "2");
  return {directory("bin", 0755, 44),
          command,
          now(directory("etc")),
          {.name = "etc/.wh.keep", .mode = 0, .time = 0},
          now(directory("etc/a")),
          {.name = "etc/a/.wh.b", .mode = 0, .time = 0},
          now({.name = "etc/a/n", .content = "n\n"}),
          now({.name = "etc/new", .content = "new\n"}),
          now({.name = "etc/newlink", .type = '2', .target = "new", .mode = 0777}),
          directory("home", 0700, 1000),
          now({.name = "home/f", .content = "fmore\n", .mode = 0600, .uid = 1000, .gid = 1000}),
          now(directory("run", 01777, 12)),
          now({.name = "run/new", .type = '6'})};
}

TEST_CASE("commit: the same change is the same layer with each driver and identity",
          "[tilla][commit]") {
  run_with({"overlay", "fuse-overlayfs", "copy"}, [](const Trip& trip) {
    trip.change(kChanges);
    expect_archive(trip.commit(), changed());
  });
}

TEST_CASE("commit: the same change on another day is the same layer", "[tilla][commit]") {
  run_with({"overlay", "copy"}, [](const Trip& trip) {
    trip.change(std::string(kChanges) +
                "; find . -newermt 2020-01-01 -exec touch -h -d 2031-05-06T07:08:09.5 {} +");
    expect_archive(trip.commit(), changed());
  });
}

// fuse-overlayfs itself loses owners of symlinks and setuid bits when it copies them up, and can't
// change pipes and devices: the container sees it so.
TEST_CASE("commit: the true owners and modes of links, pipes, devices and setuid programs go back",
          "[tilla][commit]") {
  run_with({"overlay", "copy"}, [](const Trip& trip) {
    trip.change(
        "touch -h etc/link; touch -ch run/pipe; chmod 600 run/pipe2; chmod 640 dev/null;"
        "rm bin/s2; touch bin/s");
    TarEntry device = kDevice, pipe = kOddPipe;
    device.mode = 0640;
    pipe.mode = 0600;
    expect_archive(trip.commit(), {now(directory("bin", 0755, 44)),
                                   {.name = "bin/.wh.s2", .mode = 0, .time = 0},
                                   now(kSetuid),
                                   directory("dev"),
                                   device,
                                   directory("etc"),
                                   now(kLink),
                                   directory("run", 01777, 12),
                                   now(kPipe),
                                   pipe});
  });
}

TEST_CASE("export: all owners, modes and devices of the layers are in it", "[tilla][export]") {
  run_with({"overlay", "fuse-overlayfs", "copy"},
           [](const Trip& trip) { expect_archive(trip.exported(), base()); });
}

TEST_CASE("export: what was changed is in it, in place of what it was", "[tilla][export]") {
  run_with({"overlay", "fuse-overlayfs", "copy"}, [](const Trip& trip) {
    trip.change(
        // Not the devices: fuse-overlayfs removes none of the host's root.
        "rm -r bin etc; mkdir bin; echo more >> home/f; touch -d 2001-01-01 home/f");
    const std::string list =
        support::run({"tar", "-tv", "--numeric-owner"}, {.input = trip.exported()}).out;
    CHECK(list.find("bin/\n") != std::string::npos);
    CHECK(list.find(" 1000/1000 ") != std::string::npos);
    // bin/ dev/ dev/null dev/sda home/ home/f home/g run/ run/pipe run/pipe2
    CHECK(std::count(list.begin(), list.end(), '\n') == 10);
  });
}

TEST_CASE("save: an image that was imported is saved bit for bit alike in each identity",
          "[tilla][save]") {
  std::string first;
  run_with({"overlay", "copy"}, [&](const Trip& trip) {
    const std::string saved = trip.saved();
    CHECK(saved.find(archive()) != std::string::npos);  // the layer, as it came
    if (first.empty()) first = saved;
    CHECK(config::digest_of(saved) == config::digest_of(first));
  });
}

}  // namespace
