// SPDX-License-Identifier: Apache-2.0
// What snapshotter/snapshot/driver.h promises, of each driver.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/process.h"
#include "tests/contract/scene.h"

using contract::Copy;
using contract::Fuse;
using contract::Overlay;
using contract::OverlayOnePage;
using contract::Scene;
using support::expect;

#define ALL_DRIVERS Overlay, OverlayOnePage, Fuse, Copy

namespace {

constexpr const char* kLow =
    "mkdir -p etc/sub var/lib/deep usr/bin; echo passwd > etc/passwd; echo group > etc/group;"
    "echo x > etc/sub/x; ln -s ../etc/passwd usr/link; echo a > var/lib/deep/a; ln etc/passwd "
    "etc/hard;"
    "chmod 750 var/lib; touch -d 2020-01-02T03:04:05.678901234 etc/group etc/sub/x etc";
constexpr const char* kHigh =
    "mkdir -p etc usr/bin; echo changed > etc/group; echo tool > usr/bin/tool";

void prepare_two(Scene& scene) {
  scene.add_layer(kLow);
  scene.add_layer(kHigh);
  scene.prepare();
}

}  // namespace

TEMPLATE_TEST_CASE("driver: the root shows the layers", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    scene.add_layer(kLow);
    scene.add_layer(
        "mkdir -p etc var/lib; WHITEOUT etc/passwd; mkdir var/lib/deep; OPAQUE var/lib/deep;"
        "echo b > var/lib/deep/b; echo new > etc/group; chmod 711 .");
    scene.prepare();
    expect(scene.in_root("cat etc/group etc/hard; ls etc var/lib/deep; stat -c %a .") ==
               "new\npasswd\netc:\ngroup\nhard\nsub\n\nvar/lib/deep:\nb\n711\n",
           "another root");
    scene.expect_changes("");
  });
}

TEMPLATE_TEST_CASE("driver: files are made, changed and deleted", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root(
        "echo more >> etc/group; rm etc/sub/x; echo n > new; mkdir -p srv/www; echo i > srv/www/i");
    scene.expect_changes(
        "C etc\nC etc/group\nC etc/sub\nD etc/sub/x\nA new\nA srv\nA srv/www\nA srv/www/i\n");
    expect(scene.in_root("cat etc/group; ls etc/sub; cat srv/www/i") == "changed\nmore\ni\n",
           "remounted");
  });
}

TEMPLATE_TEST_CASE("driver: what was touched and left as it was is no change", "[driver]",
                   ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    // Opened for writing and not written to; a mode changed and set back.
    scene.in_root(": >> etc/sub/x; chmod 600 etc/passwd; chmod 644 etc/passwd");
    scene.expect_changes("");
    // A change that keeps size and time is one.
    scene.in_root("echo y > etc/sub/x; touch -d 2020-01-02T03:04:05.678901234 etc/sub/x");
    scene.expect_changes("C etc\nC etc/sub\nC etc/sub/x\n");
  });
}

TEMPLATE_TEST_CASE("driver: a thing replaces one of another kind", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root(
        "rm etc/group; mkdir etc/group; echo 1 > etc/group/one; rm -r etc/sub; echo f > etc/sub;"
        "rm usr/link; echo t > usr/link; rm -r var/lib/deep; ln -s /etc var/lib/deep");
    scene.expect_changes(
        "C etc\nC etc/group\nA etc/group/one\nC etc/sub\nC usr\nC usr/link\nC var\nC var/lib\nC "
        "var/lib/deep\n");
    expect(scene.in_root("cat etc/group/one etc/sub usr/link; readlink var/lib/deep") ==
               "1\nf\nt\n/etc\n",
           "another root");
  });
}

TEMPLATE_TEST_CASE("driver: a directory is deleted and made again", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root(
        "rm -r etc; mkdir etc; echo group > etc/group; mkdir etc/sub; echo z > etc/sub/z");
    scene.expect_changes(
        "C etc\nD etc/hard\nD etc/passwd\nC etc/group\nC etc/sub\nD etc/sub/x\nA etc/sub/z\n");
    expect(scene.in_root("ls etc etc/sub") == "etc:\ngroup\nsub\n\netc/sub:\nz\n", "another root");
  });
}

TEMPLATE_TEST_CASE("driver: a directory of the layers is renamed", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root("mv etc conf");  // mv copies where the driver says EXDEV
    scene.expect_changes(
        "D etc\nA conf\nA conf/group\nA conf/hard\nA conf/passwd\nA conf/sub\nA conf/sub/x\n");
    expect(scene.in_root("cat conf/sub/x conf/group") == "x\nchanged\n", "another root");
  });
}

TEMPLATE_TEST_CASE("driver: hard links", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root("echo one > etc/one; ln etc/one etc/two; ln usr/bin/tool usr/bin/alias");
    expect(scene.in_root("stat -c %h etc/one usr/bin/alias; cat usr/bin/alias") == "2\n2\ntool\n",
           "links");
    scene.expect_changes("C etc\nA etc/one\nA etc/two\nC usr\nC usr/bin\nA usr/bin/alias\n");
  });
}

TEMPLATE_TEST_CASE("driver: modes, times and attributes", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root(
        "chmod 4755 usr/bin/tool; chmod 700 var; setfattr -n user.test -v 1 etc/group;"
        "touch -d 2001-02-03T04:05:06.789 etc/sub/x");
    scene.expect_changes(
        "C etc\nC etc/group\nC etc/sub\nC etc/sub/x\nC usr\nC usr/bin\nC usr/bin/tool\nC var\n");
    expect(
        scene.in_root("stat -c %a usr/bin/tool var; getfattr --only-values -n user.test etc/group;"
                      "stat -c ' %.9Y' etc/sub/x") == "4755\n700\n1 981173106.789000000\n",
        "another root");
  });
}

TEMPLATE_TEST_CASE("driver: owners", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    if (scene.mapping().ownership != snapshotter::Ownership::kMapped) return;
    scene.add_layer("mkdir d; echo f > d/f; chown 33:44 d d/f; ln -s f d/l; chown -h 5:6 d/l");
    scene.prepare();
    expect(scene.in_root("stat -c %u:%g d d/f d/l; chown 1000:1000 d/f") == "33:44\n33:44\n5:6\n",
           "owners");
    scene.expect_changes("C d\nC d/f\n");
  });
}

TEMPLATE_TEST_CASE("driver: scratch", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    scene.prepare();
    scene.expect_changes("");
    scene.in_root("mkdir bin; echo sh > bin/sh; ln -s bin/sh sh");
    scene.expect_changes("A bin\nA bin/sh\nA sh\n");
    expect(scene.in_root("cat bin/sh", true) == "sh\n", "read-only");
    expect(scene.try_in_root("echo > new", true).exit_code != 0, "written");
  });
}

TEMPLATE_TEST_CASE("driver: a read-only root shows all and takes nothing", "[driver]",
                   ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    scene.in_root("rm etc/passwd; echo new > new");
    expect(scene.in_root("ls etc; cat new etc/group", true) == "group\nhard\nsub\nnew\nchanged\n",
           "root");
    const support::Result result = scene.try_in_root("echo > other", true);
    expect(result.exit_code != 0 && result.err.find("Read-only") != std::string::npos, "written");
    scene.expect_changes("C etc\nD etc/passwd\nA new\n");
  });
}

TEMPLATE_TEST_CASE("driver: an image is shown without a container", "[driver]", Overlay,
                   OverlayOnePage, Fuse) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    scene.add_layer(kLow);
    expect(sys::read_file_at(scene.driver().root(-1, scene.layers(), true).get(), "etc/group",
                             99) == "group\n",
           "one layer");
    scene.add_layer(kHigh);
    expect(sys::read_file_at(scene.driver().root(-1, scene.layers(), true).get(), "etc/group",
                             99) == "changed\n",
           "two layers");
  });
}

TEMPLATE_TEST_CASE("driver: 128 layers", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    for (std::size_t i = 0; i < snapshotter::kMaxLayers; ++i) {
      const std::string number = std::to_string(i);
      scene.add_layer("mkdir d; echo " + number + " > d/" + number + "; echo " + number +
                      " > same");
    }
    scene.prepare();
    expect(
        scene.in_root("ls d | wc -l; cat same d/0 d/77; rm d/5; echo > d/6") == "128\n127\n0\n77\n",
        "root");
    scene.expect_changes("C d\nD d/5\nC d/6\n");
    scene.add_layer("echo too many > d");
    try {
      scene.driver().prepare(scene.snapshot(), scene.layers());
      expect(false, "129 layers");
    } catch (const sys::Error& error) {
      expect(std::string(error.what()) == "129 layers, but a container can have 128", error.what());
    }
  });
}

TEMPLATE_TEST_CASE("driver: a snapshot outlives a crash", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    // The mount, with a file open for writing, goes with its mount namespace and no goodbye.
    const std::string error = support::in_child([&] {
      const sys::Fd root = scene.root();
      const sys::Fd file = sys::open_at(root.get(), "etc/group", O_WRONLY | O_APPEND);
      sys::write_all(file.get(), "more\n");
      sys::exit_now(9);
    });
    expect(error == "ended with code 9", error);
    expect(scene.in_root("cat etc/group; rm etc/group") == "changed\nmore\n", "remounted");
    scene.expect_changes("C etc\nD etc/group\n");
  });
}

TEMPLATE_TEST_CASE("driver: what a container sets of a driver's marks conceals nothing", "[driver]",
                   ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    // One by one: each may be refused.
    scene.in_root(
        "echo y > etc/sub/x; touch -d 2020-01-02T03:04:05.678901234 etc/sub/x; mkdir new");
    (void)scene.try_in_root("setfattr -n user.overlay.metacopy -v '' etc/sub/x");
    (void)scene.try_in_root("setfattr -n user.overlay.redirect -v /usr new");
    (void)scene.try_in_root("setfattr -n user.overlay.redirect -v ../.. etc/sub");
    (void)scene.try_in_root("setfattr -n user.overlay.opaque -v y usr");
    // fuse-overlayfs believes the last one. What it shows then is what counts.
    const bool is_hidden = scene.in_root("ls usr").empty();
    scene.expect_changes(std::string("C etc\nC etc/sub\nC etc/sub/x\nA new\n") +
                         (is_hidden ? "C usr\nD usr/bin\nD usr/link\n" : ""));
  });
}

TEMPLATE_TEST_CASE("driver: names that no layer can hold are left out", "[driver]", ALL_DRIVERS) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    prepare_two(scene);
    (void)scene.try_in_root("echo > .wh.etc; echo > etc/.wh..wh..opq; mknod zero c 0 0; echo > ok");
    (void)scene.try_in_root("mknod zero c 0 0");
    (void)scene.try_in_root("echo > ok");
    const std::string changes = scene.changes();
    expect(changes.find(".wh.") == std::string::npos && changes.find("zero") == std::string::npos,
           changes);
    expect(changes.find("D ") == std::string::npos, changes);
  });
}
