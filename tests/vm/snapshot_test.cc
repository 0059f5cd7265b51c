// SPDX-License-Identifier: Apache-2.0
// Images and snapshots on Debian 12's own kernel: overlay has no "lowerdir+" there, and takes its
// layers on one page of options. The drivers' contract is run beside these (tests/vm/suite).
#include <fcntl.h>
#include <sched.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/overlay.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/userns.h"
#include "tests/support/child.h"
#include "tests/support/harness.h"
#include "tests/support/tilla.h"

using namespace support;

namespace {

constexpr int kLayers = 127;  // and a commit's upon them

// Of layers with a file each, and one that they all change.
void make_layout(const std::string& path) {
  const LayoutBuilder layout(path);
  std::vector<std::string> layers;
  for (int i = 1; i <= kLayers; ++i) {
    layers.push_back(TarBuilder()
                         .file("file" + std::to_string(i), "of its own")
                         .file("shared", "by layer " + std::to_string(i))
                         .bytes());
  }
  layout.index({LayoutBuilder::named(layout.image(layers), "deep")});
}

const ProgramOptions kPatient = {.timeout = std::chrono::seconds(300)};

std::string in_root_of(const Tilla& tilla, const std::string& container, const std::string& line) {
  return tilla.must({"unshare", "sh", "-ec",
                     sys::format("cd \"$({} mount {})\"; {}", tilla_program(), container, line)},
                    kPatient);
}

// That a user may have needs a user namespace, and an id in it that files can be made with.
void enter_mount_namespace() {
  if (!is_root()) {
    const sys::Procfs proc = sys::Procfs::open();
    const auto uid = sys::effective_uid();
    const auto gid = sys::effective_gid();
    sys::unshare(CLONE_NEWUSER);
    sys::write_id_maps(proc, "self", {{.inside = 0, .outside = uid, .count = 1}},
                       {{.inside = 0, .outside = gid, .count = 1}}, true);
  }
  sys::unshare(CLONE_NEWNS);
}

}  // namespace

TEST_CASE("snapshot: this kernel takes the layers on one page alone", "[vm][snapshot]") {
  const TempDirectory directory;
  make_directory(directory / "a");
  make_directory(directory / "b");
  CHECK(in_child([&] {
          enter_mount_namespace();
          const sys::Fd a = sys::open_path(directory / "a", O_RDONLY | O_DIRECTORY);
          const sys::Fd b = sys::open_path(directory / "b", O_RDONLY | O_DIRECTORY);
          const sys::OverlayLayers layers = {.lowers = {a.get(), b.get()}};
          for (const auto how :
               {sys::OverlayInterface::kDescriptors, sys::OverlayInterface::kPaths}) {
            bool is_taken = true;
            try {
              (void)sys::make_overlay(layers, how);
            } catch (const sys::Error&) {
              is_taken = false;
            }
            expect(!is_taken, "lowerdir+ is taken");
          }
          expect(static_cast<bool>(sys::make_overlay(layers, sys::OverlayInterface::kBest)),
                 "no mount");
        }) == "");
}

TEST_CASE("snapshot: 128 layers are loaded, mounted, changed, compared and committed",
          "[vm][snapshot]") {
  const Tilla tilla;
  make_layout(tilla / "layout");
  tilla.must({"load", "--quiet", "--input", tilla / "layout"}, kPatient);
  CHECK(tilla.layers().size() == kLayers);
  CHECK(tilla.must({"info"}, kPatient).find("overlay") != std::string::npos);
  tilla.must({"create", "--name", "first", "deep"}, kPatient);
  CHECK(in_root_of(tilla, "first", "cat shared; ls | wc -l; stat -f -c %T .") ==
        sys::format("by layer {}{}\noverlayfs\n", kLayers, kLayers + 1));
  in_root_of(tilla, "first", "echo new > shared; rm file1; mkdir made");
  CHECK(tilla.must({"diff", "first"}, kPatient) == "D /file1\nA /made\nC /shared\n");
  tilla.must({"commit", "first", "deeper"}, kPatient);
  tilla.must({"create", "--name", "second", "deeper"}, kPatient);
  CHECK(in_root_of(tilla, "second", "cat shared; ls -d made; ls | wc -l") ==
        sys::format("new\nmade\n{}\n", kLayers + 1));
  CHECK(tilla.must({"diff", "second"}, kPatient).empty());
  CHECK(tilla.must({"system", "check"}, kPatient).empty());
}
