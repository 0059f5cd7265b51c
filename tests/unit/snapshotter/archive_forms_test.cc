// SPDX-License-Identifier: Apache-2.0
// INV-8, INV-12: the odd forms that an archive may have, honest and hostile, by the real worker.
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/format.h"
#include "tests/support/archive.h"
#include "tests/support/harness.h"
#include "tests/unit/snapshotter/layer_scene.h"

using scene::outcome;
using support::compressed;
using support::pax_record;
using support::tar_entry;
using support::tar_of;
using support::TarEntry;

namespace {

// KiB, of the worker at its peak.
#if defined(__SANITIZE_ADDRESS__)
constexpr long kMemoryBudget = 1024 * 1024;  // most of it the sanitizer's own
#else
constexpr long kMemoryBudget = 64 * 1024;
#endif

bool contains(const std::string& text, const std::string& part) {
  const bool is_there = text.find(part) != std::string::npos;
  if (!is_there) UNSCOPED_INFO("in: " << text.substr(0, 2000));
  return is_there;
}

TarEntry file(const std::string& name, const std::string& content = "x") {
  return {.name = name, .content = content};
}
TarEntry with_pax(TarEntry entry, std::vector<std::pair<std::string, std::string>> pax) {
  entry.pax = std::move(pax);
  return entry;
}

struct Cost {
  std::string said;
  long kibibytes = 0;
  double seconds = 0;  // of the processor
};

/// What the worker says, and what it took for that.
Cost cost_of(std::string_view archive,
             const std::function<void(snapshotter::UnpackJob&)>& change = {}) {
  const std::string text = scene::inside([&](const scene::Ground& ground) {
    std::string said;
    {
      scene::Layers layers(ground);
      try {
        (void)layers.unpack(archive, "layer", change);
        said = "unpacked";
      } catch (const sys::Error& error) {  // it is what we ask for
        said = error.what();
      }
    }
    struct rusage usage = {};
    (void)::getrusage(RUSAGE_CHILDREN, &usage);
    return sys::format("{} {} {}", usage.ru_maxrss, usage.ru_utime.tv_sec + usage.ru_stime.tv_sec,
                       said);
  });
  Cost cost;
  std::size_t end = 0;
  cost.kibibytes = std::stol(text, &end);
  std::size_t second = 0;
  cost.seconds = std::stod(text.substr(end), &second);
  cost.said = text.substr(end + second + 1);
  return cost;
}

/// Everything in one directory, as this tar(1) packs it.
std::string packed_by_tar(const std::string& directory, const std::vector<std::string>& options) {
  std::vector<std::string> argv = {"tar", "-C", directory, "--sort=name", "-c"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back(".");
  const support::Result result = support::run(argv);
  REQUIRE(result.err == "");
  return result.out;
}

/// A capability as the attribute has it; version 3 with the id of its user namespace's root.
std::string capability(int version) {
  std::string value = {'\1', '\0', '\0', static_cast<char>(version)};
  value += std::string("\0\x04\0\0", 4) + std::string(12, '\0');  // cap_net_bind_service
  if (version == 3) value += std::string("\x10\x27\0\0", 4);
  return value;
}

}  // namespace

TEST_CASE("unpack: a file's capability of version 2 or 3 goes in, and out as version 2",
          "[snapshotter][unpack][pack]") {
  for (const int version : {2, 3}) {
    const std::string archive = tar_of(
        {with_pax(file("ping"), {{"SCHILY.xattr.security.capability", capability(version)}})});
    const std::string said = scene::inside([&](const scene::Ground& ground) {
      scene::Layers layers(ground);
      (void)layers.unpack(archive);
      return layers.pack();
    });
    INFO(version);
    REQUIRE(said == tar_of({with_pax(file("ping"),
                                     {{"SCHILY.xattr.security.capability", capability(2)}})}));
  }
}

TEST_CASE("unpack: sparse files in each of their four forms keep content, size and holes",
          "[snapshotter][unpack]") {
  const std::vector<std::string> forms = {"--format=gnu", "--sparse-version=0.0",
                                          "--sparse-version=0.1", "--sparse-version=1.0"};
  const support::TempDirectory directory;
  REQUIRE(support::run({"sh", "-ec",
                        "cd \"$1\"; truncate -s 3M f; printf a | dd of=f bs=1 seek=1048576 "
                        "conv=notrunc 2>&1; i=0; while [ $i -lt 40 ]; do printf $i | dd of=f bs=1 "
                        "seek=$((i * 65536)) conv=notrunc 2>&1; i=$((i + 1)); done; truncate -s 1M "
                        "hole; echo tail > z",
                        "sh", directory.path()})
              .exit_code == 0);
  const std::string content = support::read_text(directory / "f");
  for (const std::string& form : forms) {
    INFO(form);
    std::vector<std::string> options = {"-S", form};
    if (form.starts_with("--sparse")) options.insert(options.begin(), "--format=posix");
    const std::string archive = packed_by_tar(directory.path(), options);
    REQUIRE(archive.size() < content.size());
    const std::string said = scene::inside([&](const scene::Ground& ground) {
      scene::Layers layers(ground);
      (void)layers.unpack(archive);
      struct stat sparse = {}, hole = {};
      (void)::stat((ground.path + "/layer/f").c_str(), &sparse);
      (void)::stat((ground.path + "/layer/hole").c_str(), &hole);
      return sys::format("{} {} {} {} {}", support::read_text(ground.path + "/layer/f") == content,
                         sparse.st_blocks * 512 < sparse.st_size / 2, hole.st_size, hole.st_blocks,
                         support::read_text(ground.path + "/layer/z"));
    });
    REQUIRE(said == "true true 1048576 0 tail\n");
  }
}

TEST_CASE("t_sparse_bomb: a sparse file counts as large as it says", "[snapshotter][inv12]") {
  const std::uint64_t size = std::uint64_t{1} << 50;
  // The map, padded to a block, and the one byte that it speaks of.
  const std::string content = "1\n0\n1\n" + std::string(506, '\0') + "x";
  const TarEntry bomb =
      with_pax(file("bomb", content), {{"GNU.sparse.major", "1"},
                                       {"GNU.sparse.minor", "0"},
                                       {"GNU.sparse.name", "bomb"},
                                       {"GNU.sparse.realsize", std::to_string(size)}});
  REQUIRE(contains(outcome(tar_of({bomb})), "limit \"bytes\""));
  // One after the other, each below the limit.
  TarEntry half = bomb;
  half.pax[3].second = "700";
  REQUIRE(contains(outcome(tar_of({half, half}), [](auto& job) { job.limits.bytes = 1000; }),
                   "limit \"bytes\""));
}

TEST_CASE("t_sparse_map: a map that leads out of the file, or back, is refused",
          "[snapshotter][inv8]") {
  for (const char* map : {"0,512,100,512", "9223372036854775000,2000", "512,512,0,512", "-1,5",
                          "0,18446744073709551615", "5", "a,b"}) {
    const TarEntry entry = with_pax(
        file("f", std::string(1024, 'a')),
        {{"GNU.sparse.map", map}, {"GNU.sparse.size", "4096"}, {"GNU.sparse.numblocks", "2"}});
    const Cost cost = cost_of(tar_of({entry, file("after", "still here")}));
    INFO(map);
    CHECK(cost.kibibytes < kMemoryBudget);
    CHECK(cost.said != "unpacked");
  }
}

TEST_CASE("t_many_entries: the limit is named, and neither memory nor time is gone before",
          "[snapshotter][inv12]") {
  constexpr std::size_t kMany = 100'000;
  REQUIRE(snapshotter::Limits().entries == 10'000'000);
  // Members of one kind, one after the other: fifty megabytes of headers in some kilobytes.
  std::string part;
  for (int i = 0; i < 1000; ++i) part += tar_entry({.name = ".wh..wh.x"});
  std::string archive;
  const std::string member = compressed("gzip", part);
  for (std::size_t i = 0; i < kMany; i += 1000) archive += member;
  archive += compressed("gzip", tar_of({file("one too many")}));
  const Cost cost = cost_of(archive, [](auto& job) { job.limits.entries = kMany; });
  CHECK(contains(cost.said, "limit \"entries\": there are more than 100000"));
  CHECK(cost.kibibytes < kMemoryBudget);
  CHECK(cost.seconds < 20);
}

TEST_CASE("t_deep_path: a path that no system call takes is refused before it costs memory",
          "[snapshotter][inv12]") {
  std::string path;
  for (int i = 0; i < 1000; ++i) path += std::string(250, 'd') + "/";
  const Cost cost = cost_of(tar_of({with_pax(file("short"), {{"path", path + "f"}})}));
  CHECK(contains(cost.said, "its path is longer than 4095 bytes"));
  CHECK(cost.kibibytes < kMemoryBudget);
  // As deep as it may be, and a part more.
  std::string deep;
  for (int i = 0; i < 1023; ++i) deep += "d/";
  CHECK(cost_of(tar_of({with_pax(file("short"), {{"path", deep + "f"}})})).said == "unpacked");
  CHECK(contains(cost_of(tar_of({with_pax(file("short"), {{"path", deep + "d/f"}})})).said,
                 "limit \"depth\""));
}

TEST_CASE("t_xattr_sizes: attributes as large as they may be are kept, larger ones are refused",
          "[snapshotter][inv12]") {
  // Some file systems take no more than a block of them, and say that the disk is full.
  const std::string largest(65536, 'v');
  const Cost one = cost_of(tar_of({with_pax(file("f"), {{"SCHILY.xattr.user.big", largest}})}));
  CHECK((one.said == "unpacked" ||
         contains(one.said, "set attribute \"user.big\": No space left on device")));
  CHECK(one.kibibytes < kMemoryBudget);
  const std::string small(2000, 'v');
  CHECK(contains(outcome(tar_of({with_pax(file("f"), {{"SCHILY.xattr.user.s", small}})})),
                 "f 644 0:0 f=x user.s=" + small));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 17; ++i) {
    many.emplace_back("SCHILY.xattr.user." + std::to_string(i), largest);
  }
  const Cost large = cost_of(tar_of({with_pax(file("f"), many)}));
  CHECK(contains(large.said, "limit \"xattr_bytes\""));
  CHECK(large.kibibytes < kMemoryBudget);
  many.clear();
  for (int i = 0; i < 100'000; ++i) {
    many.emplace_back("SCHILY.xattr.user.attribute" + std::to_string(i), "v");
  }
  const Cost numerous = cost_of(tar_of({with_pax(file("f"), many)}));
  CHECK(contains(numerous.said, "limit \"xattr_bytes\""));
  CHECK(numerous.kibibytes < kMemoryBudget);
}

TEST_CASE("t_two_sizes: what readers disagree about has no meaning here", "[snapshotter][inv8]") {
  const std::string inner = tar_entry(file("hidden", "h"));
  const std::string size = std::to_string(inner.size());
  // Two records; a header that says another; one that says nothing, which is how large files are.
  CHECK(contains(outcome(tar_of({with_pax(file("f", inner), {{"size", "0"}, {"size", size}})})),
                 "two records \"size\""));
  CHECK(contains(outcome(tar_of({with_pax(file("f", inner), {{"size", "1"}})})), "two sizes"));
  TarEntry silent = with_pax(file("f", inner), {{"size", size}});
  for (const char* field : {"00000000000", "77777777777"}) {
    silent.size_field = field;
    CHECK(contains(outcome(tar_of({silent})), "f 644 0:0 f=hidden"));
  }
  // Of all that follow, by a header that some readers leave out.
  TarEntry global = file("pax_global_header", pax_record("size", "0"));
  global.type = 'g';
  CHECK(contains(outcome(tar_of({global, file("f")})), "a global header sets \"size\""));
  global.content = pax_record("comment", "made by git");
  CHECK(outcome(tar_of({global, file("f")})) == "f 644 0:0 f=x\n");
}

TEST_CASE("t_two_names: two names for one entry are refused", "[snapshotter][inv8]") {
  CHECK(contains(outcome(tar_of({with_pax(file("f"), {{"path", "a"}, {"path", "b"}})})),
                 "two records \"path\""));
  const TarEntry gnu = {
      .name = "././@LongLink", .type = 'L', .content = std::string("long\0", 5), .is_gnu = true};
  CHECK(contains(outcome(tar_of({gnu, with_pax(file("f"), {{"path", "a"}})})), "two names"));
  CHECK(contains(outcome(tar_of({gnu, gnu, file("f")})), "two headers of one kind"));
  TarEntry pax = file("pax", pax_record("path", "a"));
  pax.type = 'x';
  CHECK(contains(outcome(tar_of({pax, with_pax(file("f"), {{"path", "b"}})})),
                 "two headers of one kind"));
}

TEST_CASE("t_content_of_none: a link or directory with content is refused", "[snapshotter][inv8]") {
  const std::string inner = tar_entry(file("hidden", "h"));
  for (const char type : {'1', '2', '3', '5', '6'}) {
    const TarEntry entry = {.name = "e", .type = type, .content = inner, .target = "t"};
    CHECK(contains(outcome(tar_of({file("t"), entry})), "of a type without content"));
  }
}

TEST_CASE("t_windows: a window or dictionary that is too large is refused, and not made room for",
          "[snapshotter][inv12]") {
  // Headers alone: a frame of zstd with a window of 1 GiB, and of xz with a dictionary of 1.5 GiB.
  const std::string tar = tar_of({file("f", std::string(4096, 'z'))});
  const auto squeeze = [&](const std::string& line) {
    return support::run({"sh", "-c", line}, {.input = tar}).out;
  };
  std::string zstd = squeeze("zstd -q -c --no-check");
  // Frame_Header_Descriptor without a single segment, and a Window_Descriptor of 2^30.
  zstd = zstd.substr(0, 4) + std::string("\x00\xa0", 2) + std::string(100, '\0');
  const Cost window = cost_of(zstd);
  CHECK(contains(window.said, "zstd: Frame requires too much memory"));
  CHECK(window.kibibytes < kMemoryBudget);
  const std::string xz = squeeze("xz -c --lzma2=dict=1536MiB");
  const Cost dictionary = cost_of(xz, [](auto& job) { job.may_be_xz_or_bzip2 = true; });
  CHECK(contains(dictionary.said, "xz: it wants too much memory"));
  CHECK(dictionary.kibibytes < kMemoryBudget);
}

TEST_CASE("t_ratio: many members of nothing but zeros reach the limit in little memory",
          "[snapshotter][inv12]") {
  // One header for a file of 1 GiB, and zeros for it.
  TarEntry entry = file("zeros", "");
  entry.size_field = "10000000000";
  const std::string head = tar_entry(entry);
  const std::string zeros = compressed("zstd", std::string(std::size_t{4} << 20, '\0'));
  std::string archive = compressed("zstd", head);
  for (int i = 0; i < 256; ++i) archive += zeros;
  const Cost cost = cost_of(archive);
  CHECK(contains(cost.said, "limit \"ratio\""));
  CHECK(cost.kibibytes < kMemoryBudget);
}
