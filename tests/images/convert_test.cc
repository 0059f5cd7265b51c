// SPDX-License-Identifier: Apache-2.0
// Docker's documents (schema 2) and OCI's: kept byte for byte, converted only when asked. And what
// a manifest may have that nobody here needs: kept, and no error.
#include "config/json.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using config::Descriptor;
using support::LayoutBuilder;
using support::Result;
using support::small_root;
using support::TarBuilder;
using support::Tilla;

namespace type = config::media_type;

/// A layout with docker's manifest of one image, "sample".
Descriptor make_docker_sample(const std::string& path) {
  const LayoutBuilder layout(path);
  config::Manifest manifest = layout.manifest({small_root()});
  manifest.media_type = type::kDockerManifest;
  manifest.config.media_type = type::kDockerConfig;
  manifest.layers[0].media_type = type::kDockerLayer;
  const Descriptor image = layout.blob(config::write_manifest(manifest), type::kDockerManifest);
  layout.index({LayoutBuilder::named(image, "sample")});
  return image;
}

config::Manifest manifest_of(const Tilla& tilla, const Descriptor& descriptor) {
  return config::read_manifest(tilla.blob(descriptor.digest), "manifest", descriptor.media_type);
}

/// What another store has after `save` with these words, and `load`.
Descriptor pass_on(const Tilla& from, const Tilla& to, std::vector<std::string> words) {
  words.insert(words.begin(), {"save", "-o", from / "saved"});
  words.emplace_back("sample");
  from.must(words);
  to.must({"load", "-i", from / "saved"});
  return to.index().manifests.at(0);
}

TEST_CASE("save: docker's manifest stays byte for byte in every format", "[tilla][save]") {
  const auto format = GENERATE(std::string("docker-archive"), std::string("oci-archive"),
                               std::string("oci-dir"), std::string("docker-dir"));
  const Tilla tilla, other;
  const Descriptor image = make_docker_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  const Descriptor there = pass_on(tilla, other, {"--format", format});
  CHECK(there.digest == image.digest);
  CHECK(there.media_type == type::kDockerManifest);
  CHECK(other.blob(image.digest) == tilla.blob(image.digest));
  CHECK(other.must({"system", "check"}).empty());
}

TEST_CASE("save: --convert makes OCI's manifest of docker's, and docker's again", "[tilla][save]") {
  const Tilla tilla, oci, docker;
  const Descriptor image = make_docker_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  const Descriptor converted = pass_on(tilla, oci, {"--convert", "oci", "--format", "oci-archive"});
  CHECK(converted.media_type == type::kManifest);
  const config::Manifest manifest = manifest_of(oci, converted);
  CHECK(manifest.config.media_type == type::kConfig);
  CHECK(manifest.layers.at(0).media_type == type::kLayer);
  CHECK(manifest.config.digest == manifest_of(tilla, image).config.digest);  // the same image
  CHECK(tilla.index().manifests.at(0).digest == image.digest);  // nothing of this is in the store
  CHECK(pass_on(oci, docker, {"--convert", "docker"}).digest == image.digest);
}

TEST_CASE("save: --convert to what it is already changes nothing", "[tilla][save]") {
  const Tilla tilla, other;
  const Descriptor image = make_docker_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  CHECK(pass_on(tilla, other, {"--convert", "docker"}).digest == image.digest);
}

TEST_CASE("save: a conversion of an index converts the images in it", "[tilla][save]") {
  const Tilla tilla, other;
  const LayoutBuilder layout(tilla / "layout");
  config::Index index;
  index.media_type = type::kIndex;
  for (const char* architecture : {"amd64", "s390x"}) {
    Descriptor image = layout.image({small_root()});
    image.platform = config::Platform{.os = "linux", .architecture = architecture};
    index.manifests.push_back(image);
  }
  const Descriptor top = layout.blob(config::write_index(index), type::kIndex);
  layout.index({LayoutBuilder::named(top, "sample")});
  tilla.must({"load", "--platform", "linux/amd64", "-i", layout.path()});
  const Descriptor list = pass_on(tilla, other, {"--convert", "docker", "--format", "oci-dir"});
  CHECK(list.media_type == type::kDockerList);
  const config::Index converted =
      config::read_index(other.blob(list.digest), "list", list.media_type);
  REQUIRE(converted.manifests.size() == 2);
  CHECK(converted.manifests[1].media_type == type::kDockerManifest);
  CHECK(converted.manifests[1].platform->architecture == "s390x");
}

TEST_CASE("save: docker-dir takes one image and an empty directory", "[tilla][save]") {
  const Tilla tilla;
  make_docker_sample(tilla / "layout");
  tilla.must({"load", "-i", tilla / "layout"});
  tilla.must({"tag", "sample", "other"});
  Result result =
      tilla.call({"save", "--format", "docker-dir", "-o", tilla / "out", "sample", "other"});
  CHECK(result.exit_code == 1);
  CHECK(result.err == "tilla: save \"sample\": docker-dir takes one image\n");
  result = tilla.call({"save", "--format", "docker-dir", "-o", tilla / "layout", "sample"});
  CHECK(result.err == "tilla: save \"sample\": not empty\n");
  CHECK(tilla.call({"save", "--convert", "v2s1", "sample"}).err ==
        "tilla: format \"v2s1\": neither oci nor docker\n");
}

TEST_CASE("load: subject and artifactType are kept and shown, and keep their target",
          "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  const Descriptor target = layout.image({small_root()});
  config::Manifest about;
  about.media_type = type::kManifest;
  about.artifact_type = "application/vnd.example.signature";
  about.config = layout.blob("{}", type::kEmpty);
  about.layers = {layout.blob("signed", "application/vnd.example.signature.v1")};
  about.subject = target;
  const Descriptor referrer = layout.blob(config::write_manifest(about), type::kManifest);
  layout.index({LayoutBuilder::named(target, "sample"), LayoutBuilder::named(referrer, "sig:1")});
  tilla.must({"load", "-i", layout.path()});
  CHECK(tilla.must({"inspect", "-f", "{{.ArtifactType}} {{.Subject.digest}}", "sig:1"}) ==
        "application/vnd.example.signature " + target.digest.text() + "\n");
  tilla.must({"rmi", "sample"});
  tilla.must({"system", "prune", "-f"});
  CHECK_FALSE(tilla.blob(target.digest).empty());
  tilla.must({"rmi", "sig:1"});
  tilla.must({"system", "prune", "-f"});
  CHECK(tilla.blob(target.digest).empty());
}

TEST_CASE("load: a digest that nobody can verify is no error in what nobody reads",
          "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  Descriptor native = layout.image({small_root()});
  native.platform = config::Platform{.os = "linux", .architecture = "amd64"};
  config::Index index;
  index.media_type = type::kIndex;
  Descriptor odd = native;
  odd.platform = config::Platform{.os = "plan9", .architecture = "amd64"};
  odd.digest = {.algorithm = "blake3", .hex = std::string(64, 'b')};
  index.manifests = {odd, native};
  const Descriptor top = layout.blob(config::write_index(index), type::kIndex);
  layout.index({LayoutBuilder::named(top, "many")});
  tilla.must({"load", "--platform", "linux/amd64", "-i", layout.path()});
  CHECK(tilla.must({"system", "check"}).empty());
  tilla.must({"system", "prune", "-f"});
  CHECK(tilla.must({"images", "--format", "{{.Repository}}"}) == "many\n");
  const Result result = tilla.call({"load", "--platform", "plan9/amd64", "-i", layout.path()});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("algorithm \"blake3\" is not one that can be verified here") !=
        std::string::npos);
}

TEST_CASE("load: a layer by a digest that nobody can verify is an error", "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  config::Manifest manifest = layout.manifest({small_root()});
  manifest.layers[0].digest = {.algorithm = "blake3", .hex = std::string(64, 'b')};
  layout.index({layout.blob(config::write_manifest(manifest), type::kManifest)});
  const Result result = tilla.call({"load", "-i", layout.path()});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("blake3") != std::string::npos);
  CHECK(tilla.left().empty());
}

TEST_CASE("load: an image of the index in an index is found", "[tilla][load]") {
  const Tilla tilla;
  const LayoutBuilder layout(tilla / "layout");
  const auto wrap = [&](Descriptor inner) {
    config::Index index;
    index.media_type = type::kIndex;
    inner.platform = config::Platform{.os = "linux", .architecture = "amd64"};
    index.manifests = {inner};
    return layout.blob(config::write_index(index), type::kIndex);
  };
  layout.index({LayoutBuilder::named(wrap(wrap(layout.image({small_root()}))), "deep")});
  tilla.must({"load", "--platform", "linux/amd64", "-i", layout.path()});
  CHECK(tilla.layers().size() == 1);
}

}  // namespace
