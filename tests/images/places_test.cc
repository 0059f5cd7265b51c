// SPDX-License-Identifier: Apache-2.0
// Where the store is, and disks that are full or can't be written.
#include <chrono>
#include <thread>

#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::small_root;
using support::TempDirectory;
using support::Tilla;

Result tilla_with(std::vector<std::string> env, std::vector<std::string> words,
                  std::string input = {}) {
  words.insert(words.begin(), support::tilla_program());
  return support::run(words, {.input = std::move(input), .env = std::move(env)});
}

std::string store_in(const std::vector<std::string>& env, std::vector<std::string> words = {}) {
  words.insert(words.end(), {"info", "-f", "{{.DockerRootDir}}"});
  return tilla_with(env, words).out;
}

TEST_CASE("place: --root, then TILLA_ROOT, then XDG_DATA_HOME, then HOME", "[tilla][place]") {
  const TempDirectory directory;
  const std::string env = "TILLA_ROOT=" + (directory / "env");
  CHECK(store_in({env}, {"--root", directory / "flag"}) == (directory / "flag") + "\n");
  CHECK(store_in({env}) == (directory / "env") + "\n");
  if (support::is_root()) {
    CHECK(store_in({"TILLA_ROOT"}) == "/var/lib/tilla\n");
    return;
  }
  CHECK(store_in({"TILLA_ROOT", "XDG_DATA_HOME=" + directory.path(), "HOME=/nowhere"}) ==
        (directory / "tilla") + "\n");
  CHECK(store_in({"TILLA_ROOT", "XDG_DATA_HOME", "HOME=" + directory.path()}) ==
        (directory / ".local/share/tilla") + "\n");
}

TEST_CASE("place: who only looks makes no store", "[tilla][place]") {
  const Tilla tilla;
  for (const char* verb : {"info", "images", "ps"}) tilla.must({verb});
  tilla.must({"system", "df"});
  CHECK(tilla.call({"inspect", "x"}).exit_code == 1);
  CHECK(tilla.call({"history", "x"}).exit_code == 1);
  CHECK(tilla.call({"save", "x"}).exit_code == 1);
  CHECK_FALSE(support::exists(tilla.root()));
  CHECK(support::names_in(tilla / ".").empty());
}

TEST_CASE("place: info says identity, driver and counts", "[tilla][place]") {
  const Tilla tilla;
  tilla.must({"import", "-", "one"}, {.input = small_root()});
  tilla.must({"create", "one"});
  CHECK(tilla.must({"info", "-f", "{{.Images}} {{.Containers}}"}) == "1 1\n");
  CHECK(tilla.must({"info"}).find("\nIdentity:   ") != std::string::npos);
  CHECK(tilla.must({"info", "--format", "json"}).starts_with("{\"ServerVersion\":\""));
  CHECK(tilla.call({"info", "-f", "{{.Nope}}"}).err ==
        "tilla: template: :1:3: executing at <.Nope>: map has no entry for key \"Nope\"\n");
}

TEST_CASE("place: without XDG_RUNTIME_DIR all goes the same way", "[tilla][place]") {
  const Tilla tilla;
  const support::ProgramOptions options = {.input = small_root(), .env = {"XDG_RUNTIME_DIR"}};
  tilla.must({"import", "-", "one"}, options);
  tilla.must({"create", "--name", "box", "one"}, {.env = {"XDG_RUNTIME_DIR"}});
  CHECK(tilla.must({"commit", "box"}, {.env = {"XDG_RUNTIME_DIR"}}).starts_with("sha256:"));
}

TEST_CASE("place: system df counts images by their ids", "[tilla][place]") {
  const Tilla tilla;
  tilla.must({"import", "-", "one"}, {.input = small_root()});
  tilla.must({"tag", "one", "two"});
  tilla.must({"create", "one"});
  const std::string lines =
      tilla.must({"system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}"});
  CHECK(lines == "Images 1 1\nContainers 1 0\nLeftovers 0 0\n");
  const std::string details = tilla.must({"system", "df", "-v"});
  CHECK(details.find("one:latest, two:latest") != std::string::npos);
  CHECK(tilla.must({"system", "df", "--format", "json"}).starts_with("{\"Type\":\"Images\""));
}

TEST_CASE("place: image prune asks, filters, and says what it gave back", "[tilla][place]") {
  const Tilla tilla;
  tilla.must({"import", "-c", "LABEL keep=1", "-"}, {.input = small_root()});
  tilla.must({"import", "-"}, {.input = support::TarBuilder().file("x", "y").bytes()});
  tilla.must({"import", "-", "named"}, {.input = small_root()});
  CHECK(tilla.must({"image", "prune"}, {.input = "n\n"}).find("[y/N]") != std::string::npos);
  CHECK(tilla.index().manifests.size() == 3);
  const std::string out = tilla.must({"image", "prune", "-f", "--filter=label!=keep"});
  CHECK(out.starts_with("Deleted Images:\ndeleted: sha256:"));
  CHECK(out.find("Total reclaimed space: ") != std::string::npos);
  CHECK(tilla.index().manifests.size() == 2);
  tilla.must({"image", "prune", "-a"}, {.input = "y\n"});
  CHECK(tilla.index().manifests.empty());
  CHECK(tilla.layers().empty());
  CHECK(tilla.call({"image", "prune", "--filter", "x=y"}).err ==
        "tilla: invalid filter 'x' (there are dangling, label, label!, until)\n");
}

TEST_CASE("place: two who remove the names of an image at once leave nothing", "[tilla][place]") {
  const Tilla tilla;
  for (int round = 0; round < 5; ++round) {
    tilla.must({"import", "-", "one"}, {.input = small_root()});
    tilla.must({"tag", "one", "two"});
    support::Program first({support::tilla_program(), "--root", tilla.root(), "rmi", "one"});
    support::Program second({support::tilla_program(), "--root", tilla.root(), "rmi", "two"});
    const std::string out = first.wait().out + second.wait().out;
    CHECK(out.find("Deleted: sha256:") != std::string::npos);
    CHECK(tilla.index().manifests.empty());
    CHECK(tilla.layers().empty());
  }
}

/// A tmpfs of its own kind on a directory, as root.
class Disk {
 public:
  explicit Disk(const std::string& path) : path_(path) {
    support::make_directory(path_);
    REQUIRE(support::run({"mount", "-t", "tmpfs", "-o", "size=2m,mode=0755", "tilla", path_})
                .exit_code == 0);
  }
  ~Disk() { (void)support::run({"umount", "-l", path_}); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  void make_read_only() const {
    // The last worker may still be on its way out, with files that it wrote.
    int code = 1;
    for (int i = 0; i < 50 && code != 0; ++i) {
      if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      code = support::run({"mount", "-o", "remount,ro", path_}).exit_code;
    }
    REQUIRE(code == 0);
  }

 private:
  std::string path_;
};

TEST_CASE("place: a full disk is said, loses nothing, and rmi frees it", "[tilla][place][root]") {
  NEEDS(root);
  const Tilla tilla;
  const Disk disk(tilla.root());
  tilla.must({"import", "-", "small"}, {.input = small_root()});
  const std::string big =
      support::TarBuilder().file("big", std::string(std::size_t{4} << 20, 'x')).bytes();
  const Result result = tilla.call({"import", "-", "big"}, {.input = big});
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("tilla: import \"-\": "));
  CHECK(result.err.find("No space left on device\nhint: ") != std::string::npos);
  CHECK(tilla.left().empty());
  CHECK(tilla.must({"system", "check"}).empty());
  CHECK(tilla.must({"images", "--format", "{{.Repository}}"}) == "small\n");
  (void)support::run({"sh", "-c", "cat /dev/zero > '" + tilla.root() + "/filler'"});
  CHECK(tilla.must({"rmi", "small"}).starts_with("Untagged: small:latest\n"));
}

TEST_CASE("place: a store that can't be written is read, and says why not more",
          "[tilla][place][root]") {
  NEEDS(root);
  const Tilla tilla;
  const Disk disk(tilla.root());
  tilla.must({"import", "-", "small"}, {.input = small_root()});
  tilla.must({"create", "--name", "box", "small"});
  disk.make_read_only();
  CHECK(tilla.must({"images", "--format", "{{.Repository}}"}) == "small\n");
  CHECK_FALSE(tilla.must({"history", "small"}).empty());
  CHECK(tilla.must({"inspect", "-f", "{{.Name}}", "box"}) == "/box\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"rmi", "small"}, {"tag", "small", "x"}, {"create", "small"}, {"rm", "box"}}) {
    const Result result = tilla.call(words);
    CHECK(result.exit_code == 1);
    INFO(result.err);
    CHECK(result.err.find("Read-only file system") != std::string::npos);
  }
}

}  // namespace
