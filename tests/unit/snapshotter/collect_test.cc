// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "config/image_spec.h"
#include "snapshotter/content/store.h"
#include "sys/error.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/image_samples.h"

namespace {

using samples::add_image;
using samples::Image;
using samples::problems_of;
using snapshotter::Lease;
using snapshotter::Store;
using support::TempDirectory;

bool is_whole(const Store& store, const Image& image) {
  for (const config::Digest& blob : image.blobs) {
    if (!store.has_blob(blob)) return false;
  }
  for (const config::Digest& id : image.chain_ids) {
    if (!store.has_layer(samples::single_mapping(), id)) return false;
  }
  return true;
}

void forget_all(Store& store) {
  store.update_index([](config::Index& index) { index.manifests.clear(); });
}

}  // namespace

TEST_CASE("collect: what an image in the index needs stays, the rest goes", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Image kept = add_image(store, {"base", "a"}, "example.com/a:1");
  const Image gone = add_image(store, {"base", "b"}, "example.com/b:1");
  REQUIRE(store.collect(false).blobs.empty());
  store.update_index([](config::Index& index) { index.manifests.pop_back(); });
  const Store::Garbage would_go = store.collect(false);
  REQUIRE(is_whole(store, gone));
  const Store::Garbage went = store.collect(true);
  REQUIRE(went.blobs == would_go.blobs);
  REQUIRE(went.bytes == would_go.bytes);
  REQUIRE(went.blobs.size() == 3);  // layer b, config, manifest
  REQUIRE(went.layers.size() == 1);
  REQUIRE(is_whole(store, kept));
  REQUIRE_FALSE(store.has_blob(gone.blobs[1]));
  REQUIRE(store.has_blob(gone.blobs[0]));
  REQUIRE(support::names_in(directory / "store/trash").empty());
  REQUIRE(support::names_in(directory / "store/layers/single-1234").size() == 6);
  REQUIRE(problems_of(store).empty());
}

TEST_CASE("collect: an image without a name, and one in a nested index, stay", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  const Image image = add_image(store, {"a"}, "");
  config::Index index;
  index.media_type = config::media_type::kIndex;
  index.manifests = {image.manifest};
  for (int depth = 0; depth < 100; ++depth) {
    const config::Descriptor outer =
        store.add_blob(config::write_index(index), config::media_type::kIndex, lease);
    index.manifests = {outer};
  }
  store.update_index([&](config::Index& all) { all.manifests = index.manifests; });
  { const Lease ends = std::move(lease); }
  REQUIRE(store.collect(true).blobs.empty());
  REQUIRE(is_whole(store, image));
}

TEST_CASE("collect: what a lease names is kept until its holder is gone", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Image image = add_image(store, {"a", "b"}, "example.com/a:1");
  {
    Lease lease = store.lease();
    lease.keep(image.manifest.digest);  // and so all below it
    forget_all(store);
    REQUIRE(store.collect(true).blobs.empty());
    REQUIRE(is_whole(store, image));
  }
  REQUIRE(store.collect(true).blobs.size() == 4);
}

TEST_CASE("collect: a lease of a killed process keeps nothing", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Image image = add_image(store, {"a"}, "example.com/a:1");
  forget_all(store);
  const std::string died = support::in_child([&] {
    Lease lease = store.lease();
    lease.keep(image.manifest.digest);
    (void)::kill(::getpid(), SIGKILL);
  });
  REQUIRE_FALSE(died.empty());
  REQUIRE(support::names_in(directory / "store/leases").size() == 1);
  REQUIRE(store.collect(true).blobs.size() == 3);
}

TEST_CASE("collect: what a container needs stays when its image has gone", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Image image = add_image(store, {"a"}, "example.com/a:1");
  samples::add_container(store, image, "one");
  forget_all(store);
  REQUIRE(store.collect(true).blobs.empty());
  REQUIRE(is_whole(store, image));
  store.remove_container("one");
  REQUIRE(store.collect(true).blobs.size() == 3);
}

TEST_CASE("collect: takes nothing away when it can't know what is needed", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Image image = add_image(store, {"a"}, "example.com/a:1");
  SECTION("a damaged manifest") {
    support::write_text(directory / "store/blobs/sha256/" + image.manifest.digest.hex, "{}");
  }
  SECTION("a damaged record of a container") {
    samples::add_container(store, image, "one");
    support::write_text(directory / "store/containers/one/record.json", "{\"id\":");
    forget_all(store);
  }
  SECTION("an index.json that is cut off") {
    support::write_text(directory / "store/index.json", "{\"schemaVersion\":2,");
  }
  REQUIRE_THROWS_AS(store.collect(true), sys::Error);
  REQUIRE(is_whole(store, image));
}

TEST_CASE("collect: an abandoned transfer goes, one that somebody is at stays", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  { sys::write_all(store.open_partial(config::digest_of("left"))->get(), "le"); }
  const std::optional<sys::Fd> busy = store.open_partial(config::digest_of("busy"));
  REQUIRE(store.collect(true).partials ==
          std::vector<std::string>{"sha256-" + config::digest_of("left").hex});
  REQUIRE(support::names_in(directory / "store/partial").size() == 1);
}

TEST_CASE("collect: eight processes that add overlapping images end in one copy of each layer",
          "[content]") {
  const TempDirectory directory;
  const std::string path = directory / "store";
  constexpr int kAdders = 8;
  const std::string failed = support::in_child([&] {
    std::vector<pid_t> children;
    for (int i = 0; i < kAdders; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        try {
          Store store = Store::open(path);  // it isn't there yet
          const std::string own = std::to_string(i);
          (void)add_image(store, {"base", "shared", own}, "example.com/" + own + ":1");
          (void)add_image(store, {own, "base", "shared"}, "example.com/other" + own + ":1");
          (void)store.collect(true);
          ::_exit(0);
        } catch (const std::exception& error) {
          (void)::write(2, error.what(), std::string_view(error.what()).size());
          ::_exit(1);
        }
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      (void)::waitpid(child, &status, 0);
      support::expect(status == 0, "an adder failed");
    }
  });
  REQUIRE(failed.empty());
  Store store = Store::open(path);
  REQUIRE(problems_of(store).empty());
  REQUIRE(store.index().manifests.size() == 2 * kAdders);
  REQUIRE(store.collect(true).blobs.empty());
  // base, base+shared and the third of each; own, own+base, own+base+shared: with two sidecars each
  REQUIRE(support::names_in(path + "/layers/single-1234").size() ==
          3 * (2 + kAdders + 3 * kAdders));
  for (const char* place : {"staging", "trash", "leases"}) {
    REQUIRE(support::names_in(path + "/" + place).empty());
  }
}
