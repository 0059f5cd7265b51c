// SPDX-License-Identifier: Apache-2.0
// The root: how it is entered, and that nothing of the host's is left to be seen.
#include <catch2/catch.hpp>

#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

// Where all that is mounted is mounted, then what a climb finds.
constexpr const char* kLook =
    "awk '{print $5}' /proc/self/mountinfo | grep -vE '^/(proc|sys|dev)(/|$)'; "
    "cd ..; cd ../../..; ls -d bin; ls -d /proc/1/root/bin /proc/1/cwd/bin";

// The flags of `run` and `create`: both ways into the root.
std::vector<std::string> way() {
  return GENERATE(values<std::vector<std::string>>({{}, {"--no-pivot"}}));
}

// What runtime-tools calls linux_ns_itype: nothing but the runtime's own namespaces.
void share_all(RuntimeSpec& spec) {
  spec.linux_.namespaces.clear();
  spec.hostname.clear();
}

// Of a mount namespace that is shared with the test.
std::string all_mounts() { return read_text("/proc/self/mountinfo"); }

}  // namespace

TEST_CASE("root: nothing else is mounted, and nothing is above it", "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) { set_shell(spec, kLook); });
  const Runtime runtime;
  CHECK(runtime.run(bundle, flags).all() == "/\nbin\n/proc/1/cwd/bin\n/proc/1/root/bin\n");
}

TEST_CASE("root: read-only when the bundle says so, what is mounted in it is not",
          "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.root.readonly = true;
    add_mount(spec, "/m", "tmpfs", "tmpfs");
    set_shell(spec, "touch /file; touch /m/file && ls /m");
  });
  const Runtime runtime;
  const Result result = runtime.run(bundle, flags);
  CHECK(result.out == "file\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
}

TEST_CASE("root: an exec has the same one", "[integration][root-fs]") {
  const std::vector<std::string> flags = way();
  const Bundle bundle([](RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  write_text(bundle.rootfs() + "/mark", "mine\n");
  const Runtime runtime;
  REQUIRE(runtime.create(bundle, "test", flags).exit_code == 0);
  runtime.must({"start", "test"});
  CHECK(runtime.must({"exec", "test", "sh", "-c", "pwd; cat /mark ../mark"}) == "/\nmine\nmine\n");
}

TEST_CASE("root: an absolute path outside of the bundle, and one with detours",
          "[integration][root-fs]") {
  const Bundle real;
  write_text(real.rootfs() + "/mark", "real\n");
  const Runtime runtime;
  const Bundle absolute([&](RuntimeSpec& spec) {
    spec.root.path = real.rootfs();
    spec.process->args = {"cat", "/mark"};
  });
  CHECK(runtime.run(absolute).all() == "real\n");
  const Bundle detour([&](RuntimeSpec& spec) {
    spec.root.path = "./rootfs/../rootfs//";
    spec.process->args = {"pwd"};
  });
  CHECK(runtime.run(detour).all() == "/\n");
}

TEST_CASE("root: of a bundle without one is an error that names it", "[integration][root-fs]") {
  const Bundle bundle([](RuntimeSpec& spec) { spec.root.path = "nowhere"; });
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/nowhere\"") && Contains("No such file or directory"));
}

TEST_CASE("root: without a mount namespace it is made all the same", "[integration][root-fs]") {
  NEEDS(root);
  const Result result = run_shell(
      "readlink /proc/self/ns/mnt; pwd; touch /no /dev/shm/yes; ls /dev/shm; ls -d /proc/1/ns; "
      "cat /etc/passwd; echo x > /dev/null && stat -c %F /dev/null; "
      "f=/proc/sys/vm/swappiness; cp $f /dev/shm/was; cat /dev/shm/was > $f",
      [](RuntimeSpec& spec) {
        share_all(spec);
        spec.root.readonly = true;
        spec.process->cwd = "/work";
        spec.linux_.masked_paths = {"/etc/passwd"};
        spec.linux_.readonly_paths = {"/proc/sys"};
      });
  CHECK(result.out ==
        sys::read_link("/proc/self/ns/mnt") + "\n/work\nyes\n/proc/1/ns\ncharacter special file\n");
  CHECK(result.err ==
        "touch: /no: Read-only file system\n"
        "sh: can't create /proc/sys/vm/swappiness: Read-only file system\n");
}

TEST_CASE("root: without a mount namespace nothing is mounted where others see it",
          "[integration][root-fs]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    share_all(spec);
    spec.process->args = {"probe", "pause"};
  });
  const Runtime runtime;
  const std::string before = all_mounts();
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  CHECK(all_mounts() == before);
  const std::string open = sys::format("ls -l /proc/{}/fd", runtime.pid("test"));
  CHECK_THAT(run({"sh", "-c", open}).out, !Contains("mnt:"));  // the way back is closed
  runtime.must({"start", "test"});
  CHECK(all_mounts() == before);
  CHECK(names_in(bundle.rootfs() + "/proc").empty());
  runtime.must({"delete", "--force", "test"});
  CHECK(all_mounts() == before);
}

TEST_CASE("root: an exec without a mount namespace has the same one", "[integration][root-fs]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    share_all(spec);
    set_shell(spec, "echo mine > /dev/shm/mark; exec probe pause");
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  CHECK(eventually([&] {
    return runtime.call({"exec", "test", "sh", "-c", "pwd; cat /dev/shm/mark"}).out == "/\nmine\n";
  }));
  CHECK(runtime.must({"exec", "test", "readlink", "/proc/self/ns/mnt"}) ==
        sys::read_link("/proc/self/ns/mnt") + "\n");
}

TEST_CASE("root: a createContainer hook adds to a root that is built aside",
          "[integration][root-fs]") {
  NEEDS(root);
  Bundle bundle;
  const std::string place = bundle.rootfs() + "/tmp";
  bundle.configure([&](RuntimeSpec& spec) {
    share_all(spec);
    set_shell(spec, "cat /tmp/mark");
    config::Hook hook;
    hook.path = "/bin/sh";
    hook.args = {"sh", "-c", "mount -t tmpfs hook " + place + " && echo hook > " + place + "/mark"};
    spec.hooks.emplace().create_container = {hook};
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "hook\n");
  CHECK(names_in(place).empty());
}

TEST_CASE("root: who may not share the runtime's mount namespace is told what to add",
          "[integration][root-fs]") {
  NEEDS(root);
  const Bundle bundle([](RuntimeSpec& spec) {
    share_all(spec);
    spec.mounts.clear();
    add_mount(spec, "/tmp", "tmpfs", "tmpfs");
  });
  const Runtime runtime;
  std::vector<std::string> argv = runtime.argv({"run", "--bundle", bundle.path(), "test"});
  // Root of a user namespace that has not made the mount namespace that it is in.
  argv.insert(argv.begin(), {"unshare", "--user", "--map-root-user", "--"});
  const Result result = run(argv);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("share the runtime's mount namespace: setns: Operation not") &&
                             Contains("add \"mount\" to linux.namespaces"));
}
