// SPDX-License-Identifier: Apache-2.0
// What is mounted on one side later: who sees it. Source: mount_namespaces(7), "Shared subtrees".
#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;

namespace {

// The optional fields of "/", then those of "/dev": "shared:12 master:3" is "shared master".
constexpr const char* kShow =
    "for p in / /dev; do awk -v p=$p '$5 == p {for (i = 7; $i != \"-\"; i++) print $i}' "
    "/proc/self/mountinfo | sed 's/:.*//' | xargs; done";

// Waits ten seconds at most.
std::string wait_for(const std::string& path) {
  return sys::format("i=0; while [ ! -e {} ] && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.1; done",
                     path);
}

void drop_user_namespace(RuntimeSpec& spec) {
  drop_namespace(spec, NamespaceType::kUser);
  spec.linux_.uid_mappings.clear();
  spec.linux_.gid_mappings.clear();
}

std::string root_propagation(const std::string& value, bool has_user_namespace) {
  const Result result = run_among_mounts("mount --make-rshared /", [&](RuntimeSpec& spec) {
    if (!has_user_namespace) drop_user_namespace(spec);
    spec.linux_.rootfs_propagation = value;
    set_shell(spec, kShow);
  });
  return result.all();
}

// A mount of the host's in a shared source, then one of the container's: who has seen the other's.
Result mount_on_both_sides(const std::vector<std::string>& options, const Change& change) {
  const TempDirectory source;
  make_directory(source / "host");
  make_directory(source / "inside");
  const std::string setup = sys::format(
      "mount --bind {0} {0} && mount --make-shared {0} && {{ ({1}; mount -t tmpfs t {0}/host && "
      "touch {0}/host/seen; touch {0}/mounted; {2}; ls {0}/inside > {0}/result; "
      "touch {0}/done) & }}",
      source.path(), wait_for(source / "ready"), wait_for(source / "looked"));
  Result result = run_among_mounts(setup, [&](RuntimeSpec& spec) {
    spec.process->capabilities = config::Capabilities{.bounding = {"CAP_SYS_ADMIN"},
                                                      .effective = {"CAP_SYS_ADMIN"},
                                                      .inheritable = {},
                                                      .permitted = {"CAP_SYS_ADMIN"},
                                                      .ambient = {}};
    set_shell(spec, sys::format("touch /m/ready; {}; ls /m/host; mount -t tmpfs t /m/inside && "
                                "touch /m/inside/back; touch /m/looked; {}",
                                wait_for("/m/mounted"), wait_for("/m/done")));
    add_mount(spec, "/m", "bind", source.path(), options);
    change(spec);
  });
  result.out += "outside: " + read_text(source / "result");
  return result;
}

}  // namespace

TEST_CASE("rootfsPropagation: each value is that of the container's root",
          "[integration][propagation]") {
  const auto [value, shown] =
      GENERATE(table<std::string, std::string>({{"", "master\n\n"},
                                                {"slave", "master\n\n"},
                                                {"rslave", "master\n\n"},
                                                {"private", "\n\n"},
                                                {"rprivate", "\n\n"},
                                                {"unbindable", "unbindable\n\n"},
                                                {"runbindable", "unbindable\nunbindable\n"}}));
  CHECK(root_propagation(value, true) == shown);
  if (is_root()) CHECK(root_propagation(value, false) == shown);
}

TEST_CASE("rootfsPropagation: shared is a new peer group, not the host's",
          "[integration][propagation]") {
  CHECK(root_propagation("shared", true) == "shared master\n\n");
  CHECK(root_propagation("rshared", true) == "shared master\nshared\n");
}

TEST_CASE("rootfsPropagation: a word that nobody knows is refused", "[integration][propagation]") {
  const Result result =
      run_args({"true"}, [](RuntimeSpec& spec) { spec.linux_.rootfs_propagation = "sideways"; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Catch::Matchers::Contains("/linux/rootfsPropagation"));
}

TEST_CASE("propagation: in a user namespace a bind sees the host's later mounts as a slave",
          "[integration][propagation]") {
  const auto [options, shown] = GENERATE(
      table<std::vector<std::string>, std::string>({{{"rbind"}, "seen\noutside: "},
                                                    {{"rbind", "rslave"}, "seen\noutside: "},
                                                    {{"rbind", "rshared"}, "seen\noutside: "},
                                                    {{"rbind", "rprivate"}, "outside: "}}));
  CHECK(mount_on_both_sides(options, [](RuntimeSpec&) {}).all() == shown);
}

TEST_CASE("propagation: as root a bind shows the host nothing unless both are shared",
          "[integration][propagation][root]") {
  NEEDS(root);
  const auto [options, root, shown] =
      GENERATE(table<std::vector<std::string>, std::string, std::string>(
          {{{"rbind"}, "", "seen\noutside: "},
           {{"rbind", "rslave"}, "rshared", "seen\noutside: "},
           {{"rbind", "rshared"}, "", "seen\noutside: "},
           {{"rbind", "rprivate"}, "", "outside: "},
           {{"rbind"}, "private", "outside: "},
           {{"rbind", "rshared"}, "rshared", "seen\noutside: back\n"}}));
  CAPTURE(root);
  CHECK(mount_on_both_sides(options, [&](RuntimeSpec& spec) {
          drop_user_namespace(spec);
          spec.linux_.rootfs_propagation = root;
        }).all() == shown);
}
