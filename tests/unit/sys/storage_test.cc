// SPDX-License-Identifier: Apache-2.0
#include "sys/storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/file.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace {

using support::TempDirectory;

struct Scene {
  TempDirectory directory;
  sys::Fd fd = sys::open_path(directory.path(), O_RDONLY | O_DIRECTORY);
  int dir() const { return fd.get(); }
};

}  // namespace

TEST_CASE("storage: a name that is taken stays what it was", "[sys][storage]") {
  const Scene scene;
  support::write_text(scene.directory / "a", "a");
  support::write_text(scene.directory / "b", "b");
  REQUIRE_FALSE(sys::move_at_if_free(scene.dir(), "a", scene.dir(), "b"));
  REQUIRE(support::read_text(scene.directory / "b") == "b");
  REQUIRE(sys::move_at_if_free(scene.dir(), "a", scene.dir(), "c"));
  REQUIRE_FALSE(sys::move_if_we_may(scene.dir(), "a", scene.dir(), "d"));
}

TEST_CASE("storage: a replaced file leaves nothing beside it", "[sys][storage]") {
  const Scene scene;
  support::write_text(scene.directory / ".new", "left by a kill");
  sys::replace_file_synced(scene.dir(), "file", ".new", "one", 0600);
  sys::replace_file_synced(scene.dir(), "file", ".new", "two", 0600);
  REQUIRE(support::read_text(scene.directory / "file") == "two");
  REQUIRE(support::names_in(scene.directory.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("storage: a lock's file that was removed is not locked by those who come later",
          "[sys][storage]") {
  const Scene scene;
  const sys::Fd first = sys::lock_name(scene.dir(), "lock");
  REQUIRE_FALSE(sys::try_lock_name(scene.dir(), "lock"));
  REQUIRE(sys::unlink_at_if_exists(scene.dir(), "lock"));
  REQUIRE_FALSE(sys::try_lock_name(scene.dir(), "lock"));
  const sys::Fd second = sys::lock_name(scene.dir(), "lock");
  REQUIRE(sys::status_of(first.get()).st_ino != sys::status_of(second.get()).st_ino);
}

TEST_CASE("storage: shared locks are had together, and by nobody beside a whole one",
          "[sys][storage]") {
  const Scene scene;
  support::write_text(scene.directory / "lock", "");
  const sys::Fd one = sys::open_path(scene.directory / "lock", O_RDONLY);
  const sys::Fd two = sys::open_path(scene.directory / "lock", O_RDONLY);
  const sys::Fd whole = sys::open_path(scene.directory / "lock", O_RDWR);
  sys::lock_shared(one.get());
  sys::lock_shared(two.get());
  REQUIRE_FALSE(sys::try_lock(whole.get()));
  sys::unlock(one.get());
  sys::unlock(two.get());
  REQUIRE(sys::try_lock(whole.get()));
}

TEST_CASE("storage: a tree without write permission is removed by its owner", "[sys][storage]") {
  const Scene scene;
  support::make_directory(scene.directory / "tree");
  support::make_directory(scene.directory / "tree/closed");
  support::write_text(scene.directory / "tree/closed/file", "x");
  REQUIRE(::symlink("/etc", (scene.directory / "tree/closed/link").c_str()) == 0);
  REQUIRE(::chmod((scene.directory / "tree/closed").c_str(), 0) == 0);
  REQUIRE(sys::remove_what_we_may(scene.dir(), "tree"));
  REQUIRE(sys::remove_what_we_may(scene.dir(), "tree"));
  REQUIRE(support::names_in(scene.directory.path()).empty());
}

TEST_CASE("storage: a tree's size counts hard links once", "[sys][storage]") {
  const Scene scene;
  support::make_directory(scene.directory / "tree");
  support::write_text(scene.directory / "tree/a", std::string(100000, 'x'));
  const std::uint64_t before = sys::tree_size(scene.dir(), "tree").bytes;
  REQUIRE(::link((scene.directory / "tree/a").c_str(), (scene.directory / "tree/b").c_str()) == 0);
  REQUIRE(before >= 100000);
  REQUIRE(sys::tree_size(scene.dir(), "tree").bytes == before);
  REQUIRE(sys::tree_size(scene.dir(), "tree").entries == 3);
}

TEST_CASE("storage: names nobody has used", "[sys][storage]") {
  REQUIRE(sys::random_name().size() == 16);
  REQUIRE(sys::random_name() != sys::random_name());
}
