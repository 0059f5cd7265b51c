// SPDX-License-Identifier: Apache-2.0
// Which driver works on which file system, and what is said of those that don't.
#include <fcntl.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "tests/contract/scene.h"

using snapshotter::DriverProbe;
using support::expect;

namespace {

/// Probes in a directory, after a shell line has mounted something on it: "$1". As the host's root,
/// in a mount namespace of its own.
void probe_on(const std::string& line,
              const std::function<void(const std::vector<DriverProbe>&)>& part) {
  const support::TempDirectory directory;
  const std::string error = support::in_child([&] {
    const snapshotter::Mapping mapping = contract::enter("root");
    support::make_directory(directory / "store");
    const support::Result result =
        support::run({"sh", "-ec", line, "sh", directory / "store"}, {.cwd = directory.path()});
    expect(result.exit_code == 0, "mount: " + result.all());
    const sys::Fd store = sys::open_path(directory / "store", O_RDONLY | O_DIRECTORY);
    part(snapshotter::probe_drivers(store.get(), mapping));
    expect(support::names_in(directory / "store").empty(), "something is left");
  });
  CHECK(error == "");
}

const DriverProbe& probe_of(const std::vector<DriverProbe>& probes, snapshotter::DriverKind kind) {
  for (const DriverProbe& probe : probes) {
    if (probe.kind == kind) return probe;
  }
  throw sys::Error("it was not probed");
}

void expect_refused(const DriverProbe& probe, const std::string& part) {
  expect(!probe.works, "it works");
  expect(probe.reason.find(part) != std::string::npos, "\"" + probe.reason + "\"");
}

}  // namespace

TEST_CASE("probe: on a disk the best driver works", "[driver][root]") {
  NEEDS(root);
  probe_on("true", [](const std::vector<DriverProbe>& probes) {
    expect(probes.front().kind == snapshotter::DriverKind::kOverlay, "another is the best");
    expect(probes.front().works, probes.front().reason);
    expect(probe_of(probes, snapshotter::DriverKind::kCopy).works, "copy");
  });
}

TEST_CASE("probe: overlay on overlay is told, with a way out, and a copy works", "[driver][root]") {
  NEEDS(root);
  probe_on(
      "mkdir low up work; mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none \"$1\"",
      [](const std::vector<DriverProbe>& probes) {
        const DriverProbe& overlay = probe_of(probes, snapshotter::DriverKind::kOverlay);
        expect_refused(overlay, "overlay on overlay can't be written to");
        expect_refused(overlay, "--root DIR, or TILLA_ROOT");
        const DriverProbe& copy = probe_of(probes, snapshotter::DriverKind::kCopy);
        expect(copy.works, copy.reason);
      });
}

TEST_CASE("probe: where there are no attributes overlay is refused, and a copy works",
          "[driver][root]") {
  NEEDS(root);
  // ramfs is what tmpfs was before Linux 6.6.
  probe_on("mount -t ramfs none \"$1\"", [](const std::vector<DriverProbe>& probes) {
    expect_refused(probe_of(probes, snapshotter::DriverKind::kOverlay), "");
    const DriverProbe& copy = probe_of(probes, snapshotter::DriverKind::kCopy);
    expect(copy.works, copy.reason);
  });
}

TEST_CASE("probe: a disk that can't be written to is told of each driver", "[driver][root]") {
  NEEDS(root);
  probe_on("mount -t tmpfs -o ro none \"$1\"", [](const std::vector<DriverProbe>& probes) {
    for (const DriverProbe& probe : probes) expect_refused(probe, "Read-only file system");
  });
}
