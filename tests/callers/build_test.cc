// SPDX-License-Identifier: Apache-2.0
// Builds: buildah's RUN, by `build` and by `run`, and docker's.
#include <catch2/catch.hpp>

#include "tests/callers/engines.h"

using namespace callers;
using Catch::Matchers::Contains;
using support::Result;

namespace {

// A build's directory with a Dockerfile of these lines below FROM.
struct Context {
  explicit Context(const std::string& lines) {
    support::write_text(directory / "Dockerfile", "FROM " + std::string(kImage) + "\n" + lines);
  }
  const std::string& path() const { return directory.path(); }
  support::TempDirectory directory;
};

constexpr const char* kRuns =
    "RUN echo built > /file && id -u > /user\n"
    "WORKDIR /made\n"
    "USER 7:50\n"
    "ENV A=b\n"
    "RUN touch here 2>/dev/null; pwd > /tmp/ids; id -u >> /tmp/ids; id -g >> /tmp/ids; echo $A >> "
    "/tmp/ids\n";

// The container of `buildah from`.
struct Working {
  Working()
      : buildah(shared<Podman>().buildah()), id(buildah.must({"from", "--pull-never", kImage})) {}
  ~Working() {
    try {
      (void)buildah.call({"rm", id});
    } catch (const std::exception&) {  // its store goes at the end
    }
  }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  Caller buildah;
  std::string id;
};

}  // namespace

TEST_CASE("buildah: RUN writes into the image", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const Context context(kRuns);
  (void)shared<Podman>().buildah().must(
      {"build", "--network", "none", "--tag", "localhost/built", context.path()});
  const Result result = shared<Podman>().caller().call(
      {"run", "--rm", "localhost/built", "cat", "/file", "/user", "/tmp/ids"});
  CHECK(result.out == "built\n0\n/made\n7\n50\nb\n");
}

TEST_CASE("buildah: a RUN that fails ends the build with its code", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const Context context("RUN exit 42\n");
  const Result result =
      shared<Podman>().buildah().call({"build", "--network", "none", context.path()});
  CHECK(result.exit_code == 42);
  CHECK_THAT(result.err, Contains("exit status 42"));
}

TEST_CASE("buildah: a RUN of a missing command tells why", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const Context context("RUN [\"nosuch\"]\n");
  const Result result =
      shared<Podman>().buildah().call({"build", "--network", "none", context.path()});
  CHECK(result.exit_code != 0);
  CHECK_THAT(result.err, Contains("nosuch") && Contains("executable file not found in $PATH"));
}

TEST_CASE("buildah: run passes output, volumes and the exit code", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const support::TempDirectory directory;
  const Working working;
  const Result result = working.buildah.call({"run", "--network", "none", "--volume",
                                              directory.path() + ":/out", working.id, "--", "sh",
                                              "-c", "echo out; echo written > /out/file; exit 3"});
  CHECK(result.out == "out\n");
  CHECK(result.exit_code == 3);
  CHECK(support::read_text(directory / "file") == "written\n");
}

TEST_CASE("buildah: run --tty has a terminal", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const Working working;
  const Result result =
      support::run(working.buildah.argv({"run", "--network", "none", "--tty", working.id, "--",
                                         "sh", "-c", "tty; exit 2"}),
                   working.buildah.with_env({.pty = true}));
  CHECK_THAT(result.out, Contains("/dev/pts/0"));
  CHECK(result.exit_code == 2);
}

TEST_CASE("podman build: RUN is the runtime's", "[callers][build]") {
  NEEDS_ENGINE(Podman);
  const Caller& podman = shared<Podman>().caller();
  const Context context(kRuns);
  (void)podman.must({"build", "--network", "none", "--layers=false", "--isolation", "oci", "--tag",
                     "localhost/built", context.path()});
  CHECK(podman.must({"run", "--rm", "localhost/built", "cat", "/file"}) == "built");
}

TEST_CASE("docker build: RUN is the default runtime's - Docker", "[callers][build]") {
  NEEDS_ENGINE(Docker);
  const Caller& docker = shared<Docker>().caller();
  const Context context(kRuns);
  (void)docker.must({"build", "--network", "none", "--tag", "localhost/built", context.path()});
  CHECK(docker.must({"run", "--rm", "localhost/built", "cat", "/file"}) == "built");
}
