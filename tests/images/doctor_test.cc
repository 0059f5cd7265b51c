// SPDX-License-Identifier: Apache-2.0
// `tilla doctor` on hosts that are ill: each illness is real, made in namespaces of the test's own.
#include <catch2/catch.hpp>

#include "config/json.h"
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::TempDirectory;

constexpr const char* kId = "59990";  // nobody's
constexpr const char* kPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

/// Prepares a healthy surrounding, as the host's root in a mount namespace of its own: a user with
/// subordinate ids, who has a home, and copies of our programs. $D is the place, $ID the user.
constexpr const char* kHealthy = R"(set -e
chmod 755 $D
mkdir $D/home $D/bin $D/etc
# limit NAME WORDS: in a user namespace that has no namespaces of a kind to give.
cat > $D/bin/limit <<'END'
#!/bin/sh
exec unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/$0; exec "$@"' "$@"
END
cat > $D/bin/without-memfd <<'END'
#!/bin/sh
exec unshare --pid --fork --mount-proc sh -c 'echo 2 > /proc/sys/vm/memfd_noexec; exec "$@"' - "$@"
END
chmod 755 $D/bin/*; PATH=$PATH:$D/bin
for program in tilla tilla-layers tilla-runtime tilla-monitor tilla-init; do cp "$FROM/$program" $D/bin; done
chown $ID:$ID $D/home
cp /etc/passwd $D/etc/passwd; echo "ill:x:$ID:$ID::$D/home:/bin/sh" >> $D/etc/passwd
echo "ill:3000000:65536" > $D/etc/subuid; cp $D/etc/subuid $D/etc/subgid
for f in passwd subuid subgid; do mount --bind $D/etc/$f /etc/$f; done
wrap=; home=$D/home; runtime=; path=/usr/sbin:/usr/bin:/sbin:/bin; tilla=$D/bin/tilla; store=
as="setpriv --reuid $ID --regid $ID --clear-groups"
)";
constexpr const char* kExamine = R"(
cd /
exec $wrap $as env -i PATH=$path HOME=$home ${runtime:+XDG_RUNTIME_DIR=$runtime} ${store:+TILLA_ROOT=$store} $tilla doctor --json)";

Result examine(const std::string& illness) {
  const TempDirectory place;
  const std::string program = support::tilla_program();
  const std::string folder = program.substr(0, program.rfind('/'));
  return support::run(
      {"/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
       std::string(kHealthy) + illness + kExamine},
      {.env = {kPath, "D=" + place.path(), std::string("ID=") + kId, "FROM=" + folder}});
}

/// "broken" and so on; empty: no finding of that name.
std::string status_of(const Result& result, const std::string& id) {
  const config::Json findings = config::parse_json(result.out, "doctor");
  for (const config::Json& each : std::get<config::Json::Array>(findings.value)) {
    if (std::get<std::string>(each.find("Id")->value) != id) continue;
    return std::get<std::string>(each.find("Status")->value);
  }
  return {};
}

struct Case {
  const char* id;
  const char* status;
  const char* illness;
};

constexpr Case kCases[] = {
    {"kernel-old", "broken", "wrap='setarch --uname-2.6'"},
    {"memfd-noexec", "degraded", "wrap=without-memfd"},
    {"userns-maximum-zero", "broken", "as=; wrap='limit max_user_namespaces'"},
    {"mount-namespace-maximum-zero", "broken", "as=; wrap='limit max_mnt_namespaces'"},
    {"pid-namespace-maximum-zero", "broken", "as=; wrap='limit max_pid_namespaces'"},
    {"network-namespace-maximum-zero", "broken", "as=; wrap='limit max_net_namespaces'"},
    {"ipc-namespace-maximum-zero", "broken", "as=; wrap='limit max_ipc_namespaces'"},
    {"uts-namespace-maximum-zero", "broken", "as=; wrap='limit max_uts_namespaces'"},
    {"cgroup-namespace-maximum-zero", "broken", "as=; wrap='limit max_cgroup_namespaces'"},
    {"userns-chroot", "broken",
     "mkdir $D/root; cd $D/root; mkdir usr proc etc dev; for d in bin sbin lib lib64; do ln -s "
     "usr/$d $d; done; for d in usr proc etc dev; do mount --rbind /$d $d; done; mkdir -p .$D; "
     "mount --rbind $D .$D; wrap=\"chroot $D/root\""},
    {"proc-masked", "degraded", "mount -t tmpfs none /proc/driver"},
    {"sys-masked", "degraded", "mount -t tmpfs none /sys/kernel"},
    {"subuid-missing", "degraded", ": > $D/etc/subuid"},
    {"subgid-missing", "degraded", "echo root:1:65536 > $D/etc/subgid"},
    {"subuid-small", "degraded", "echo ill:3000000:1000 > $D/etc/subuid"},
    {"subgid-small", "degraded", "echo ill:3000000:65534 > $D/etc/subgid"},
    {"subuid-shared", "degraded", "echo daemon:3065535:65536 >> $D/etc/subuid"},
    {"newuidmap-missing", "degraded",
     "mkdir $D/p; for f in setpriv env; do ln -s $(command -v $f) $D/p; done; path=$D/p"},
    {"newuidmap-powerless", "degraded",
     "cp /usr/bin/newuidmap $D/n; mount --bind $D/n /usr/bin/newuidmap"},
    {"newgidmap-nosuid", "degraded",
     "mount --bind /usr/bin/newgidmap /usr/bin/newgidmap; mount -o remount,bind,nosuid "
     "/usr/bin/newgidmap"},
    {"no-new-privileges", "degraded", "as=\"$as --no-new-privs\""},
    {"runtime-directory-missing", "degraded", "runtime=$D/none"},
    {"runtime-directory-foreign", "broken", "mkdir $D/run; runtime=$D/run"},
    {"runtime-directory-open", "broken", "mkdir -m 0777 $D/run; chown $ID $D/run; runtime=$D/run"},
    {"program-missing", "broken", "rm $D/bin/tilla-layers"},
    {"program-missing", "broken", "rm $D/bin/tilla-runtime"},
    {"program-missing", "broken", "rm $D/bin/tilla-monitor"},
    {"program-missing", "broken", "chmod 0644 $D/bin/tilla-init"},
    {"pasta-missing", "degraded",
     "mkdir $D/p; for f in setpriv env newuidmap newgidmap; do ln -s $(command -v $f) $D/p; done; "
     "path=$D/p"},
    {"tun-missing", "degraded", "mount -t tmpfs none /dev/net"},
    {"tun-refused", "degraded",
     "mount -t tmpfs none /dev/net; mknod -m 0600 /dev/net/tun c 10 200"},
    {"ping-forbidden", "degraded", "wrap='unshare --net'"},
    {"cgroup-not-delegated", "degraded",
     "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"},
    {"store-read-only", "broken", "mount -t tmpfs -o ro none $D/home"},
    {"store-refused", "broken", "chown 0 $D/home"},
    {"store-full", "degraded", "mount -t tmpfs -o size=1m none $D/home; chown $ID $D/home"},
};

}  // namespace

TEST_CASE("doctor: a healthy host", "[tilla][doctor][root]") {
  NEEDS(root);
  const Result result = examine("");
  INFO(result.all());
  CHECK(result.exit_code == 0);
  for (const char* const id : {"kernel", "userns", "isolation", "subordinate-ids",
                               "runtime-directory", "programs", "store"}) {
    CAPTURE(id);
    CHECK(status_of(result, id) == "ok");
  }
}

TEST_CASE("doctor: each illness is found, and what it is", "[tilla][doctor][root]") {
  NEEDS(root);
  const Case& each = GENERATE(from_range(std::begin(kCases), std::end(kCases)));
  CAPTURE(each.id);
  const Result result = examine(each.illness);
  INFO(result.all());
  REQUIRE(result.out.starts_with("["));
  CHECK(status_of(result, each.id) == each.status);
  const bool is_broken = result.out.find("\"broken\"") != std::string::npos;
  CHECK(result.exit_code == (is_broken ? 1 : 0));
}

TEST_CASE("doctor: no cgroups of version 2", "[tilla][doctor][root]") {
  NEEDS(root);
  const Result result = examine("umount -R /sys/fs/cgroup; mount -t tmpfs none /sys/fs/cgroup");
  INFO(result.all());
  const bool is_legacy =
      support::read_text("/proc/self/cgroup").find(":memory:") != std::string::npos;
  CHECK(status_of(result, is_legacy ? "cgroup-v1" : "cgroup-unmounted") == "degraded");
}

TEST_CASE("doctor: for people, with what mends it", "[tilla][doctor]") {
  const Result result = support::Tilla().call({"doctor"});
  CHECK(result.out.find("kernel             Linux ") != std::string::npos);
  CHECK(result.err.empty());
}
