// SPDX-License-Identifier: Apache-2.0
// mounts[]: every option, as the kernel shows it in /proc/self/mountinfo.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iterator>
#include <sstream>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

using Options = std::vector<std::string>;

Options split(const std::string& words) {
  std::istringstream stream(words);
  return {std::istream_iterator<std::string>(stream), {}};
}

// The mount's attributes, such as "rw,nosuid,relatime", then those of what is mounted inside.
constexpr const char* kShowAttributes =
    "awk '$5 == \"/m\" || $5 == \"/m/sub\" {print $6}' /proc/self/mountinfo";
// The optional fields (propagation), such as "shared:12".
constexpr const char* kShowPropagation =
    "awk '$5 == \"/m\" {for (i = 7; $i != \"-\"; i++) print $i}' /proc/self/mountinfo | "
    "sed 's/:.*//'";
// The options of the file system.
constexpr const char* kShowSuper = "awk '$5 == \"/m\" {print $NF}' /proc/self/mountinfo";

std::string on_tmpfs(const char* line, const Options& options) {
  return run_shell(line,
                   [&](RuntimeSpec& spec) { add_mount(spec, "/m", "tmpfs", "tmpfs", options); })
      .all();
}

// A tmpfs with another one on "sub", bound to /m.
std::string on_bind(const Options& options, const std::string& flags = "rw") {
  const TempDirectory source;
  const std::string setup = sys::format(
      "mount -t tmpfs t {0} && mkdir {0}/sub && mount -t tmpfs t {0}/sub && "
      "mount -o remount,bind,{1} {0} && mount -o remount,bind,{1} {0}/sub",
      source.path(), flags);
  return run_among_mounts(setup,
                          [&](RuntimeSpec& spec) {
                            set_shell(spec, kShowAttributes);
                            add_mount(spec, "/m", "bind", source.path(), options);
                          })
      .all();
}

}  // namespace

TEST_CASE("mounts: attributes of a new file system", "[integration][mounts]") {
  const auto [options, shown] = GENERATE(table<std::string, std::string>({
      {"", "rw,relatime\n"},
      {"defaults", "rw,relatime\n"},
      {"ro", "ro,relatime\n"},
      {"nosuid", "rw,nosuid,relatime\n"},
      {"nodev", "rw,nodev,relatime\n"},
      {"noexec", "rw,noexec,relatime\n"},
      {"noatime", "rw,noatime\n"},
      {"nodiratime", "rw,nodiratime,relatime\n"},
      {"relatime", "rw,relatime\n"},
      {"strictatime", "rw\n"},
      {"nosymfollow", "rw,relatime,nosymfollow\n"},
      {"ro rw", "rw,relatime\n"},
      {"nosuid suid", "rw,relatime\n"},
      {"nodev dev", "rw,relatime\n"},
      {"noexec exec", "rw,relatime\n"},
      {"noatime atime", "rw,relatime\n"},
      {"nodiratime diratime", "rw,relatime\n"},
      {"strictatime nostrictatime", "rw,relatime\n"},
      {"nosymfollow symfollow", "rw,relatime\n"},
      {"ro nosuid nodev noexec noatime", "ro,nosuid,nodev,noexec,noatime\n"},
  }));
  CHECK(on_tmpfs(kShowAttributes, split(options)) == shown);
}

TEST_CASE("mounts: words without effect are accepted", "[integration][mounts]") {
  const auto option = GENERATE(as<std::string>(), "async", "loud", "silent", "norelatime",
                               "iversion", "noiversion", "nolazytime", "nomand");
  CHECK(on_tmpfs(kShowAttributes, {option}) == "rw,relatime\n");
}

TEST_CASE("mounts: flags of the file system", "[integration][mounts]") {
  const auto option = GENERATE(as<std::string>(), "sync", "dirsync", "lazytime");
  CHECK_THAT(on_tmpfs(kShowSuper, {option}), Contains(option));
}

TEST_CASE("mounts: other words are the file system's own", "[integration][mounts]") {
  CHECK_THAT(on_tmpfs(kShowSuper, {"size=64k", "mode=700"}),
             Contains("size=64k") && Contains("mode=700"));
}

TEST_CASE("mounts: a word that the file system does not know is named", "[integration][mounts]") {
  CHECK_THAT(on_tmpfs("true", {"no-such-option"}),
             Contains("\"/m\"") && Contains("no-such-option"));
}

TEST_CASE("mounts: propagation of a new file system", "[integration][mounts]") {
  CHECK(on_tmpfs(kShowPropagation, {"private"}) == "");
  CHECK(on_tmpfs(kShowPropagation, {"rprivate"}) == "");
  CHECK(on_tmpfs(kShowPropagation, {"shared"}) == "shared\n");
  CHECK(on_tmpfs(kShowPropagation, {"rshared"}) == "shared\n");
  CHECK(on_tmpfs(kShowPropagation, {"unbindable"}) == "unbindable\n");
  CHECK(on_tmpfs(kShowPropagation, {"runbindable"}) == "unbindable\n");
  CHECK(on_tmpfs(kShowPropagation, {"shared", "slave", "private"}) == "");
}

TEST_CASE("mounts: attributes of a bind alone, and recursive ones", "[integration][mounts]") {
  const auto [options, shown] = GENERATE(table<std::string, std::string>({
      {"rbind", "rw,relatime\nrw,relatime\n"},
      {"rbind ro", "ro,relatime\nrw,relatime\n"},
      {"rbind nosuid", "rw,nosuid,relatime\nrw,relatime\n"},
      {"rbind rro", "ro,relatime\nro,relatime\n"},
      {"rbind rnosuid", "rw,nosuid,relatime\nrw,nosuid,relatime\n"},
      {"rbind rnodev", "rw,nodev,relatime\nrw,nodev,relatime\n"},
      {"rbind rnoexec", "rw,noexec,relatime\nrw,noexec,relatime\n"},
      {"rbind rnosymfollow", "rw,relatime,nosymfollow\nrw,relatime,nosymfollow\n"},
      {"rbind rrw rsuid rdev rexec rsymfollow", "rw,relatime\nrw,relatime\n"},
      {"rbind rro rrw", "rw,relatime\nrw,relatime\n"},
      {"rbind nodev rnosuid", "rw,nosuid,nodev,relatime\nrw,nosuid,relatime\n"},
  }));
  CHECK(on_bind(split(options)) == shown);
}

TEST_CASE("mounts: access times of a bind", "[integration][mounts][root]") {
  NEEDS(root);
  // Without a user namespace: in one they are the source's to decide.
  const auto [options, shown] = GENERATE(table<std::string, std::string>({
      {"rbind noatime", "rw,noatime\nrw,relatime\n"},
      {"rbind strictatime", "rw\nrw,relatime\n"},
      {"rbind rnoatime", "rw,noatime\nrw,noatime\n"},
      {"rbind rstrictatime", "rw\nrw\n"},
      {"rbind rnodiratime", "rw,nodiratime,relatime\nrw,nodiratime,relatime\n"},
      {"rbind rnoatime rrelatime", "rw,relatime\nrw,relatime\n"},
      {"rbind rnoatime ratime", "rw,relatime\nrw,relatime\n"},
      {"rbind rnodiratime rdiratime", "rw,relatime\nrw,relatime\n"},
      {"rbind rstrictatime rnostrictatime", "rw,relatime\nrw,relatime\n"},
  }));
  const TempDirectory source;
  const std::string setup = sys::format(
      "mount -t tmpfs t {0} && mkdir {0}/sub && mount -t tmpfs t {0}/sub", source.path());
  const Result result = run_among_mounts(setup, [&, opts = split(options)](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kUser);
    spec.linux_.uid_mappings.clear();
    spec.linux_.gid_mappings.clear();
    set_shell(spec, kShowAttributes);
    add_mount(spec, "/m", "bind", source.path(), opts);
  });
  CHECK(result.all() == shown);
}

TEST_CASE("mounts: locked flags of a bind's source are carried over", "[integration][mounts]") {
  CHECK(on_bind({"rbind"}, "ro,nosuid,nodev,noexec") ==
        "ro,nosuid,nodev,noexec,relatime\nro,nosuid,nodev,noexec,relatime\n");
  CHECK(on_bind({"rbind", "nosuid"}, "ro,nodev") ==
        "ro,nosuid,nodev,relatime\nro,nodev,relatime\n");
  CHECK(on_bind({"rbind", "ro"}, "noatime") == "ro,noatime\nrw,noatime\n");
}

TEST_CASE("mounts: asking for less than the source's protection is an error that names it",
          "[integration][mounts]") {
  const auto [flags, option] = GENERATE(table<std::string, std::string>(
      {{"ro", "rw"}, {"nosuid", "suid"}, {"nodev", "dev"}, {"noexec", "exec"}, {"ro", "rrw"}}));
  CHECK_THAT(on_bind(Options{"rbind", option}, flags), Contains("mount ") && Contains("\"/m\"") &&
                                                           Contains("source \"/") &&
                                                           Contains("hint"));
}

TEST_CASE("mounts: a bind that would uncover what is mounted inside needs rbind",
          "[integration][mounts]") {
  CHECK_THAT(on_bind({"bind"}), Contains("use rbind"));
}

TEST_CASE("mounts: a file on a file, writable and not", "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "before\n");
  const Result result = run_shell("cat /a; echo after > /a; echo no > /b", [&](RuntimeSpec& spec) {
    add_mount(spec, "/a", "bind", source / "file", {"bind"});
    add_mount(spec, "/b", "bind", source / "file", {"bind", "ro"});
  });
  CHECK(result.out == "before\n");
  CHECK_THAT(result.err, Contains("Read-only file system"));
  CHECK(read_text(source / "file") == "after\n");
}

TEST_CASE("mounts: missing mount points are made, for files and directories",
          "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "content\n");
  const Result result = run_shell("cat /a/b/c; ls /d/e/f", [&](RuntimeSpec& spec) {
    add_mount(spec, "/a/b/c", "bind", source / "file", {"bind"});
    add_mount(spec, "/d/e/f", "", source.path(), {"rbind"});
  });
  CHECK(result.all() == "content\nfile\n");
}

TEST_CASE("mounts: a relative source is the bundle's", "[integration][mounts]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    add_mount(spec, "/m", "bind", "data", {"bind"});
    set_shell(spec, "cat /m/file");
  });
  make_directory(bundle / "data");
  write_text(bundle / "data/file", "of the bundle\n");
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "of the bundle\n");
}

TEST_CASE("mounts: a relative destination is below the root", "[integration][mounts]") {
  CHECK(run_shell("stat -f -c %T /some/where", [](RuntimeSpec& spec) {
          add_mount(spec, "some/where", "tmpfs", "tmpfs");
        }).out == "tmpfs\n");
  CHECK_THAT(
      run_shell("true", [](RuntimeSpec& spec) { add_mount(spec, "some/where", "tmpfs", "tmpfs"); })
          .err,
      Contains("some/where\\\" is not absolute, taken from"));
}

TEST_CASE("mounts: a source that is a symlink is followed, unless it must not be",
          "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "there\n");
  REQUIRE(::symlink("file", (source / "link").c_str()) == 0);
  const auto bind_with = [&](const Options& options) {
    return run_shell(
               "cat /m",
               [&](RuntimeSpec& spec) { add_mount(spec, "/m", "bind", source / "link", options); })
        .out;
  };
  CHECK(bind_with({"bind"}) == "there\n");
  CHECK(bind_with({"bind", "src-nofollow"}) != "there\n");
}

TEST_CASE("mounts: copy-symlink makes the same symlink", "[integration][mounts]") {
  const TempDirectory source;
  REQUIRE(::symlink("/bin/busybox", (source / "link").c_str()) == 0);
  const Result result = run_shell("readlink /m", [&](RuntimeSpec& spec) {
    add_mount(spec, "/m", "bind", source / "link", {"bind", "copy-symlink"});
  });
  CHECK(result.all() == "/bin/busybox\n");
}

TEST_CASE("mounts: a symlink of the image that leads to the mount point stays inside",
          "[integration][mounts]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    add_mount(spec, "/link/m", "tmpfs", "tmpfs");
    set_shell(spec, "stat -f -c %T /real/m");
  });
  make_directory(bundle.rootfs() + "/real");
  REQUIRE(::symlink("/real", (bundle.rootfs() + "/link").c_str()) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "tmpfs\n");
}

TEST_CASE("mounts: dest-nofollow refuses a symlink on the way", "[integration][mounts]") {
  const Bundle bundle(
      [](RuntimeSpec& spec) { add_mount(spec, "/link/m", "tmpfs", "tmpfs", {"dest-nofollow"}); });
  REQUIRE(::symlink("/tmp", (bundle.rootfs() + "/link").c_str()) == 0);
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("symlink"));
}

TEST_CASE("mounts: in the order of the bundle, later ones on top", "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "");
  const Result result = run_shell("ls /m", [&](RuntimeSpec& spec) {
    add_mount(spec, "/m", "tmpfs", "tmpfs");
    add_mount(spec, "/m", "bind", source.path(), {"bind"});
  });
  CHECK(result.all() == "file\n");
}

TEST_CASE("mounts: remount changes what is mounted there", "[integration][mounts]") {
  const Result result = run_shell(kShowAttributes, [](RuntimeSpec& spec) {
    add_mount(spec, "/m", "tmpfs", "tmpfs");
    add_mount(spec, "/m", "", "", {"remount", "ro", "nosuid"});
  });
  CHECK(result.all() == "ro,nosuid,relatime\n");
}

TEST_CASE("mounts: tmpcopyup has contents, modes and symlinks of the image, and changes nothing",
          "[integration][mounts]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    add_mount(spec, "/data", "tmpfs", "tmpfs", {"tmpcopyup", "size=1m"});
    set_shell(spec,
              "cat /data/a/file; readlink /data/link; stat -c %a /data/a /data/a/file; "
              "echo changed > /data/a/file");
  });
  make_directory(bundle.rootfs() + "/data/a");
  write_text(bundle.rootfs() + "/data/a/file", "kept\n", 0640);
  ::chmod((bundle.rootfs() + "/data/a").c_str(), 0711);
  REQUIRE(::symlink("nowhere", (bundle.rootfs() + "/data/link").c_str()) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "kept\nnowhere\n711\n640\n");
  CHECK(read_text(bundle.rootfs() + "/data/a/file") == "kept\n");
}

TEST_CASE("mounts: a tmpfs has the mode of what it covers, or of its options, or the kernel's",
          "[integration][mounts]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    for (const char* path : {"/covers/plain", "/new/plain"}) {
      add_mount(spec, path, "tmpfs", "tmpfs");
    }
    add_mount(spec, "/covers/named", "tmpfs", "tmpfs", {"mode=701"});
    for (const char* path : {"/covers/copied", "/new/copied"}) {
      add_mount(spec, path, "tmpfs", "tmpfs", {"tmpcopyup"});
    }
    add_mount(spec, "/covers/both", "tmpfs", "tmpfs", {"tmpcopyup", "mode=700"});
    set_shell(spec, "cd /covers; stat -c %a plain named copied both /new/*; cat both/file");
  });
  for (const std::string name : {"plain", "named", "copied", "both"}) {
    make_directory(bundle.rootfs() + "/covers/" + name);
    REQUIRE(::chmod((bundle.rootfs() + "/covers/" + name).c_str(), 0750) == 0);
  }
  write_text(bundle.rootfs() + "/covers/both/file", "copied\n");
  const Runtime runtime;
  CHECK(runtime.run(bundle).all() == "750\n701\n750\n700\n1777\n1777\ncopied\n");
}

TEST_CASE("mounts: tmpcopyup into a tmpfs that is too small is an error", "[integration][mounts]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    add_mount(spec, "/data", "tmpfs", "tmpfs", {"tmpcopyup", "size=4k"});
  });
  make_directory(bundle.rootfs() + "/data");
  write_text(bundle.rootfs() + "/data/file", std::string(100000, 'x'));
  const Runtime runtime;
  CHECK_THAT(runtime.run(bundle).err, Contains("No space left on device"));
}

TEST_CASE("mounts: a source that is not there is named", "[integration][mounts]") {
  const Result result = run_shell(
      "true", [](RuntimeSpec& spec) { add_mount(spec, "/m", "bind", "/no/such/dir", {"bind"}); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("\"/m\"") && Contains("/no/such/dir") &&
                             Contains("No such file or directory"));
}

TEST_CASE("mounts: a file system type that nobody knows is named", "[integration][mounts]") {
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { add_mount(spec, "/m", "nosuchfs", "x"); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("nosuchfs"));
}

TEST_CASE("mounts: an id that the namespace does not map is an error that says so",
          "[integration][mounts]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    use_single(spec);
    add_mount(spec, "/m", "tmpfs", "tmpfs", {"gid=5"});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("gid=5") && Contains("hint"));
}

TEST_CASE("mounts: with nosymfollow no symlink of it is followed", "[integration][mounts]") {
  const char* line = "ln -s /bin/busybox /m/link; readlink /m/link; cat /m/link";
  CHECK_THAT(on_tmpfs(line, {"nosymfollow"}),
             Contains("/bin/busybox\n") && Contains("Too many levels of symbolic links"));
  CHECK_THAT(on_tmpfs("ln -s /bin/busybox /m/link; cat /m/link > /dev/null && echo followed", {}),
             Contains("followed"));
}

TEST_CASE("mounts: rnosymfollow is for what is mounted below as well", "[integration][mounts]") {
  const TempDirectory source;
  const Result result = run_among_mounts(
      sys::format("mkdir {0}/sub; mount -t tmpfs t {0}/sub; ln -s /bin/busybox {0}/sub/link",
                  source.path()),
      [&](RuntimeSpec& spec) {
        set_shell(spec, "cat /m/sub/link");
        add_mount(spec, "/m", "bind", source.path(), {"rbind", "rnosymfollow"});
      });
  CHECK_THAT(result.err, Contains("Too many levels of symbolic links"));
}

TEST_CASE("mounts: a file and a directory can't be mounted on each other",
          "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "");
  const auto bind = [&](const std::string& from, const std::string& to) {
    return run_shell("true",
                     [&](RuntimeSpec& spec) { add_mount(spec, to, "bind", from, {"bind"}); })
        .err;
  };
  CHECK_THAT(bind(source / "file", "/bin"),
             Contains("\"/bin\": source \"" + (source / "file") +
                      "\" is a file, and \"/bin\" in the container is a directory"));
  CHECK_THAT(bind(source.path(), "/bin/busybox"),
             Contains("source \"" + source.path() +
                      "\" is a directory, and \"/bin/busybox\" in the container is a file"));
  CHECK_THAT(
      run_shell("true", [](RuntimeSpec& spec) { add_mount(spec, "/bin/busybox", "tmpfs", "t"); })
          .err,
      Contains("a tmpfs is a directory, and \"/bin/busybox\" in the container is a file"));
  CHECK_THAT(bind(source.path(), "/bin/busybox/sub"), Contains("Not a directory"));
}
