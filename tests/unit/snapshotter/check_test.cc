// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <catch2/catch.hpp>

#include "snapshotter/content/store.h"
#include "snapshotter/content/usage.h"
#include "sys/error.h"
#include "sys/file.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/image_samples.h"

namespace {

using Catch::Contains;
using samples::add_image;
using samples::Image;
using samples::problems_of;
using snapshotter::Store;
using support::TempDirectory;

struct Scene {
  TempDirectory directory;
  std::string path = directory / "store";
  Store store = Store::open(path);
  Image image = add_image(store, {"base", "a"}, "example.com/a:1");

  std::string blob(std::size_t number) const {
    return path + "/blobs/sha256/" + image.blobs[number].hex;
  }
};

}  // namespace

TEST_CASE("check: a torn blob is found, dropped, and whole again after the image is loaded again",
          "[content]") {
  Scene scene;
  const std::size_t which = GENERATE(0U, 2U);  // a layer, the config
  REQUIRE(::truncate(scene.blob(which).c_str(), 3) == 0);
  const std::string what = "blob " + scene.image.blobs[which].text();
  REQUIRE_THAT(problems_of(scene.store), Contains(what + ": its content has digest"));
  REQUIRE(support::exists(scene.blob(which)));
  const std::string repaired = problems_of(scene.store, true);
  REQUIRE_THAT(repaired, Contains("(repaired)") && Contains("image \"example.com/a:1\"") &&
                             Contains("load or pull the image again"));
  REQUIRE_FALSE(support::exists(scene.blob(which)));
  (void)add_image(scene.store, {"base", "a"}, "example.com/a:1");
  REQUIRE(problems_of(scene.store) == "");
}

TEST_CASE("check: an image whose manifest is lost leaves the index, others stay", "[content]") {
  Scene scene;
  (void)add_image(scene.store, {"base", "b"}, "example.com/b:1");
  support::write_text(scene.blob(3), "{}");
  REQUIRE_THAT(problems_of(scene.store), Contains("its manifest"));
  (void)problems_of(scene.store, true);
  REQUIRE(problems_of(scene.store) == "");
  REQUIRE(scene.store.index().manifests.size() == 1);
}

TEST_CASE("check: an index.json that can't be read is made anew, without the names", "[content]") {
  Scene scene;
  support::write_text(scene.path + "/index.json", R"({"schemaVersion":2,"mani)");
  REQUIRE_THAT(problems_of(scene.store), Contains("index.json"));
  REQUIRE_THAT(problems_of(scene.store, true), Contains("their names are lost"));
  REQUIRE(scene.store.index().manifests.size() == 1);
  REQUIRE(scene.store.index().manifests[0].digest == scene.image.manifest.digest);
  REQUIRE(scene.store.collect(true).blobs.empty());
}

TEST_CASE("check: an index.json that is gone is not taken for that of an empty store",
          "[content]") {
  Scene scene;
  REQUIRE(::unlink((scene.path + "/index.json").c_str()) == 0);
  Store later = Store::open(scene.path);
  REQUIRE_THROWS_AS(later.collect(true), sys::Error);
  (void)problems_of(later, true);
  REQUIRE(later.index().manifests.size() == 1);
  REQUIRE(problems_of(later) == "");
}

TEST_CASE("check: foreign files are named, in blobs and layers dropped", "[content]") {
  Scene scene;
  support::write_text(scene.path + "/blobs/sha256/oci-put-blob123", "x");
  support::write_text(scene.path + "/layers/single-1234/notes", "x");
  support::write_text(scene.path + "/notes", "x");
  const std::string found = problems_of(scene.store, true);
  REQUIRE_THAT(found, Contains("oci-put-blob123\": its name is no digest (repaired)"));
  REQUIRE_THAT(found, Contains("layer single-1234/notes: its name is no chain id (repaired)"));
  REQUIRE_THAT(found, Contains("file \"notes\""));
  REQUIRE(support::exists(scene.path + "/notes"));
  REQUIRE(support::names_in(scene.path + "/layers/single-1234").size() == 6);
}

TEST_CASE("check: a container's own files are never touched", "[content]") {
  Scene scene;
  samples::add_container(scene.store, scene.image, "one");
  support::write_text(scene.path + "/containers/one/record.json", "{\"id\"");
  support::make_directory(scene.path + "/containers/two");
  const std::string found = problems_of(scene.store, true);
  REQUIRE_THAT(found, Contains("container \"one\"") && Contains("container \"two\""));
  REQUIRE(support::read_text(scene.path + "/containers/one/own") == "the container's\n");
  REQUIRE(support::exists(scene.path + "/containers/two"));
}

TEST_CASE("check: a layer that a container needs and that is gone is named", "[content]") {
  Scene scene;
  samples::add_container(scene.store, scene.image, "one");
  sys::remove_tree_at(scene.store.directory(),
                      "layers/single-1234/" + scene.image.chain_ids[0].hex);
  REQUIRE_THAT(problems_of(scene.store), Contains("container \"one\": layer single-1234/"));
}

TEST_CASE("usage: what images share is counted once", "[content]") {
  Scene scene;
  (void)add_image(scene.store, {"base", "b"}, "example.com/b:1");
  samples::add_container(scene.store, scene.image, "one");
  const snapshotter::Usage usage = snapshotter::usage_of(scene.store);
  REQUIRE(usage.images.size() == 2);
  REQUIRE(usage.images[0].names == std::vector<std::string>{"example.com/a:1"});
  REQUIRE(usage.images[0].containers == 1);
  REQUIRE(usage.images[1].containers == 0);
  // Layer "base", as blob and as directory.
  REQUIRE(usage.images[0].shared == 22);
  REQUIRE(usage.image_bytes == 22 + usage.images[0].unique + usage.images[1].unique);
  REQUIRE(usage.reclaimable_image_bytes == usage.images[1].unique);
}

TEST_CASE("usage: images without a name, or without a container, are the unused ones",
          "[content]") {
  Scene scene;
  (void)add_image(scene.store, {"nameless"}, "");
  (void)add_image(scene.store, {"b"}, "example.com/b:1");
  samples::add_container(scene.store, scene.image, "one");
  REQUIRE(snapshotter::unused_images(scene.store, false).size() == 1);
  const std::vector<config::Descriptor> unused = snapshotter::unused_images(scene.store, true);
  REQUIRE(unused.size() == 2);
  snapshotter::forget_images(scene.store, unused);
  REQUIRE(scene.store.index().manifests.size() == 1);
}
