// SPDX-License-Identifier: Apache-2.0
// Layers as directories, made by a shell; those below first.
#include "engine/image/finish_layer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace {

class Layers {
 public:
  /// "OPAQUE NAME" and "WHITEOUT NAME" are commands in each line.
  explicit Layers(const std::vector<std::string>& lines) {
    mapping_.overlay_prefix = "user.overlay.";
    for (const std::string& line : lines) {
      const std::string path = directory_ / std::to_string(fds_.size());
      support::make_directory(path);
      const support::Result result =
          support::run({"sh", "-ec",
                        "umask 022; WHITEOUT() { mknod \"$1\" c 0 0; };"
                        "OPAQUE() { setfattr -n user.overlay.opaque -v y \"$1\"; };" +
                            line},
                       {.cwd = path});
      if (result.exit_code != 0) throw sys::Error(result.all());
      fds_.push_back(sys::open_path(path, O_RDONLY | O_DIRECTORY));
    }
  }

  /// Of the last layer, with all others below it.
  void finish(const snapshotter::Unpacked& unpacked) const {
    std::vector<int> below;
    for (std::size_t i = fds_.size() - 1; i-- > 0;) below.push_back(fds_[i].get());
    engine::finish_layer(fds_.back().get(), below, unpacked, mapping_);
  }
  /// What a shell line says in the last layer.
  std::string ask(const std::string& line) const {
    const support::Result result =
        support::run({"sh", "-ec", line}, {.cwd = directory_ / std::to_string(fds_.size() - 1)});
    return result.all();
  }

 private:
  support::TempDirectory directory_;
  std::vector<sys::Fd> fds_;
  snapshotter::Mapping mapping_;
};

snapshotter::Unpacked implied(const std::vector<std::string>& paths) {
  snapshotter::Unpacked unpacked;
  unpacked.implied = paths;
  return unpacked;
}
snapshotter::Unpacked link_below(const std::string& name, const std::string& target) {
  snapshotter::Unpacked unpacked;
  unpacked.links_below = {{name, target}};
  return unpacked;
}

std::string failure(const Layers& layers, const snapshotter::Unpacked& unpacked) {
  try {
    layers.finish(unpacked);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("finish_layer: a directory that no entry describes is like the one it hides",
          "[engine][layer]") {
  const Layers layers(
      {"mkdir -p a/b; chmod 700 a; chmod 1777 a/b; setfattr -n user.kept -v 1 a/b;"
       "touch -d 2001-02-03T04:05:06.7Z a/b; touch -d 2002-01-01T00:00:00Z a",
       "mkdir other", "mkdir -p a/b; echo f > a/b/f"});
  layers.finish(implied({"", "a", "a/b"}));
  CHECK(layers.ask("stat -c '%a %.1Y' a a/b; getfattr --only-values -n user.kept a/b") ==
        "700 1009843200.0\n1777 981173106.7\n1");
}

TEST_CASE("finish_layer: of several below the topmost counts, and what hides them",
          "[engine][layer]") {
  const std::string low = "mkdir -p a/in; chmod 700 a a/in";
  const std::string own = "mkdir -p a/in";
  const std::string ask = "stat -c %a a a/in";
  const auto modes = [&](const std::string& middle) {
    const Layers layers({low, middle, own});
    layers.finish(implied({"a", "a/in"}));
    return layers.ask(ask);
  };
  CHECK(modes("mkdir a; chmod 711 a") == "711\n700\n");
  CHECK(modes("mkdir a; chmod 711 a; OPAQUE a") == "711\n755\n");
  CHECK(modes("WHITEOUT a") == "755\n755\n");
  CHECK(modes("echo file > a") == "755\n755\n");
  CHECK(modes("ln -s . a") == "755\n755\n");
}

TEST_CASE("finish_layer: a hard link to a file below gets a copy of it, under both names",
          "[engine][layer]") {
  const Layers layers(
      {"mkdir -p usr/bin; echo tool > usr/bin/tool; chmod 4751 usr/bin/tool;"
       "touch -d 2001-02-03T04:05:06Z usr/bin/tool; chmod 711 usr/bin",
       "mkdir bin"});
  layers.finish(link_below("bin/alias", "usr/bin/tool"));
  CHECK(layers.ask("cat bin/alias; stat -c '%a %h %Y' bin/alias usr/bin/tool; stat -c %a usr/bin;"
                   "[ bin/alias -ef usr/bin/tool ] && echo same") ==
        "tool\n4751 2 981173106\n4751 2 981173106\n711\nsame\n");
}

TEST_CASE("finish_layer: a hard link to a symlink below is that symlink", "[engine][layer]") {
  const Layers layers({"ln -s /nowhere l; touch -hd 2001-02-03T04:05:06Z l", "true"});
  layers.finish(link_below("h", "l"));
  CHECK(layers.ask("readlink h l; stat -c '%h %Y' h") == "/nowhere\n/nowhere\n2 981173106\n");
}

TEST_CASE("finish_layer: a hard link to what is not to be seen below is an error",
          "[engine][layer]") {
  const std::string low = "mkdir d; echo f > d/f";
  CHECK(failure(Layers({low, "true"}), link_below("h", "d/none")) ==
        "hard link \"h\" to \"d/none\": no layer below has that file");
  CHECK(failure(Layers({low, "WHITEOUT d", "true"}), link_below("h", "d/f")) ==
        "hard link \"h\" to \"d/f\": no layer below has that file");
  CHECK(failure(Layers({low, "mkdir d; OPAQUE d", "true"}), link_below("h", "d/f")) ==
        "hard link \"h\" to \"d/f\": no layer below has that file");
  CHECK(failure(Layers({low, "mkdir d; OPAQUE d"}), link_below("h", "d/f")) ==
        "hard link \"h\" to \"d/f\": the layer itself takes that file away");
  CHECK(failure(Layers({low, "true"}), link_below("h", "d")) ==
        "hard link \"h\" to \"d\": neither a regular file nor a symlink in the layers below");
}

TEST_CASE("finish_layer: nothing is read or written through a symlink (INV-1)", "[engine][layer]") {
  const support::TempDirectory outside;
  support::write_text(outside / "secret", "secret");
  const Layers reading({"ln -s " + outside.path() + " s", "true"});
  CHECK(failure(reading, link_below("h", "s/secret")) ==
        "hard link \"h\" to \"s/secret\": no layer below has that file");
  const Layers writing({"mkdir d; echo f > d/f", "ln -s " + outside.path() + " d"});
  CHECK(failure(writing, link_below("h", "d/f")) ==
        "hard link \"h\" to \"d/f\": the layer itself takes that file away");
  CHECK(support::names_in(outside.path()) == std::vector<std::string>{"secret"});
}
