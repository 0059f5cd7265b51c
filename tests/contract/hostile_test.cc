// SPDX-License-Identifier: Apache-2.0
// INV-1, INV-8: whatever a container does in its root, no layer changes.
#include <catch2/catch.hpp>

#include "tests/contract/scene.h"

using contract::Copy;
using contract::Fuse;
using contract::Overlay;
using contract::OverlayOnePage;
using contract::Scene;

namespace {

// In a mount namespace of its own whose root this is, with all capabilities of the user namespace.
// Most of it fails, and may.
constexpr const char* kAttacks = R"sh(
export PATH=/bin
echo evil > /etc/passwd; echo evil >> /etc/group; true > /etc/sub/x
chmod 777 /etc /etc/passwd /etc/sub; chown 5:5 /etc/group; touch -d 2001-01-01 /etc/sub/x /
mknod /etc/null c 0 0; mknod /null c 0 0; mknod /disk b 8 0; mkfifo /etc/fifo
ln /etc/passwd /etc/linked; echo evil > /etc/linked; ln -s / /etc/up; ln -sf /etc/../../.. /out
echo evil > /etc/up/../layers; echo evil > /out/evil; mv /etc/sub /moved; mv /moved/x /etc/x
rm -rf /var; mkdir /var; ln -s /etc /var/lib; (exec 9< /etc/hard; echo evil > /proc/self/fd/9)
(exec 8<> /etc/hard; echo evil >&8; echo evil > /dev/fd/8)
mkdir -p /m /w /u; mount -o remount,rw /; mount --bind / /m; mount -o remount,bind,rw /m
echo evil > /m/etc/passwd; umount /m; umount -l /; mount -t overlay -o lowerdir=/etc,upperdir=/u,workdir=/w,userxattr o /m
echo evil > /m/group; mount -t tmpfs t /etc; mount -t proc p /m; cat /m/*/mountinfo
for pid in /m/[0-9]*; do echo evil > $pid/root/etc/passwd; echo evil > $pid/cwd/../layers/0/etc/group; done
chroot /etc /bin/sh -c 'cd ../../..; echo evil > evil'; cd /; cd ..; echo evil > layers/0/etc/passwd
truncate -s 0 /usr/bin/tool; truncate -s 100000 /etc/hard; mv -T /etc /var/etc; mv /usr /; rm -rf /usr
echo reached-the-end
)sh";

// By the host's program, for busybox has none. On the root fuse-overlayfs takes one of
// them, which hides the layers from the container: that one comes when the attack is over.
constexpr const char* kAttributes = R"sh(
for at in WHERE; do
  for name in user.overlay.opaque user.overlay.redirect user.overlay.metacopy user.overlay.origin \
      trusted.overlay.opaque trusted.overlay.redirect user.evil user.containers.override_stat; do
    setfattr -n $name -v y $at || :
  done
done
)sh";

void set_attributes(Scene& scene, const std::string& where, bool read_only) {
  std::string line = kAttributes;
  line.replace(line.find("WHERE"), 5, where);
  (void)scene.try_in_root(line, read_only);
}

void attack(Scene& scene, bool read_only) {
  const std::string before = scene.layers_in_full();
  set_attributes(scene, "etc etc/sub etc/passwd", read_only);
  const support::Result result = scene.attack(kAttacks, read_only);
  support::expect(result.out.find("reached-the-end") != std::string::npos,
                  "attack: " + result.all());
  support::expect(scene.layers_in_full() == before, "a layer has changed");
}

}  // namespace

TEMPLATE_TEST_CASE("t_layers_never_change: a hostile container", "[driver][security]", Overlay,
                   OverlayOnePage, Fuse, Copy) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    scene.add_busybox_layer();
    scene.add_layer(
        "mkdir -p etc/sub var/lib usr/bin; echo p > etc/passwd; echo g > etc/group; echo h > "
        "etc/hard;"
        "echo x > etc/sub/x; echo t > usr/bin/tool; chmod 755 usr/bin/tool");
    scene.prepare();
    attack(scene, false);
    attack(scene, true);
    const std::string before = scene.layers_in_full();
    set_attributes(scene, ".", false);
    (void)scene.try_in_root("rm -rf ./*");
    support::expect(scene.layers_in_full() == before, "a layer has changed");
    (void)scene.changes();  // comes to an end, whatever it is
  });
}

TEMPLATE_TEST_CASE("t_layers_never_change: a view of an image of one layer", "[driver][security]",
                   Overlay, OverlayOnePage, Fuse) {
  EACH_IDENTITY(TestType, [](Scene& scene) {
    scene.add_busybox_layer();
    const std::string before = scene.layers_in_full();
    const support::Result result = scene.attack(kAttacks, true, true);
    support::expect(result.out.find("reached-the-end") != std::string::npos, result.all());
    support::expect(scene.layers_in_full() == before, "the layer has changed");
  });
}
