// SPDX-License-Identifier: Apache-2.0
// Attacks on whoever loads images: documents that contradict themselves or each other, digests that
// are paths, archives that lie. CVES.md's classes H, I and J.
#include "sys/format.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::LayoutBuilder;
using support::Result;
using support::small_root;
using support::TarBuilder;
using support::Tilla;

/// Loads the layout, which must fail with nothing left; gives what is said.
std::string refused(const Tilla& tilla, const LayoutBuilder& layout) {
  const Result result = tilla.call({"load", "-i", layout.path()});
  CHECK(result.exit_code == 1);
  CHECK(tilla.index().manifests.empty());
  CHECK(tilla.layers().empty());
  CHECK(tilla.left().empty());
  return result.err;
}

bool says(const std::string& text, std::string_view what) {
  INFO(text);
  return text.find(what) != std::string::npos;
}

TEST_CASE("t_both_layers_manifests: INV-8: a document that is manifest and index", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  std::string text = config::write_manifest(layout.manifest({small_root()}));
  text.insert(text.size() - 1, R"(,"manifests":[])");
  layout.index({layout.blob(text, config::media_type::kManifest)});
  CHECK(says(refused(tilla, layout), "manifests"));
}

TEST_CASE("t_mediatype_mismatch: INV-8: a body of another type than its descriptor's",
          "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Descriptor image = layout.image({small_root()});
  image.media_type = config::media_type::kDockerManifest;
  layout.index({image});
  CHECK(says(refused(tilla, layout), "mediaType"));
  config::Descriptor index = layout.image({small_root()});
  index.media_type = config::media_type::kIndex;
  layout.index({index});
  CHECK(says(refused(tilla, layout), "mediaType"));
}

TEST_CASE("t_digest_algo_path: INV-1: a digest that is a path", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  const auto digest = GENERATE(
      std::string("sha256:../../../../../../etc/passwd"), std::string("../..:0000"),
      std::string("md5:d41d8cd98f00b204e9800998ecf8427e"), std::string("sha256:"),
      std::string("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
  layout.index_text(sys::format(
      R"({{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":9}}]}})",
      config::media_type::kManifest, digest));
  CHECK(says(refused(tilla, layout), "digest"));
}

TEST_CASE("load: INV-8: a document with another digest or size is not parsed", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Descriptor image = layout.image({small_root()});
  support::write_text(layout.path() + "/blobs/sha256/" + image.digest.hex, "{");
  layout.index({image});
  CHECK(says(refused(tilla, layout), "bytes"));
  support::write_text(layout.path() + "/blobs/sha256/" + image.digest.hex,
                      std::string(image.size, '{'));
  CHECK(says(refused(tilla, layout), "digest"));
}

TEST_CASE("load: INV-8: a layer that is another than its descriptor or diff id says",
          "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  layout.index({layout.image({small_root()})});
  std::string other = small_root();
  other[1030] ^= 1;  // of a file's content
  support::write_text(layout.path() + "/blobs/sha256/" + config::digest_of(small_root()).hex,
                      other);
  CHECK(says(refused(tilla, layout), "digest"));
  const LayoutBuilder lying(tilla / "lying");
  config::Manifest manifest = lying.manifest({small_root()});
  config::ImageConfig config;
  config.platform = {.os = "linux", .architecture = "amd64"};
  config.diff_ids = {config::digest_of("something else")};
  manifest.config = lying.blob(config::write_image_config(config), config::media_type::kConfig);
  lying.index({lying.blob(config::write_manifest(manifest), config::media_type::kManifest)});
  refused(tilla, lying);
}

TEST_CASE("load: INV-12: indexes in indexes without end, and documents without end", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Descriptor inner = layout.image({small_root()});
  for (int i = 0; i < 20; ++i) {
    config::Index index;
    index.media_type = config::media_type::kIndex;
    inner.platform = config::Platform{.os = "linux", .architecture = "amd64"};
    index.manifests = {inner, inner, inner};
    inner = layout.blob(config::write_index(index), config::media_type::kIndex);
  }
  layout.index({inner});
  CHECK(says(refused(tilla, layout), "deep"));
  layout.index({layout.blob(std::string(5 << 20, ' '), config::media_type::kManifest)});
  CHECK(says(refused(tilla, layout), "bytes"));
}

TEST_CASE("t_foreign_url: INV-10: a layer's urls are never fetched", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Manifest manifest = layout.manifest({small_root()});
  manifest.layers[0].urls = {"http://127.0.0.1:1/layer.tar"};
  CHECK(support::run({"rm", layout.path() + "/blobs/sha256/" + manifest.layers[0].digest.hex})
            .exit_code == 0);
  layout.index({layout.blob(config::write_manifest(manifest), config::media_type::kManifest)});
  CHECK(says(refused(tilla, layout), "never fetched"));
}

TEST_CASE("load: INV-1: a blob of a layout that is a symlink or a FIFO", "[security]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  const config::Manifest manifest = layout.manifest({small_root()});
  const std::string blob = layout.path() + "/blobs/sha256/" + manifest.layers[0].digest.hex;
  layout.index({layout.blob(config::write_manifest(manifest), config::media_type::kManifest)});
  REQUIRE(
      support::run({"sh", "-c", "mv \"$0\" \"$0.x\" && ln -s \"$0.x\" \"$0\"", blob}).exit_code ==
      0);
  refused(tilla, layout);
  REQUIRE(support::run({"sh", "-c", "rm \"$0\" && mkfifo \"$0\"", blob}).exit_code == 0);
  CHECK(says(refused(tilla, layout), "regular file"));
}

TEST_CASE("load: INV-1: names of an outer archive that lead out", "[security]") {
  const Tilla tilla;
  const std::string outside = tilla / "outside";
  const auto name = GENERATE_COPY(std::string("../outside"), std::string("/") + outside,
                                  std::string("a/../../outside"));
  support::write_text(
      tilla / "evil.tar",
      TarBuilder().file(name.substr(0, 99), "evil").file("manifest.json", "[]").bytes());
  (void)tilla.call({"load", "-i", tilla / "evil.tar"});
  CHECK_FALSE(support::exists(outside));
  CHECK(tilla.left().empty());
}

TEST_CASE("load: INV-1: docker's manifest.json names files of the host's", "[security]") {
  const Tilla tilla;
  support::write_text(
      tilla / "evil.tar",
      TarBuilder()
          .symlink("config.json", "/etc/passwd")
          .file("manifest.json", R"([{"Config":"config.json","Layers":["/etc/passwd"]}])")
          .bytes());
  const Result result = tilla.call({"load", "-i", tilla / "evil.tar"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("root:") == std::string::npos);
}

TEST_CASE("import: INV-9: a change is data, whatever is in it", "[security]") {
  const Tilla tilla;
  const Result result =
      tilla.call({"import", "-c", "ENV HOME", "-"}, {.input = small_root()});  // t_env_barekey
  CHECK(result.exit_code == 1);
  tilla.must({"import", "-c", "LABEL a=$(touch${IFS}x)", "-"}, {.input = small_root()});
  CHECK(tilla.left().empty());
}

}  // namespace
