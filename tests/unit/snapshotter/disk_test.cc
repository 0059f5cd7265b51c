// SPDX-License-Identifier: Apache-2.0
// The store on a disk that is full, or can only be read.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>

#include "snapshotter/content/store.h"
#include "snapshotter/content/usage.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/open.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/unit/snapshotter/image_samples.h"

namespace {

using samples::add_image;
using snapshotter::Store;
using support::expect;
using support::TempDirectory;

// In a mount namespace of its own, with 2 MiB of disk on `place`.
std::string on_small_disk(const std::string& place, const std::function<void()>& part) {
  return support::in_child([&] {
    expect(::unshare(CLONE_NEWNS) == 0, "unshare");
    expect(::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    expect(::mount("disk", place.c_str(), "tmpfs", 0, "size=2m,mode=0700") == 0, "tmpfs");
    part();
  });
}

void fill(const std::string& path) {
  const sys::Fd file = sys::open_path(path, O_WRONLY | O_CREAT, 0600);
  const std::string piece(4096, 'x');
  try {
    for (;;) sys::write_all(file.get(), piece);
  } catch (const sys::Error& error) {
    expect(error.code() == ENOSPC, error.what());
  }
}

sys::Error error_of(const std::function<void()>& step) {
  try {
    step();
  } catch (const sys::Error& error) {
    return error;
  }
  return sys::Error("no error");
}

void expect_text(const std::string& text, const std::string& part) {
  expect(text.find(part) != text.npos, "\"" + part + "\" is not in: " + text);
}

}  // namespace

TEST_CASE("store: a full disk loses nothing, and images can still be removed", "[content]") {
  NEEDS(root);
  const TempDirectory directory;
  REQUIRE(on_small_disk(directory.path(), [&] {
            Store store = Store::open(directory / "store");
            (void)add_image(store, {"base", "a"}, "example.com/a:1");
            fill(directory / "filler");
            sys::Error error = error_of([&] {
              (void)add_image(store, {"base", std::string(4096, 'b')}, "example.com/b:1");
            });
            expect_text(error.what(), "No space left on device");
            store.explain(error);
            expect_text(error.hint(), "MiB left; nothing was lost. `tilla system prune` would");
            expect(store.index().manifests.size() == 1, "an image is lost, or half there");
            expect(samples::problems_of(store).empty(), samples::problems_of(store));
            samples::remove_image(store, "example.com/a:1");
            expect(store.index().manifests.empty(), "the image is still there");
            expect(store.collect(true).blobs.empty(), "blobs are left");
          }) == "");
}

TEST_CASE("store: one that can only be read is read, and says what else needs", "[content]") {
  NEEDS(root);
  const TempDirectory directory;
  REQUIRE(on_small_disk(directory.path(), [&] {
            samples::Image image;
            {
              Store store = Store::open(directory / "store");
              image = add_image(store, {"base", "a"}, "example.com/a:1");
              samples::add_container(store, image, "one");
            }
            expect(::mount("", directory.path().c_str(), "", MS_REMOUNT | MS_RDONLY, nullptr) == 0,
                   "remount");
            const sys::Error error = error_of([&] { (void)Store::open(directory / "store"); });
            expect_text(error.what(), "Read-only file system");
            expect_text(error.hint(), "--root");
            std::optional<Store> store = Store::open_if_exists(directory / "store");
            expect(store.has_value(), "there is one");
            expect(store->index().manifests.size() == 1, "an image");
            expect(!store->read_blob(image.manifest, 10000).empty(), "a manifest");
            expect(samples::problems_of(*store).empty(), samples::problems_of(*store));
            const snapshotter::Usage usage = snapshotter::usage_of(*store);
            expect(usage.images.size() == 1 && usage.images[0].containers == 1, "usage");
            sys::Error refused = error_of([&] { (void)store->lease(); });
            store->explain(refused);
            expect_text(refused.hint(), "can only be read");
          }) == "");
}
