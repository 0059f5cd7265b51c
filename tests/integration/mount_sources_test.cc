// SPDX-License-Identifier: Apache-2.0
// Binds of descriptors that the caller has open, and binds whose ids are mapped.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "sys/open.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

constexpr int kGiven = 9;

// Runs a shell line with a bind of `source` on /m, and `directory` open as kGiven.
Result run_with_descriptor(const std::string& directory, const std::string& source,
                           const std::string& line, const std::vector<std::string>& flags = {}) {
  const Bundle bundle([&](RuntimeSpec& spec) {
    set_shell(spec, line);
    add_mount(spec, "/m", "bind", source, {"bind"});
  });
  const sys::Fd open = sys::open_path(directory, O_PATH);
  const Runtime runtime;
  return runtime.run(bundle, flags, {.fds = {{open.get(), kGiven}}});
}

std::vector<config::IdMapping> mapping(uint32_t inside, uint32_t outside, uint32_t size) {
  return {{.container_id = inside, .host_id = outside, .size = size}};
}

// Of root: a container that has the host's root, and whose other ids are others of the host's.
void use_other_ids(RuntimeSpec& spec) {
  set_namespace(spec, NamespaceType::kUser);
  spec.linux_.uid_mappings = {{0, 0, 1}, {1, 1000001, 65535}};
  spec.linux_.gid_mappings = {{0, 0, 1}, {1, 2000001, 65535}};
}

// A file of user 5 and group 6, and what a container sees of it.
Result show_owner(const std::vector<std::string>& options, const Change& change) {
  const TempDirectory source;
  write_text(source / "file", "");
  REQUIRE(::chown((source / "file").c_str(), 5, 6) == 0);
  REQUIRE(::chmod(source.path().c_str(), 0755) == 0);
  return run_shell("stat -c %u:%g /m/file", [&](RuntimeSpec& spec) {
    add_mount(spec, "/m", "bind", source.path(), options);
    change(spec);
  });
}

}  // namespace

TEST_CASE("descriptors as sources: a directory, and what is in it", "[integration][mounts]") {
  const TempDirectory source;
  make_directory(source / "sub");
  write_text(source / "sub/file", "content\n");
  CHECK(run_with_descriptor(source.path(), "/proc/self/fd/9", "cat /m/sub/file").all() ==
        "content\n");
  CHECK(run_with_descriptor(source.path(), "/dev/fd/9/sub", "cat /m/file").all() == "content\n");
  CHECK(run_with_descriptor(source / "sub/file", "/dev/fd/9", "cat /m").all() == "content\n");
}

TEST_CASE("descriptors as sources: they are not the program's, unless they are preserved",
          "[integration][mounts]") {
  const TempDirectory source;
  CHECK(
      run_with_descriptor(source.path(), "/dev/fd/9", "[ -e /proc/self/fd/9 ] || echo no").all() ==
      "no\n");
  const sys::Fd open = sys::open_path(source.path(), O_PATH);
  const Bundle bundle([](RuntimeSpec& spec) {
    set_shell(spec, "[ -e /proc/self/fd/3 ] && echo yes");
    add_mount(spec, "/m", "bind", "/dev/fd/3", {"bind"});
  });
  const Runtime runtime;
  CHECK(runtime.run(bundle, {"--preserve-fds", "1"}, {.fds = {{open.get(), 3}}}).all() == "yes\n");
}

TEST_CASE("descriptors as sources: one that was not open is an error", "[integration][mounts]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    add_mount(spec, "/m", "bind", "/proc/self/fd/5", {"bind"});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("\"/m\": source \"/proc/self/fd/5\": descriptor 5 was not open"));
}

TEST_CASE("descriptors as sources: a file that has no path any more is an error",
          "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "");
  const sys::Fd open = sys::open_path(source / "file", O_PATH);
  REQUIRE(::unlink((source / "file").c_str()) == 0);
  const Bundle bundle(
      [](RuntimeSpec& spec) { add_mount(spec, "/m", "bind", "/dev/fd/9", {"bind"}); });
  const Runtime runtime;
  const Result result = runtime.run(bundle, {}, {.fds = {{open.get(), kGiven}}});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("descriptor 9 is open on") && Contains("hint"));
}

TEST_CASE("idmap: the container's own ids", "[integration][mounts][root]") {
  NEEDS(root);
  CHECK(show_owner({"bind", "idmap"}, use_other_ids).all() == "5:6\n");
  CHECK(show_owner({"rbind", "ridmap"}, use_other_ids).all() == "5:6\n");
  CHECK(show_owner({"bind"}, use_other_ids).all() == "65534:65534\n");
}

TEST_CASE("idmap: the mount's own ids", "[integration][mounts][root]") {
  NEEDS(root);
  const auto map = [](RuntimeSpec& spec) {
    spec.mounts.back().uid_mappings = mapping(5, 1000007, 1);
    spec.mounts.back().gid_mappings = mapping(6, 2000008, 1);
  };
  const Change both = [&](RuntimeSpec& spec) {
    use_other_ids(spec);
    map(spec);
  };
  CHECK(show_owner({"bind", "idmap"}, both).all() == "7:8\n");
  CHECK(show_owner({"bind"}, both).all() == "7:8\n");
  // Without a user namespace of the container's.
  CHECK(show_owner({"bind", "idmap"}, map).all() == "1000007:2000008\n");
}

TEST_CASE("idmap: crun's ranges", "[integration][mounts][root]") {
  NEEDS(root);
  CHECK(show_owner({"bind", "idmap=uids=0-1000-1#5-1000009-1;gids=6-2000010-1"}, use_other_ids)
            .all() == "9:10\n");
  CHECK(show_owner({"bind", "idmap=uids=@5-7-1;gids=@6-8-1"}, use_other_ids).all() == "7:8\n");
}

TEST_CASE("idmap: of everything below, or of the mount alone", "[integration][mounts][root]") {
  NEEDS(root);
  const TempDirectory source;
  const std::string setup =
      sys::format("mount -t tmpfs t {0}; mkdir {0}/sub; mount -t tmpfs t {0}/sub; chown -R 5 {0}",
                  source.path());
  const auto show = [&](const std::string& option) {
    return run_among_mounts(setup,
                            [&](RuntimeSpec& spec) {
                              use_other_ids(spec);
                              set_shell(spec, "stat -c %u /m /m/sub");
                              add_mount(spec, "/m", "bind", source.path(), {"rbind", option});
                            })
        .all();
  };
  CHECK(show("idmap") == "5\n65534\n");
  CHECK(show("ridmap") == "5\n5\n");
}

TEST_CASE("idmap: what a user writes there belongs to the mapped id",
          "[integration][mounts][root]") {
  NEEDS(root);
  const TempDirectory source;
  REQUIRE(::chmod(source.path().c_str(), 0777) == 0);
  const Result result = run_shell("touch /m/new", [&](RuntimeSpec& spec) {
    use_other_ids(spec);
    add_mount(spec, "/m", "bind", source.path(), {"bind", "idmap"});
    spec.process->user.uid = 5;
  });
  CHECK(result.all().empty());
  struct stat status = {};
  REQUIRE(::stat((source / "new").c_str(), &status) == 0);
  CHECK(status.st_uid == 5);
}

TEST_CASE("idmap: flags of the source that are locked for the container stay locked",
          "[integration][mounts][root]") {
  NEEDS(root);
  const TempDirectory source;
  const Result result = run_among_mounts(
      sys::format("mount -t tmpfs -o ro t {}", source.path()), [&](RuntimeSpec& spec) {
        use_other_ids(spec);
        for (std::vector<std::string>* set :
             {&spec.process->capabilities->bounding, &spec.process->capabilities->permitted,
              &spec.process->capabilities->effective}) {
          set->push_back("CAP_SYS_ADMIN");
        }
        set_shell(spec, "mount -o remount,bind,rw /m && echo writable");
        add_mount(spec, "/m", "bind", source.path(), {"bind", "idmap"});
      });
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("ermission denied") || Contains("not permitted"));
}

TEST_CASE("idmap: what is not for a rootless caller is told, and why",
          "[integration][mounts][user]") {
  NEEDS(user);
  const TempDirectory source;
  const Result result = run_shell("true", [&](RuntimeSpec& spec) {
    add_mount(spec, "/m", "bind", source.path(), {"bind", "idmap"});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err,
             Contains("\"/m\": mount_setattr MOUNT_ATTR_IDMAP: Operation not permitted") &&
                 Contains("a rootless caller can't"));
}

TEST_CASE("idmap: a file system that can't be mapped is told", "[integration][mounts][root]") {
  NEEDS(root);
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    use_other_ids(spec);
    add_mount(spec, "/m", "bind", "/proc/sys", {"bind", "idmap"});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("MOUNT_ATTR_IDMAP: Invalid argument") && Contains("hint"));
}
