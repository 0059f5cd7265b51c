// SPDX-License-Identifier: Apache-2.0
// Layers into archives and back, by the real worker.
#include <fcntl.h>
#include <catch2/catch.hpp>

#include "config/hash.h"
#include "sys/file.h"
#include "sys/open.h"
#include "tests/support/archive.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/layer_scene.h"

using support::tar_of;
using support::TarEntry;

namespace {

// What ustar has room for, in the order that it comes out in.
std::string plain() {
  constexpr std::uint64_t kId = 7;
  return tar_of({{.name = "d/", .type = '5', .mode = 01755, .uid = kId, .gid = kId},
                 {.name = "d/f", .content = std::string(1500, 'f'), .mode = 0640, .gid = kId},
                 {.name = "d/h", .type = '1', .target = "d/f", .mode = 0640, .gid = kId},
                 {.name = "d/l", .type = '2', .target = "../nowhere", .mode = 0777, .uid = kId},
                 {.name = "d/n", .type = '3', .mode = 0666, .major = 1, .minor = 3},
                 {.name = "d/p", .type = '6', .mode = 0600, .uid = kId},
                 {.name = "d/s", .content = "#!", .mode = 04755, .uid = kId}});
}

// What it has none for.
std::string extended() {
  TarEntry attributes = {.name = "a", .content = "with attributes"};
  attributes.pax = {{"mtime", "1000000000.25"},
                    {"SCHILY.xattr.user.one", "1"},
                    {"SCHILY.xattr.user.two", std::string("a\0b", 3)}};
  TarEntry old = {.name = "b"};
  old.pax = {{"mtime", "-2.5"}};
  TarEntry longest = {.name = "short", .content = "long"};
  longest.pax = {{"path", std::string(170, 'l')}};
  return tar_of({attributes, old, longest});
}

}  // namespace

TEST_CASE("pack: what was unpacked comes out bit for bit, owners and devices too",
          "[snapshotter][pack]") {
  const std::string said = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    (void)layers.unpack(plain());
    return std::string(layers.pack() == plain() ? "equal" : "different");
  });
  REQUIRE(said == "equal");
}

TEST_CASE("pack: long names, fractions of seconds and attributes are in pax records",
          "[snapshotter][pack]") {
  const std::string said = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    (void)layers.unpack(extended(), "one");
    const std::string first = layers.pack("one");
    (void)layers.unpack(first, "two");
    const bool has_all =
        first.find("mtime=1000000000.25\n") != std::string::npos &&
        first.find("mtime=-2.5\n") != std::string::npos &&
        first.find("path=" + std::string(170, 'l')) != std::string::npos &&
        first.find(std::string("SCHILY.xattr.user.two=a\0b\n", 26)) != std::string::npos;
    return std::string(has_all && layers.pack("two") == first ? "equal" : "different");
  });
  REQUIRE(said == "equal");
}

TEST_CASE("pack: GNU tar and bsdtar read what comes out", "[snapshotter][pack]") {
  const std::string archive = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    (void)layers.unpack(extended());
    return layers.pack();
  });
  const support::Result result = support::run({"tar", "-tvf", "-"}, {.input = archive});
  REQUIRE(result.err == "");
  REQUIRE(result.out.find(std::string(170, 'l')) != std::string::npos);
}

TEST_CASE("pack: a list of changes has whiteouts where something went", "[snapshotter][pack]") {
  const std::string archive = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    (void)layers.unpack(plain());
    return layers.pack("layer", [](snapshotter::PackJob& job) {
      using snapshotter::ChangeKind;
      job.whole = false;
      job.changes = {{.path = "d", .kind = ChangeKind::kModified},
                     {.path = "d/gone", .kind = ChangeKind::kDeleted},
                     {.path = "d/s", .kind = ChangeKind::kAdded}};
      job.clamp_time = 5;
    });
  });
  const support::Result result = support::run({"tar", "-tf", "-"}, {.input = archive});
  REQUIRE(result.out == "d/\nd/.wh.gone\nd/s\n");
}

TEST_CASE("pack: what a rename or a metacopy left elsewhere is read there", "[snapshotter][pack]") {
  const std::string archive = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    (void)layers.unpack(tar_of({{.name = "d/", .type = '5', .mode = 0755},
                                {.name = "d/f", .content = "the layer's", .mode = 0600}}),
                        "lower");
    (void)layers.unpack(tar_of({{.name = "new/", .type = '5', .mode = 0700},
                                {.name = "new/g", .content = std::string(5, '\0'), .mode = 0640}}),
                        "upper");
    const sys::Fd lower = sys::open_at(layers.staging(), "lower", O_RDONLY | O_DIRECTORY);
    const sys::Fd upper = sys::open_at(layers.staging(), "upper", O_RDONLY | O_DIRECTORY);
    return layers.pack("upper", [&](snapshotter::PackJob& job) {
      job.whole = false;
      job.sources = {upper.get(), lower.get()};
      job.changes = {{.path = "new"},
                     {.path = "new/f", .source = 1, .source_path = "d/f"},
                     {.path = "new/g", .data_source = 1, .data_path = "d/f"}};
    });
  });
  REQUIRE(archive == tar_of({{.name = "new/", .type = '5', .mode = 0700},
                             {.name = "new/f", .content = "the layer's", .mode = 0600},
                             {.name = "new/g", .content = "the layer's", .mode = 0640}}));
}

TEST_CASE("pack: what a container at work takes away meanwhile is left out, of layers an error",
          "[snapshotter][pack]") {
  const auto said = [](std::uint32_t source) {
    return scene::inside([&](const scene::Ground& ground) {
      scene::Layers layers(ground);
      (void)layers.unpack(tar_of({{.name = "f", .content = "x"}}));
      const sys::Fd directory = sys::open_at(layers.staging(), "layer", O_RDONLY | O_DIRECTORY);
      return layers.pack("layer", [&](snapshotter::PackJob& job) {
        job.whole = false;
        job.sources = {directory.get(), directory.get()};
        job.changes = {{.path = "f"},
                       {.path = "gone", .source = source},
                       {.path = "no/directory", .source = source}};
      });
    });
  };
  REQUIRE(said(0) == tar_of({{.name = "f", .content = "x"}}));
  REQUIRE(said(1).find("error: \"gone\": look at it: No such file") != std::string::npos);
}

TEST_CASE("pack: compressed twice it is the same twice", "[snapshotter][pack]") {
  for (const auto compression :
       {snapshotter::Compression::kGzip, snapshotter::Compression::kZstd}) {
    const std::string said = scene::inside([&](const scene::Ground& ground) {
      scene::Layers layers(ground);
      (void)layers.unpack(plain());
      const auto compress = [&](snapshotter::PackJob& job) { job.compression = compression; };
      const std::string first = layers.pack("layer", compress);
      if (first != layers.pack("layer", compress)) return std::string("different");
      (void)layers.unpack(first, "again");
      return std::string(layers.pack("again") == plain() ? "equal" : "damaged");
    });
    REQUIRE(said == "equal");
  }
}

TEST_CASE("split and join: an image's archive into files and back", "[snapshotter][pack]") {
  const std::string said = scene::inside([](const scene::Ground& ground) {
    scene::Layers layers(ground);
    const std::string archive =
        tar_of({{.name = "blobs/", .type = '5', .mode = 0755},
                {.name = "blobs/a", .content = "one"},
                {.name = "x/layer.tar", .type = '2', .target = "../blobs/a"}});
    const sys::Fd file = scene::file_of(archive);
    (void)sys::make_directory_at(layers.staging(), "split", 0700);
    const sys::Fd directory = sys::open_at(layers.staging(), "split", O_RDONLY | O_DIRECTORY);
    const auto members =
        layers.worker().split({.archive = file.get(), .directory = directory.get(), .limits = {}});
    std::string text;
    for (const auto& member : members) {
      text += member.name + "=" + sys::read_file_at(directory.get(), member.file, 100) + " ";
      if (member.digest != config::digest_of("one")) text += "wrong ";
    }
    const sys::Fd output = scene::file_of("");
    const sys::Fd part = scene::file_of("two");
    snapshotter::JoinJob job;
    job.parts = {{.name = "blobs", .text = {}, .is_directory = true},
                 {.name = "blobs/b", .file = part.get(), .text = {}},
                 {.name = "index.json", .text = "{}"}};
    job.output = output.get();
    layers.worker().join(job);
    sys::rewind(output.get());
    const sys::Fd joined = scene::file_of(sys::read_all(output.get(), 1 << 20));
    (void)sys::make_directory_at(layers.staging(), "joined", 0700);
    const sys::Fd second = sys::open_at(layers.staging(), "joined", O_RDONLY | O_DIRECTORY);
    for (const auto& member : layers.worker().split(
             {.archive = joined.get(), .directory = second.get(), .limits = {}})) {
      text += member.name + "=" + sys::read_file_at(second.get(), member.file, 100) + " ";
    }
    return text;
  });
  REQUIRE(said == "x/layer.tar=one blobs/a=one blobs/b=two index.json={} ");
}
