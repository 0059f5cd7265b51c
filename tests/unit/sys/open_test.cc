// SPDX-License-Identifier: Apache-2.0
#include "sys/open.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sys/error.h"
#include "tests/support/harness.h"

using sys::RelPath;

namespace {

// A root that somebody else fills, and a directory outside of it.
struct Scene {
  Scene() {
    support::make_directory(top / "root/dir");
    support::make_directory(top / "outside");
    support::write_text(top / "outside/file", "outside");
    support::write_text(top / "root/dir/file", "inside");
    root = sys::open_path(top / "root", O_PATH | O_DIRECTORY);
  }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, top / ("root/" + name));
  }
  std::string read(const std::string& path) const {
    const auto file = sys::open_in_root_if_exists(root.get(), RelPath::parse(path), O_RDONLY);
    return file ? sys::read_all(file->get(), 100) : "";
  }
  bool is_outside_untouched() const {
    return support::names_in(top / "outside") == std::vector<std::string>{"file"};
  }
  support::TempDirectory top;
  sys::Fd root;
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

}  // namespace

TEST_CASE("RelPath: is cleaned from the root down", "[sys][open]") {
  CHECK(RelPath::parse("/a//b/./c/").str() == "a/b/c");
  CHECK(RelPath::parse("/../../a").str() == "a");
  CHECK(RelPath::parse("a/../../b").str() == "b");
  CHECK(RelPath::parse("/").empty());
  CHECK(std::string(RelPath::parse(".").c_str()) == ".");
  CHECK(RelPath::parse("/...").str() == "...");
}

TEST_CASE("RelPath: parent and name", "[sys][open]") {
  CHECK(RelPath::parse("/a/b").parent().str() == "a");
  CHECK(RelPath::parse("/a").parent().empty());
  CHECK(RelPath::parse("/a/b").name() == "b");
}

TEST_CASE("RelPath: refuses NUL bytes and names that no directory holds", "[sys][open]") {
  CHECK(code_of([] { RelPath::parse(std::string_view("a\0b", 3)); }) == EINVAL);
  CHECK(code_of([] { RelPath::parse("/a/" + std::string(256, 'x')); }) == ENAMETOOLONG);
  CHECK(code_of([] { RelPath::parse("/a/" + std::string(255, 'x')); }) == 0);
}

TEST_CASE("open: a symlink to the host's files stays inside the root", "[sys][open]") {
  const Scene scene;
  scene.link(scene.top / "outside/file", "absolute");
  scene.link("../../../../../.." + (scene.top / "outside/file"), "relative");
  scene.link("/dir/file", "inside");
  CHECK(scene.read("absolute").empty());
  CHECK(scene.read("relative").empty());
  CHECK(scene.read("inside") == "inside");
}

TEST_CASE("open: magic links are refused", "[sys][open]") {
  const sys::Fd root = sys::open_path("/", O_PATH | O_DIRECTORY);
  const auto open = [&](const char* path) {
    return code_of([&] { (void)sys::open_in_root(root.get(), RelPath::parse(path), O_PATH); });
  };
  CHECK(open("/proc/self/exe") == ELOOP);
  CHECK(open("/proc/self/fd/0") == ELOOP);
  CHECK(open("/proc/self/root/etc") == ELOOP);
  CHECK(open("/proc/self/cwd") == ELOOP);
}

TEST_CASE("open: beneath follows no symlink at all", "[sys][open]") {
  const Scene scene;
  scene.link("dir", "link");
  const auto open = [&](const char* path) {
    return code_of(
        [&] { (void)sys::open_beneath(scene.root.get(), RelPath::parse(path), O_PATH); });
  };
  CHECK(open("dir/file") == 0);
  CHECK(open("link/file") == ELOOP);
  CHECK(open("link") == ELOOP);
  CHECK_FALSE(sys::open_beneath_if_exists(scene.root.get(), RelPath::parse("none"), O_PATH));
}

TEST_CASE("make_directories: makes what is missing, in the root", "[sys][open]") {
  const Scene scene;
  scene.link(scene.top / "outside", "escape");
  scene.link("dir", "link");
  (void)sys::make_directories_in_root(scene.root.get(), RelPath::parse("link/a/b"), 0755);
  CHECK(support::exists(scene.top / "root/dir/a/b"));
  CHECK(code_of([&] {
          (void)sys::make_directories_in_root(scene.root.get(), RelPath::parse("escape/x"), 0755);
        }) != 0);
  CHECK(scene.is_outside_untouched());
}

TEST_CASE("make_directories: a dangling symlink is no place to make one", "[sys][open]") {
  const Scene scene;
  scene.link("/nowhere", "dangling");
  scene.link(scene.top / "outside/new", "escape");
  for (const char* path : {"dangling", "dangling/x", "escape", "escape/x"}) {
    INFO(path);
    CHECK(code_of([&] {
            (void)sys::make_directories_in_root(scene.root.get(), RelPath::parse(path), 0755);
          }) != 0);
  }
  CHECK(scene.is_outside_untouched());
  CHECK_FALSE(support::exists(scene.top / "root/nowhere"));
}

TEST_CASE("make_directories: refuses symlinks where it is told to", "[sys][open]") {
  const Scene scene;
  scene.link("dir", "link");
  CHECK(code_of([&] {
          (void)sys::make_directories_in_root(scene.root.get(), RelPath::parse("link/a"), 0755,
                                              sys::Symlinks::kRefuse);
        }) == ELOOP);
}

TEST_CASE("make_file: makes an empty file, or takes what is there", "[sys][open]") {
  const Scene scene;
  scene.link(scene.top / "outside/new", "escape");
  (void)sys::make_file_in_root(scene.root.get(), RelPath::parse("new/file"), 0644);
  CHECK(support::exists(scene.top / "root/new/file"));
  (void)sys::make_file_in_root(scene.root.get(), RelPath::parse("dir/file"), 0644);
  CHECK(support::read_text(scene.top / "root/dir/file") == "inside");
  CHECK(code_of([&] {
          (void)sys::make_file_in_root(scene.root.get(), RelPath::parse("escape"), 0644);
        }) != 0);
  CHECK(scene.is_outside_untouched());
}

TEST_CASE("open_at: a final symlink is refused", "[sys][open]") {
  const Scene scene;
  scene.link("dir/file", "link");
  CHECK(code_of([&] { (void)sys::open_at(scene.root.get(), "link", O_RDONLY); }) == ELOOP);
  CHECK_FALSE(sys::open_at_if_exists(scene.root.get(), "none", O_RDONLY));
}
