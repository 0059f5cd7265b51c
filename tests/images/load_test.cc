// SPDX-License-Identifier: Apache-2.0
// `load` and `save`: layouts and archives of our own making, of Debian's tools, and theirs of ours.
#include "config/json.h"
#include "sys/format.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::LayoutBuilder;
using support::Result;
using support::small_root;
using support::TarBuilder;
using support::Tilla;

std::string upper() {
  return TarBuilder().file("bin/.wh.other", "").file("etc/added", "new\n").bytes();
}

std::string name_of(const config::Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(config::kRefNameAnnotation));
  return found == descriptor.annotations.end() ? "" : found->second;
}

/// A layout with one image of two layers, "sample".
config::Descriptor make_sample(const std::string& path) {
  const LayoutBuilder layout(path);
  const config::Descriptor image = layout.image({small_root(), upper()});
  layout.index({LayoutBuilder::named(image, "sample")});
  return image;
}

std::string packed(const std::string& directory, const std::string& file) {
  REQUIRE(support::run({"tar", "-C", directory, "-cf", file, "."}).exit_code == 0);
  return file;
}

TEST_CASE("load: a layout's image keeps every byte, and its layers are unpacked", "[tilla][load]") {
  const Tilla tilla;
  const config::Descriptor image = make_sample(tilla / "layout");
  CHECK(tilla.must({"load", "-i", tilla / "layout"}) == "Loaded image: sample:latest\n");
  const config::Index index = tilla.index();
  REQUIRE(index.manifests.size() == 1);
  CHECK(index.manifests[0].digest == image.digest);
  CHECK(name_of(index.manifests[0]) == "docker.io/library/sample:latest");
  CHECK(tilla.blob(config::digest_of(small_root())) == small_root());
  CHECK(tilla.layers().size() == 2);
  CHECK(tilla.left().empty());
}

TEST_CASE("load: an archive, plain and compressed, from a file and from standard input",
          "[tilla][load]") {
  const auto program = GENERATE(std::string("cat"), std::string("gzip"), std::string("zstd"),
                                std::string("xz"), std::string("bzip2"));
  const Tilla tilla;
  make_sample(tilla / "layout");
  packed(tilla / "layout", tilla / "sample.tar");
  const std::string line = program + (program == "cat" ? "" : " -c") + " '" +
                           (tilla / "sample.tar") + "' | '" + support::tilla_program() +
                           "' --root '" + tilla.root() + "' load";
  const Result result = support::run({"sh", "-c", line});
  CHECK(result.err.empty());
  CHECK(result.out == "Loaded image: sample:latest\n");
  CHECK(tilla.layers().size() == 2);
  CHECK(tilla.left().empty());
}

TEST_CASE("load: twice is once", "[tilla][load]") {
  const Tilla tilla;
  make_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  tilla.must({"load", "-i", tilla / "layout"});
  CHECK(tilla.index().manifests.size() == 1);
  CHECK(tilla.layers().size() == 2);
}

TEST_CASE("load: without a name it is known by its id", "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  const config::Manifest manifest = layout.manifest({small_root()});
  layout.index({layout.image({small_root()})});
  CHECK(tilla.must({"load", "-i", layout.path()}) ==
        "Loaded image ID: " + manifest.config.digest.text() + "\n");
}

TEST_CASE("load: an archive of docker's, with a layer that is a symlink to another",
          "[tilla][load]") {
  const Tilla tilla;
  config::ImageConfig config;
  config.platform = {.os = "linux", .architecture = "amd64"};
  config.diff_ids = {config::digest_of(small_root()), config::digest_of(small_root())};
  const std::string text = config::write_image_config(config);
  support::write_text(
      tilla / "docker.tar",
      TarBuilder()
          .file("abc.json", text)
          .directory("one/")
          .file("one/layer.tar", small_root())
          .directory("two/")
          .symlink("two/layer.tar", "../one/layer.tar")
          .file("manifest.json", R"([{"Config":"abc.json","RepoTags":["first","second:2"],)"
                                 R"("Layers":["one/layer.tar","two/layer.tar"]}])")
          .bytes());
  CHECK(tilla.must({"load", "-i", tilla / "docker.tar"}) ==
        "Loaded image: first:latest\nLoaded image: second:2\n");
  REQUIRE(tilla.index().manifests.size() == 2);
  CHECK(tilla.blob(config::digest_of(text)) == text);  // the id stays
  CHECK(tilla.layers().size() == 2);
}

TEST_CASE("load: a whole index is kept, its artifact too", "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Index index;
  index.media_type = config::media_type::kIndex;
  config::Descriptor native = layout.image({small_root()});
  native.platform = config::Platform{.os = "linux", .architecture = "amd64"};
  config::Descriptor other = layout.image({upper()});
  other.platform = config::Platform{.os = "linux", .architecture = "s390x"};
  index.manifests = {native, other, layout.blob("?", "application/x-nobody-knows")};
  layout.index({LayoutBuilder::named(
      layout.blob(config::write_index(index), config::media_type::kIndex), "many")});
  tilla.must({"load", "--platform", "linux/amd64", "-i", layout.path()});
  CHECK(tilla.blob(config::digest_of("?")) == "?");
  CHECK(tilla.blob(config::digest_of(upper())) == upper());
  CHECK(tilla.layers().size() == 1);
  const Result none = tilla.call({"load", "--platform", "linux/riscv64", "-i", layout.path()});
  CHECK(none.exit_code == 1);
  CHECK(none.err.find("\"many\" has no image for linux/riscv64") != std::string::npos);
}

TEST_CASE("load: what is neither a layout nor docker's says where to go", "[tilla][load]") {
  const Tilla tilla;
  support::write_text(tilla / "root.tar", small_root());
  const Result result = tilla.call({"load", "-i", tilla / "root.tar"});
  CHECK(result.exit_code == 1);
  CHECK(result.err == "tilla: load \"" + (tilla / "root.tar") +
                          "\": neither an OCI layout nor an archive of docker's\n"
                          "hint: a root file system becomes an image by `tilla import`\n");
}

TEST_CASE("save: what was loaded goes out bit for bit, in every format and identity",
          "[tilla][save]") {
  const auto format = GENERATE(std::string("docker-archive"), std::string("oci-archive"));
  const Tilla tilla, other;
  const config::Descriptor image = make_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  tilla.must({"save", "--format", format, "-o", tilla / "saved.tar", "sample"});
  CHECK(other.must({"load", "-i", tilla / "saved.tar"}) == "Loaded image: sample:latest\n");
  CHECK(other.index().manifests.at(0).digest == image.digest);
  CHECK(other.blob(config::digest_of(upper())) == upper());
}

TEST_CASE("save: to a directory, which grows", "[tilla][save]") {
  const Tilla tilla;
  make_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  tilla.must({"import", "-", "more"}, {.input = small_root()});
  tilla.must({"save", "--format", "oci-dir", "-o", tilla / "out", "sample"});
  tilla.must({"save", "--format", "oci-dir", "-o", tilla / "out", "more"});
  const Tilla other;
  CHECK(other.must({"load", "-i", tilla / "out"}) ==
        "Loaded image: sample:latest\nLoaded image: more:latest\n");
}

TEST_CASE("save: what there is not", "[tilla][save]") {
  const Tilla tilla;
  const Result result = tilla.call({"save", "-o", tilla / "x.tar", "nothing"});
  CHECK(result.exit_code == 1);
  CHECK(result.err == "tilla: no such image: nothing\n");
  CHECK_FALSE(support::exists(tilla / "x.tar"));
}

TEST_CASE("save: the same images make the same archive", "[tilla][save]") {
  const Tilla tilla;
  make_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  CHECK(tilla.must({"save", "sample"}) == tilla.must({"save", "sample"}));
}

TEST_CASE("save: skopeo reads what we write, and we what it writes", "[tilla][save]") {
  const Tilla tilla, other;
  const config::Descriptor image = make_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  const auto copy = [&](const std::string& from, const std::string& to) {
    const Result result =
        support::run({"skopeo", "--insecure-policy", "copy", "--quiet", from, to});
    INFO(result.all());
    REQUIRE(result.exit_code == 0);
  };
  tilla.must({"save", "-o", tilla / "docker.tar", "sample"});
  tilla.must({"save", "--format", "oci-archive", "-o", tilla / "oci.tar", "sample"});
  copy("docker-archive:" + (tilla / "docker.tar"), "oci:" + (tilla / "a") + ":a");
  copy("oci-archive:" + (tilla / "oci.tar"), "oci:" + (tilla / "b") + ":b");
  copy("oci:" + (tilla / "b") + ":b", "docker-archive:" + (tilla / "c.tar") + ":c:1");
  copy("oci:" + (tilla / "b") + ":b", "oci-archive:" + (tilla / "d.tar") + ":d:1");
  CHECK(other.must({"load", "-i", tilla / "c.tar"}) == "Loaded image: c:1\n");
  CHECK(other.must({"load", "-i", tilla / "d.tar"}) == "Loaded image: d:1\n");
  CHECK(other.index().manifests.size() == 2);
}

}  // namespace
