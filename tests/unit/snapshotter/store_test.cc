// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/content/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/file.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/image_samples.h"

namespace {

using samples::add_image;
using samples::problems_of;
using snapshotter::Lease;
using snapshotter::Staging;
using snapshotter::Store;
using support::TempDirectory;

std::string error_of(const std::function<void()>& step) {
  try {
    step();
  } catch (const sys::Error& error) {
    return std::string(error.what()) + "\n" + error.hint();
  }
  return "";
}

using Catch::Contains;

}  // namespace

TEST_CASE("store: a new one is an OCI image layout without images", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  REQUIRE(support::read_text(directory / "store/oci-layout") ==
          R"({"imageLayoutVersion":"1.0.0"})");
  REQUIRE(store.index().manifests.empty());
  REQUIRE(problems_of(store).empty());
  struct stat status = {};
  REQUIRE(::stat((directory / "store").c_str(), &status) == 0);
  REQUIRE((status.st_mode & 07777) == 0700);
}

TEST_CASE("store: opening for reading makes nothing", "[content]") {
  const TempDirectory directory;
  REQUIRE_FALSE(Store::open_if_exists(directory / "store"));
  REQUIRE(support::names_in(directory.path()).empty());
}

TEST_CASE("store: a directory of somebody else's is refused and left as it is", "[content]") {
  const TempDirectory directory;
  support::write_text(directory / "thesis.tex", "x");
  REQUIRE_THAT(error_of([&] { (void)Store::open(directory.path()); }),
               Contains("neither empty nor a store"));
  REQUIRE(support::names_in(directory.path()) == std::vector<std::string>{"thesis.tex"});
}

TEST_CASE("store: one of a newer format is refused with what to do", "[content]") {
  const TempDirectory directory;
  (void)Store::open(directory / "store");
  support::write_text(directory / "store/tilla-store", "{\"version\":2}\n");
  const std::string expected = "the store has format 2, this tilla knows those up to 1";
  REQUIRE_THAT(error_of([&] { (void)Store::open(directory / "store"); }), Contains(expected));
  REQUIRE_THAT(error_of([&] { (void)Store::open_if_exists(directory / "store"); }),
               Contains(expected));
}

TEST_CASE("store: a document is added once and read back verified", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  const config::Descriptor first = store.add_blob("{}", "text/json", lease);
  REQUIRE(store.add_blob("{}", "text/json", lease) == first);
  REQUIRE(store.read_blob(first, 100) == "{}");
  REQUIRE(store.blob_size(first.digest) == 2);
  config::Descriptor wrong = first;
  wrong.size = 3;
  REQUIRE_THAT(error_of([&] { (void)store.read_blob(wrong, 100); }),
               Contains("has 2 bytes, and 3 where it is referred to"));
  REQUIRE_THAT(error_of([&] { (void)store.read_blob(first.digest, 1); }), Contains("too large"));
}

TEST_CASE("store: a blob with another content is never handed out", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  const config::Descriptor blob = store.add_blob("content", "text/plain", lease);
  support::write_text(directory / "store/blobs/sha256/" + blob.digest.hex, "CONTENT");
  REQUIRE_THAT(error_of([&] { (void)store.read_blob(blob, 100); }),
               Contains("its content has digest"));
}

TEST_CASE("store: a staged file that is no file becomes no blob", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  Staging staging = store.stage();
  const std::string name = GENERATE("fifo", "link", "directory");
  REQUIRE(::mkfifoat(staging.fd(), "fifo", 0600) == 0);
  REQUIRE(::symlinkat("/etc/passwd", staging.fd(), "link") == 0);
  REQUIRE(::mkdirat(staging.fd(), "directory", 0700) == 0);
  const config::Digest digest = config::digest_of("x");
  REQUIRE_FALSE(error_of([&] { store.add_blobs(staging, {{name, digest}}, lease); }).empty());
  REQUIRE_FALSE(store.has_blob(digest));
}

TEST_CASE("store: sha512 is as good", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  Staging staging = store.stage();
  config::Hasher hasher(config::Algorithm::kSha512);
  hasher.add("five hundred");
  const config::Digest digest = hasher.finish();
  sys::create_file_at(staging.fd(), "new", "five hundred", 0644);
  store.add_blobs(staging, {{"new", digest}}, lease);
  REQUIRE(store.read_blob(digest, 100) == "five hundred");
  REQUIRE(problems_of(store).empty());
}

TEST_CASE("store: a transfer goes on where it ended", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  const config::Digest digest = config::digest_of("first second");
  {
    const std::optional<sys::Fd> partial = store.open_partial(digest);
    REQUIRE(partial);
    sys::write_all(partial->get(), "first ");
  }
  Store later = Store::open(directory / "store");  // and its sweep
  std::optional<sys::Fd> partial = later.open_partial(digest);
  REQUIRE(partial);
  REQUIRE(::lseek(partial->get(), 0, SEEK_CUR) == 6);
  sys::write_all(partial->get(), "second");
  later.commit_partial(digest, std::move(*partial), lease);
  REQUIRE(later.read_blob(digest, 100) == "first second");
  REQUIRE_FALSE(later.open_partial(digest));
  REQUIRE(support::names_in(directory / "store/partial").empty());
}

TEST_CASE("store: a transfer that brought something else is dropped", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  Lease lease = store.lease();
  const config::Digest digest = config::digest_of("good");
  std::optional<sys::Fd> partial = store.open_partial(digest);
  sys::write_all(partial->get(), "evil");
  REQUIRE_THAT(error_of([&] { store.commit_partial(digest, std::move(*partial), lease); }),
               Contains("what came as blob"));
  REQUIRE_FALSE(store.has_blob(digest));
  REQUIRE(support::names_in(directory / "store/partial").empty());
}

TEST_CASE("store: a layer has its name only when it is whole", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const samples::Image image = add_image(store, {"a", "b"}, "example.com/x:1");
  for (const config::Digest& id : image.chain_ids) {
    REQUIRE(store.has_layer(samples::single_mapping(), id));
    REQUIRE(store.open_owners(samples::single_mapping(), id));
    REQUIRE(store.layer_facts(id)->size == 8);
  }
  REQUIRE(problems_of(store).empty());
  REQUIRE(support::names_in(directory / "store/staging").empty());
  REQUIRE(support::names_in(directory / "store/leases").empty());
}

TEST_CASE("store: what dead processes left goes with the next opening", "[content]") {
  const TempDirectory directory;
  const std::string path = directory / "store";
  (void)Store::open(path);
  for (const char* place : {"staging", "trash"}) {
    support::make_directory(path + "/" + place + "/left");
    support::make_directory(path + "/" + place + "/left/deep");
    support::write_text(path + "/" + place + "/left/deep/file", "x");
    REQUIRE(::chmod((path + "/" + place + "/left/deep").c_str(), 0500) == 0);
  }
  support::write_text(path + "/leases/dead", "blob sha256:torn");
  support::write_text(path + "/locks/layer-x", "");
  (void)Store::open(path);
  for (const char* place : {"staging", "trash", "leases", "locks"}) {
    REQUIRE(support::names_in(path + "/" + place).empty());
  }
}

TEST_CASE("store: what a living process is at is not swept", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const Staging staging = store.stage();
  const Lease lease = store.lease();
  const sys::Fd lock = store.lock_layer(samples::single_mapping(), config::digest_of("x"));
  (void)Store::open(directory / "store");
  REQUIRE(support::names_in(directory / "store/staging") ==
          std::vector<std::string>{staging.name()});
  REQUIRE(support::names_in(directory / "store/leases").size() == 1);
  REQUIRE(support::names_in(directory / "store/locks").size() == 2);
}

TEST_CASE("store: a tree deeper than there are descriptors is removed", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  {
    const Staging staging = store.stage();
    sys::Fd here = sys::duplicate(staging.fd());
    for (int i = 0; i < 3000; ++i) {
      REQUIRE(::mkdirat(here.get(), "d", 0700) == 0);
      here = sys::Fd(::openat(here.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
  }
  REQUIRE(support::names_in(directory / "store/staging").empty());
}

TEST_CASE("store: index.json is not written when nothing changes", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  struct stat before = {}, after = {};
  REQUIRE(::stat((directory / "store/index.json").c_str(), &before) == 0);
  store.update_index([](config::Index&) {});
  REQUIRE(::stat((directory / "store/index.json").c_str(), &after) == 0);
  REQUIRE(before.st_ino == after.st_ino);
}

TEST_CASE("store: a container is there whole, or not, and goes whole", "[content]") {
  const TempDirectory directory;
  Store store = Store::open(directory / "store");
  const samples::Image image = add_image(store, {"a"}, "example.com/x:1");
  samples::add_container(store, image, "one");
  REQUIRE_THROWS(samples::add_container(store, image, "one"));
  store.write_record("one", R"({"id":"one","needs":{}})");
  REQUIRE(support::read_text(directory / "store/containers/one/record.json") ==
          R"({"id":"one","needs":{}})");
  store.remove_container("one");
  store.remove_container("one");
  REQUIRE(support::names_in(directory / "store/containers").empty());
  REQUIRE(problems_of(store).empty());
}
