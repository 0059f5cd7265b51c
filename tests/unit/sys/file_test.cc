// SPDX-License-Identifier: Apache-2.0
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

namespace {

struct Directory {
  Directory() : fd(sys::open_path(top.path(), O_RDONLY | O_DIRECTORY)) {}
  std::string operator/(std::string_view name) const { return top / name; }
  support::TempDirectory top;
  sys::Fd fd;
};

template <typename Step>
int code_of(Step&& step) {
  try {
    step();
  } catch (const sys::Error& error) {
    return error.code();
  }
  return 0;
}

struct stat status_at(const std::string& path) {
  struct stat status = {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

TEST_CASE("read_file: is bounded", "[sys][file]") {
  const Directory dir;
  support::write_text(dir / "file", std::string(100, 'x'));
  CHECK(sys::read_file(dir / "file", 100).size() == 100);
  CHECK(code_of([&] { (void)sys::read_file(dir / "file", 99); }) == EFBIG);
  CHECK(sys::read_file("/proc/self/stat", 4096).size() > 10);  // its size is said to be 0
}

TEST_CASE("read_file: never waits for a FIFO, and takes no directory", "[sys][file]") {
  const Directory dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(code_of([&] { (void)sys::read_file(dir / "fifo", 10); }) == EINVAL);
  CHECK(code_of([&] { (void)sys::read_file(dir.top.path(), 10); }) == EISDIR);
  CHECK(code_of([&] { (void)sys::read_file("/dev/zero", 10); }) == EINVAL);
}

TEST_CASE("read_file_at: symlinks are refused, absence is no error", "[sys][file]") {
  const Directory dir;
  support::write_text(dir / "file", "x");
  std::filesystem::create_symlink("file", dir / "link");
  CHECK(code_of([&] { (void)sys::read_file_at(dir.fd.get(), "link", 10); }) == ELOOP);
  CHECK_FALSE(sys::read_file_at_if_exists(dir.fd.get(), "none", 10));
}

TEST_CASE("replace_file: replaces what a symlink is, not what it leads to", "[sys][file]") {
  const Directory dir;
  support::write_text(dir / "target", "old");
  std::filesystem::create_symlink("target", dir / "link");
  sys::replace_file(dir / "link", "new", 0640);
  CHECK(support::read_text(dir / "target") == "old");
  CHECK(support::read_text(dir / "link") == "new");
  CHECK(S_ISREG(status_at(dir / "link").st_mode));
  CHECK(support::names_in(dir.top.path()) == std::vector<std::string>{"link", "target"});
}

TEST_CASE("remove_tree: takes a tree, not what its symlinks lead to", "[sys][file]") {
  const Directory dir;
  support::make_directory(dir / "tree/a/b/c");
  support::write_text(dir / "keep", "x");
  std::filesystem::create_symlink("../../keep", dir / "tree/a/link");
  std::filesystem::create_directory_symlink("..", dir / "tree/up");
  sys::remove_tree_at(dir.fd.get(), "tree");
  sys::remove_tree_at(dir.fd.get(), "tree");  // not there: fine
  CHECK(support::names_in(dir.top.path()) == std::vector<std::string>{"keep"});
}

TEST_CASE("private directory: made for us alone", "[sys][file]") {
  const Directory dir;
  (void)sys::open_private_directory(dir / "a/b");
  CHECK((status_at(dir / "a/b").st_mode & 07777U) == 0700);
  CHECK((status_at(dir / "a").st_mode & 07777U) == 0700);
}

TEST_CASE("private directory: one that is there is taken as it is", "[sys][file]") {
  const Directory dir;
  support::make_directory(dir / "a");
  REQUIRE(::chmod((dir / "a").c_str(), 0711) == 0);
  (void)sys::open_private_directory(dir / "a");
  CHECK((status_at(dir / "a").st_mode & 07777U) == 0711);
}

TEST_CASE("private directory: a symlink of the caller's is followed", "[sys][file]") {
  const Directory dir;
  support::make_directory(dir / "a");
  std::filesystem::create_directory_symlink("a", dir / "link");
  const sys::Fd opened = sys::open_private_directory(dir / "link");
  CHECK(sys::status_of(opened.get()).st_ino == status_at(dir / "a").st_ino);
}

TEST_CASE("private directory: not somebody else's, nor through their symlink", "[sys][file]") {
  NEEDS(root);
  const Directory dir;
  support::make_directory(dir / "theirs");
  support::make_directory(dir / "ours");
  std::filesystem::create_directory_symlink("ours", dir / "link");
  for (const char* name : {"theirs", "link"}) REQUIRE(::lchown((dir / name).c_str(), 7, 7) == 0);
  const std::string path = dir / GENERATE("theirs", "link", "link/", "link//");
  CHECK(code_of([&] { (void)sys::open_private_directory(path); }) == EPERM);
}

TEST_CASE("private directory: not one that others can write, sticky or not", "[sys][file]") {
  const Directory dir;
  const mode_t mode = GENERATE(0777, 01777, 0720, 0702);
  support::make_directory(dir / "a");
  REQUIRE(::chmod((dir / "a").c_str(), mode) == 0);
  CHECK(code_of([&] { (void)sys::open_private_directory(dir / "a"); }) == EPERM);
}

TEST_CASE("make_node: has exactly the mode and owner that were asked for", "[sys][file]") {
  NEEDS(root);
  const Directory dir;
  const mode_t mask = ::umask(077);
  CHECK(sys::make_node_at(dir.fd.get(), "null", S_IFCHR | 0666, makedev(1, 3), 7, 8));
  ::umask(mask);
  const struct stat status = status_at(dir / "null");
  CHECK((status.st_mode & 07777U) == 0666);
  CHECK(status.st_uid == 7);
  CHECK(status.st_gid == 8);
  CHECK(status.st_rdev == makedev(1, 3));
  CHECK_FALSE(sys::make_node_at(dir.fd.get(), "null", S_IFCHR | 0666, makedev(1, 3), 7, 8));
}

TEST_CASE("lock: one holder at a time", "[sys][file]") {
  const Directory dir;
  support::write_text(dir / "lock", "");
  const sys::Fd one = sys::open_path(dir / "lock", O_RDWR);
  const sys::Fd other = sys::open_path(dir / "lock", O_RDWR);
  CHECK(sys::try_lock(one.get()));
  CHECK_FALSE(sys::try_lock(other.get()));
  CHECK(sys::is_locked(other.get()));
  CHECK_FALSE(sys::is_locked(one.get()));  // nobody else's
}

TEST_CASE("lock: a fork keeps it after its parent let go; exec lets go", "[sys][file]") {
  const Directory dir;
  support::write_text(dir / "lock", "");
  sys::Fd mine = sys::open_path(dir / "lock", O_RDWR);
  const sys::Fd other = sys::open_path(dir / "lock", O_RDWR);
  REQUIRE(sys::try_lock(mine.get()));
  sys::Pipe pipe = sys::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    char letter = 0;
    (void)!::read(pipe.read_end.get(), &letter, 1);
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  }
  mine.reset();
  CHECK(sys::is_locked(other.get()));
  (void)!::write(pipe.write_end.get(), "x", 1);
  CHECK(support::eventually([&] { return !sys::is_locked(other.get()); }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("remove_directory_if_empty: takes nothing else", "[sys][file]") {
  const support::TempDirectory top;
  support::make_directory(top / "empty");
  support::make_directory(top / "full/inside");
  const sys::Fd dir = sys::open_path(top.path(), O_RDONLY | O_DIRECTORY);
  for (const char* name : {"empty", "full", "missing"}) {
    sys::remove_directory_if_empty(dir.get(), name);
  }
  CHECK(support::names_in(top.path()) == std::vector<std::string>{"full"});
}
