// SPDX-License-Identifier: Apache-2.0
// `import`: effect, exit codes, error texts.
#include <regex>

#include "config/hash.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::small_root;
using support::TarBuilder;
using support::Tilla;

struct Imported {
  config::Manifest manifest;
  config::ImageConfig config;
};

/// The only image of the store.
Imported only_image(const Tilla& tilla) {
  const config::Index index = tilla.index();
  REQUIRE(index.manifests.size() == 1);
  Imported imported;
  imported.manifest = config::read_manifest(tilla.blob(index.manifests[0].digest), "manifest");
  imported.config =
      config::read_image_config(tilla.blob(imported.manifest.config.digest), "config");
  return imported;
}

std::string compressed(const std::string& program, const std::string& bytes) {
  const Result result = support::run({program, "-c"}, {.input = bytes});
  REQUIRE(result.exit_code == 0);
  return result.out;
}

TEST_CASE("import: a tar becomes an image of one layer", "[tilla][import]") {
  const Tilla tilla;
  support::write_text(tilla / "root.tar", small_root());
  const std::string out = tilla.must({"import", tilla / "root.tar", "small"});
  const Imported image = only_image(tilla);
  CHECK(out == image.manifest.config.digest.text() + "\n");
  CHECK(tilla.index().manifests[0].annotations.at("org.opencontainers.image.ref.name") ==
        "docker.io/library/small:latest");
  REQUIRE(image.manifest.layers.size() == 1);
  CHECK(image.manifest.layers[0].media_type == config::media_type::kLayer);
  CHECK(tilla.blob(image.manifest.layers[0].digest) == small_root());
  CHECK(image.config.diff_ids == std::vector{config::digest_of(small_root())});
  CHECK(image.config.history.at(0).comment == "Imported from -");
  CHECK(tilla.layers().size() == 1);
  CHECK(tilla.left().empty());
}

TEST_CASE("import: standard input, in the compressions that stay as they are", "[tilla][import]") {
  const auto program = GENERATE(std::string("gzip"), std::string("zstd"));
  const Tilla tilla;
  const std::string bytes = compressed(program, small_root());
  tilla.must({"import", "-"}, {.input = bytes});
  const Imported image = only_image(tilla);
  CHECK(tilla.blob(image.manifest.layers.at(0).digest) == bytes);
  CHECK(image.manifest.layers[0].media_type ==
        (program == "gzip" ? config::media_type::kLayerGzip : config::media_type::kLayerZstd));
  CHECK(image.config.diff_ids == std::vector{config::digest_of(small_root())});
}

TEST_CASE("import: of xz and bzip2 the tar in them is kept", "[tilla][import]") {
  const auto program = GENERATE(std::string("xz"), std::string("bzip2"));
  const Tilla tilla;
  tilla.must({"import", "-"}, {.input = compressed(program, small_root())});
  const Imported image = only_image(tilla);
  CHECK(image.manifest.layers.at(0).media_type == config::media_type::kLayer);
  CHECK(tilla.blob(image.manifest.layers[0].digest) == small_root());
}

TEST_CASE("import: --change, --message and --platform", "[tilla][import]") {
  const Tilla tilla;
  tilla.must({"import", "--change", "CMD [\"/bin/tool\"]", "-c", "ENV A=b", "-m", "a message",
              "--platform=linux/arm/v7", "-"},
             {.input = small_root()});
  const Imported image = only_image(tilla);
  CHECK(image.config.config.cmd == std::vector<std::string>{"/bin/tool"});
  CHECK(image.config.config.env == std::vector<std::string>{"A=b"});
  CHECK(image.config.history.at(0).comment == "a message");
  CHECK(image.config.platform.architecture == "arm");
  CHECK(image.config.platform.variant == "v7");
}

TEST_CASE("import: a change that is none fails before anything is read", "[tilla][import]") {
  const Tilla tilla;
  const Result result = tilla.call({"import", "-c", "RUN true", "-"}, {.input = small_root()});
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("tilla: import \"-\": "));
  CHECK(result.err.find("RUN") != std::string::npos);
  CHECK(tilla.index().manifests.empty());
}

TEST_CASE("import: the same archive at the same time is the same image", "[tilla][import]") {
  const support::ProgramOptions at = {.input = small_root(), .env = {"SOURCE_DATE_EPOCH=86400"}};
  const std::string first = Tilla().must({"import", "-"}, at);
  CHECK(Tilla().must({"import", "-"}, at) == first);
  const Tilla tilla;
  tilla.must({"import", "-"}, at);
  CHECK(only_image(tilla).config.created == "1970-01-02T00:00:00Z");
}

TEST_CASE("import: what has a name loses it to the next", "[tilla][import]") {
  const Tilla tilla;
  tilla.must({"import", "-", "a"}, {.input = small_root()});
  tilla.must({"import", "-", "a"}, {.input = TarBuilder().file("f", "1").bytes()});
  const config::Index index = tilla.index();
  REQUIRE(index.manifests.size() == 2);
  CHECK(index.manifests[0].annotations.empty());
  CHECK(index.manifests[1].annotations.size() == 1);
}

TEST_CASE("import: what is no archive is an error, and nothing is left", "[tilla][import]") {
  const Tilla tilla;
  const Result result = tilla.call({"import", "-"}, {.input = std::string(5000, 'x')});
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("tilla: import \"-\": "));
  CHECK(tilla.index().manifests.empty());
  CHECK(tilla.layers().empty());
  CHECK(tilla.left().empty());
  CHECK(tilla.call({"import", tilla / "none.tar"}).err ==
        "tilla: open \"" + (tilla / "none.tar") + "\": No such file or directory\n");
}

TEST_CASE("import: eight at once end in one copy of each layer", "[tilla][import]") {
  const Tilla tilla;
  support::write_text(tilla / "root.tar", small_root());
  std::vector<std::unique_ptr<support::Program>> programs;
  for (int i = 0; i < 8; ++i) {
    programs.push_back(std::make_unique<support::Program>(
        std::vector<std::string>{support::tilla_program(), "--root", tilla.root(), "import",
                                 tilla / "root.tar", "image" + std::to_string(i)}));
  }
  for (auto& program : programs) CHECK(program->wait().exit_code == 0);
  CHECK(tilla.index().manifests.size() == 8);
  CHECK(tilla.layers().size() == 1);
  CHECK(tilla.left().empty());
}

}  // namespace
