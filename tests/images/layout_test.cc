// SPDX-License-Identifier: Apache-2.0
// Other tools on our store, in place: it is an OCI image layout.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "sys/fd.h"
#include "sys/file.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace {

using Catch::Contains;
using support::ProgramOptions;
using support::Result;
using support::TempDirectory;

constexpr const char* kName = "docker.io/library/sample:latest";

Result tilla(const TempDirectory& directory, const std::vector<std::string>& words) {
  const std::string runtime = support::runtime_program();
  std::vector<std::string> argv = {runtime.substr(0, runtime.rfind('/') + 1) + "tilla", "--root",
                                   directory / "store"};
  argv.insert(argv.end(), words.begin(), words.end());
  return support::run(argv);
}

// Somebody is changing the store all the time.
std::vector<sys::Fd> hold_locks(const TempDirectory& directory) {
  std::vector<sys::Fd> held;
  for (const char* name : {"store/lock", "store/index.lock"}) {
    held.push_back(sys::open_path(directory / name, O_RDWR));
    sys::lock(held.back().get());
  }
  return held;
}

void import_sample(const TempDirectory& directory) {
  support::make_directory(directory / "files");
  support::write_text(directory / "files/hello", "hello\n");
  REQUIRE(support::run({"tar", "-C", directory / "files", "-czf", directory / "files.tar.gz", "."})
              .exit_code == 0);
  const Result result = tilla(directory, {"import", directory / "files.tar.gz", "sample"});
  INFO(result.all());
  REQUIRE(result.exit_code == 0);
}

}  // namespace

TEST_CASE("store: skopeo and umoci work on it while others change it", "[images]") {
  const TempDirectory directory;
  import_sample(directory);
  const std::vector<sys::Fd> locks = hold_locks(directory);
  const std::string image = directory / "store:" + std::string(kName);

  const Result inspected = support::run({"skopeo", "inspect", "oci:" + image});
  INFO(inspected.err);
  REQUIRE_THAT(inspected.out, Contains("\"Digest\": \"sha256:"));

  // The policy is the host's file, which a user may not have.
  const Result copied = support::run(
      {"skopeo", "--insecure-policy", "copy", "oci:" + image, "dir:" + (directory / "copy")});
  INFO(copied.all());
  REQUIRE(copied.exit_code == 0);
  REQUIRE(support::exists(directory / "copy/manifest.json"));

  REQUIRE_THAT(support::run({"umoci", "ls", "--layout", directory / "store"}).out, Contains(kName));
  std::vector<std::string> unpack = {"umoci", "unpack", "--image", image, directory / "bundle"};
  if (!support::is_root()) unpack.insert(unpack.begin() + 2, "--rootless");
  const Result unpacked = support::run(unpack);
  INFO(unpacked.all());
  REQUIRE(support::read_text(directory / "bundle/rootfs/hello") == "hello\n");
}

TEST_CASE("store: reading verbs wait for nobody who changes it", "[images]") {
  const TempDirectory directory;
  import_sample(directory);
  const std::vector<sys::Fd> locks = hold_locks(directory);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"system", "df"}, {"system", "check"}}) {
    const Result result = tilla(directory, words);
    INFO(result.all());
    REQUIRE(result.exit_code == 0);
  }
}
