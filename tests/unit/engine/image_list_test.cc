// SPDX-License-Identifier: Apache-2.0
#include "engine/image/image_list.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "config/platform.h"
#include "engine/commands/image_filter.h"
#include "engine/commands/image_tree.h"
#include "engine/image/inspect_image.h"
#include "engine/image/remove_images.h"
#include "sys/error.h"
#include "tests/support/harness.h"

using Catch::Matchers::Contains;
using config::Descriptor;
using config::Digest;

namespace {

struct NewImage {
  std::string name;
  std::vector<std::string> layers;  // texts: the same text is the same layer
  std::string created = "2024-01-01T00:00:00Z";
  std::map<std::string, std::string> labels = {};
};

class ScratchStore {
 public:
  snapshotter::Store& store() { return store_; }

  Descriptor add_manifest(const NewImage& image) {
    config::Manifest manifest;
    manifest.media_type = config::media_type::kManifest;
    config::ImageConfig config;
    config.created = image.created;
    config.platform = config::native_platform();
    config.config.labels = image.labels;
    for (const std::string& layer : image.layers) {
      config.diff_ids.push_back(config::digest_of(layer));
      config.history.push_back({.created = image.created, .created_by = "ADD " + layer});
      manifest.layers.push_back(store_.add_blob(layer, config::media_type::kLayer, lease_));
    }
    manifest.config =
        store_.add_blob(config::write_image_config(config), config::media_type::kConfig, lease_);
    return store_.add_blob(config::write_manifest(manifest), config::media_type::kManifest, lease_);
  }

  void put(const Descriptor& entry, const std::string& name) {
    store_.update_index([&](config::Index& index) { engine::put_image(index, entry, name); });
  }

  Descriptor add(const NewImage& image) {
    const Descriptor entry = add_manifest(image);
    put(entry, image.name.empty() ? "" : config::parse_reference(image.name).text());
    return entry;
  }

  std::vector<engine::ImageRecord> list() {
    return engine::list_images(store_, config::native_platform());
  }

  engine::Removed remove(const std::vector<engine::ImageRecord>& images,
                         const engine::ImageMatch& match, const engine::RemoveOptions& options) {
    const engine::Removal removal = engine::plan_removal(images, {}, match, options);
    store_.update_index(
        [&](config::Index& index) { engine::erase_entries(index, removal.entries); });
    return removal.removed;
  }

  void add_container(const std::string& id, const Digest& manifest, const Digest& image = {}) {
    snapshotter::Staging staging = store_.stage();
    support::make_directory(store_.path() + "/staging/" + staging.name() + "/c");
    support::write_text(store_.path() + "/staging/" + staging.name() + "/c/record.json",
                        R"({"name":"web","imageId":")" + image.text() + R"(","needs":{"blobs":[")" +
                            manifest.text() + R"("],"layers":[]}})");
    REQUIRE(store_.add_container(staging, "c", id));
  }

 private:
  support::TempDirectory directory_;
  snapshotter::Store store_ = snapshotter::Store::open(directory_ / "store");
  snapshotter::Lease lease_ = store_.lease();
};

std::string problem_of(const std::vector<engine::ImageRecord>& images, const std::string& text) {
  try {
    (void)engine::resolve_image(images, text);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("images: one record for each id, the newest first", "[engine][images]") {
  ScratchStore scratch;
  const Descriptor old = scratch.add({.name = "debian:12", .layers = {"a"}});
  scratch.put(old, config::parse_reference("localhost:5000/debian").text());
  scratch.add({.name = "", .layers = {"a", "bcd"}, .created = "2025-01-01T00:00:00Z"});
  const auto images = scratch.list();
  REQUIRE(images.size() == 2);
  CHECK(images[0].names.empty());
  CHECK(images[0].size == 4);
  CHECK(images[0].layer_sizes == std::vector<std::uint64_t>{1, 3});
  CHECK(engine::call_image(images[1]) == "debian:12, localhost:5000/debian:latest");
}

TEST_CASE("images: found by name, id, digest and the beginning of an id", "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "debian", .layers = {"a"}});
  const auto images = scratch.list();
  const std::string hex = images[0].id.hex;
  for (const std::string& text :
       {std::string("debian"), std::string("docker.io/library/debian:latest"), hex,
        hex.substr(0, 12), "sha256:" + hex, "sha256:" + hex.substr(0, 7), entry.digest.text(),
        "debian@" + entry.digest.text(), "debian:latest@" + entry.digest.text()}) {
    CAPTURE(text);
    CHECK(engine::resolve_image(images, text).image == &images[0]);
  }
  CHECK(problem_of(images, "nothing") == "no such image: nothing");
  CHECK(problem_of(images, "debian:1@" + entry.digest.text()) != "");
  CHECK(problem_of(images, "debian@" + images[0].id.text()) != "");
  CHECK_THAT(problem_of(images, "Debian"), Contains("must be lowercase"));
  CHECK_THAT(problem_of(images, "scratch"), Contains("empty image"));
}

TEST_CASE("images: the beginning of several ids lists them", "[engine][images]") {
  ScratchStore scratch;
  // By the pigeonhole, two of seventeen begin alike.
  for (int i = 0; i < 17; ++i) {
    scratch.add({.name = "x:" + std::to_string(i), .layers = {std::to_string(i)}});
  }
  const auto images = scratch.list();
  std::map<char, int> starts;
  for (const engine::ImageRecord& image : images) ++starts[image.id.hex[0]];
  const auto twice =
      std::ranges::find_if(starts, [](const auto& start) { return start.second > 1; });
  REQUIRE(twice != starts.end());
  const std::string problem = problem_of(images, "sha256:" + std::string(1, twice->first));
  CHECK_THAT(problem, Contains("beginning of several ids") && Contains("\n  ") && Contains("x:"));
}

TEST_CASE("images: one that is damaged hides none of the others", "[engine][images]") {
  ScratchStore scratch;
  const Descriptor bad = scratch.add({.name = "bad", .layers = {"b"}});
  scratch.add({.name = "good", .layers = {"g"}});
  const std::string blob = scratch.store().path() + "/blobs/sha256/" + bad.digest.hex;
  std::filesystem::remove(blob);
  support::write_text(blob, "{}");
  const auto images = scratch.list();
  REQUIRE(images.size() == 2);
  CHECK(engine::resolve_image(images, "good").image->problem.empty());
  CHECK_FALSE(engine::resolve_image(images, "bad").image->problem.empty());
}

TEST_CASE("images: filters", "[engine][images]") {
  ScratchStore scratch;
  scratch.add({.name = "old:1", .layers = {"a"}, .labels = {{"k", "v"}}});
  scratch.add({.name = "new:1", .layers = {"b"}, .created = "2025-01-01T00:00:00Z"});
  scratch.add({.name = "", .layers = {"c"}, .created = "2023-01-01T00:00:00Z"});
  const auto images = scratch.list();
  const auto passing = [&](const std::vector<std::string>& texts) {
    const engine::Filters filters = engine::parse_filters(
        texts, {"before", "dangling", "label", "reference", "since", "until"});
    std::string names;
    for (const engine::ImageRecord& image : images) {
      if (!engine::passes(filters, image, images)) continue;
      names += (image.names.empty() ? "-" : image.names[0].familiar()) + " ";
    }
    return names;
  };
  CHECK(passing({"dangling=true"}) == "- ");
  CHECK(passing({"dangling=false"}) == "new:1 old:1 ");
  CHECK(passing({"label=k"}) == "old:1 ");
  CHECK(passing({"label=k=w"}).empty());
  CHECK(passing({"before=new:1"}) == "old:1 - ");
  CHECK(passing({"since=old:1"}) == "new:1 ");
  CHECK(passing({"reference=o*", "reference=new"}) == "new:1 old:1 ");
  CHECK(passing({"until=2024-06-01T00:00:00Z"}) == "old:1 - ");
  CHECK_THROWS_WITH(engine::parse_filters({"x=1"}, {"label"}), Contains("invalid filter 'x'"));
  CHECK_THROWS_WITH(engine::parse_filters({"x"}, {"label"}), Contains("expected name=value"));
}

TEST_CASE("images: the tree has each layer once", "[engine][images]") {
  ScratchStore scratch;
  scratch.add({.name = "base", .layers = {"base"}});
  scratch.add({.name = "app", .layers = {"base", "app"}});
  scratch.add({.name = "web", .layers = {"base", "webs"}});
  const auto images = scratch.list();
  std::vector<const engine::ImageRecord*> shown;
  for (const engine::ImageRecord& image : images) shown.push_back(&image);
  const std::string tree = engine::draw_tree(shown, true);
  CHECK(std::ranges::count(tree, '\n') == 3);
  CHECK_THAT(tree, Contains("  4B  [base:latest ") && Contains("\n├─") && Contains("\n└─"));
}

TEST_CASE("inspect: docker's fields", "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "a/b:1", .layers = {"x"}, .labels = {{"k", "v"}}});
  const auto images = scratch.list();
  const config::Json json = engine::inspect_image(images[0]);
  CHECK(config::write_json(*json.find("RepoTags"), "") == R"(["a/b:1"])");
  CHECK(config::write_json(*json.find("RepoDigests"), "") ==
        "[\"a/b@" + entry.digest.text() + "\"]");
  CHECK(json.find("Id")->value == config::Json{images[0].id.text()}.value);
  CHECK(config::write_json(*json.find("Config")->find("Labels"), "") == R"({"k":"v"})");
  CHECK(json.find("Config")->find("Cmd")->is_null());
  CHECK(config::write_json(*json.find("RootFS"), "") ==
        R"({"Type":"layers","Layers":[")" + config::digest_of("x").text() + "\"]}");
}

TEST_CASE("rmi: a name goes, and with the last one the image and its own layers",
          "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "app:1", .layers = {"base", "app"}});
  scratch.put(entry, config::parse_reference("app:2").text());
  scratch.add({.name = "base", .layers = {"base"}});
  const auto remove = [&](const std::string& name) {
    const auto images = scratch.list();
    return scratch.remove(images, engine::resolve_image(images, name), {});
  };
  const engine::Removed first = remove("app:1");
  CHECK(first.untagged == std::vector<std::string>{"app:1"});
  CHECK(first.deleted.empty());
  const std::string id = engine::resolve_image(scratch.list(), "app:2").image->id.text();
  const engine::Removed second = remove("app:2");
  const Digest top = config::chain_id(config::digest_of("base"), config::digest_of("app"));
  CHECK(second.untagged == std::vector<std::string>{"app:2"});
  CHECK(second.deleted == std::vector<std::string>{id, top.text()});
  CHECK(scratch.list().size() == 1);
}

TEST_CASE("rmi: by its id, an image in several repositories stays unless forced",
          "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "a", .layers = {"x"}});
  scratch.put(entry, config::parse_reference("b").text());
  const auto images = scratch.list();
  const engine::ImageMatch match = engine::resolve_image(images, images[0].id.hex);
  CHECK_THROWS_WITH(scratch.remove(images, match, {}),
                    Contains("(must be forced) - image is referenced in multiple repositories"));
  CHECK(scratch.list().size() == 1);
  CHECK(scratch.remove(images, match, {.is_forced = true}).untagged.size() == 2);
  CHECK(scratch.list().empty());
}

TEST_CASE("rmi: what a container needs stays unless forced", "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "a", .layers = {"x"}});
  scratch.add_container("0123456789abcdef", entry.digest);
  const auto images = scratch.list();
  const auto users = engine::list_users(scratch.store());
  CHECK(engine::is_used(users, images[0]));
  CHECK_THROWS_WITH(
      engine::plan_removal(images, users, engine::resolve_image(images, "a"), {}),
      Contains("unable to remove repository reference \"a:latest\" (must force) - container "
               "0123456789ab is using its referenced image"));
  CHECK(scratch.list().size() == 1);
}

TEST_CASE("rmi: a container needs its image by whatever manifest that has come meanwhile",
          "[engine][images]") {
  ScratchStore scratch;
  scratch.add({.name = "a", .layers = {"x"}});
  const auto images = scratch.list();
  scratch.add_container("0123456789abcdef", config::digest_of("another manifest"), images[0].id);
  CHECK(engine::is_used(engine::list_users(scratch.store()), images[0]));
}

TEST_CASE("lookup: an entry of the index by its name, by an id of its image, and by none",
          "[engine][images]") {
  ScratchStore scratch;
  const Descriptor entry = scratch.add({.name = "a", .layers = {"x"}});
  const std::string id = scratch.list()[0].id.hex;
  CHECK(engine::find_stored(scratch.store(), "a").descriptor.digest == entry.digest);
  CHECK(engine::find_stored(scratch.store(), "a@" + entry.digest.text()).name ==
        "docker.io/library/a:latest");
  CHECK(engine::find_stored(scratch.store(), id.substr(0, 12)).descriptor.digest == entry.digest);
  CHECK(engine::find_stored(scratch.store(), "sha256:" + id).name.empty());
  CHECK_THROWS_WITH(engine::find_stored(scratch.store(), "sha512:" + id),
                    Contains("no such image"));
  CHECK_THROWS_WITH(engine::find_stored(scratch.store(), "b"), "no such image: b");
}
