// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/state_store.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/scratch_store.h"

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using runtime::check_container_id;
using runtime::choose_state_root;
using runtime::ContainerDirectory;
using runtime::StateStore;

namespace {

config::Record sample_record() {
  config::Record record;
  record.id = "c";
  record.bundle = "/b";
  record.pid = 42;
  return record;
}

std::string id_problem(const std::string& id) {
  try {
    check_container_id(id);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("container id: what runc takes", "[commands][state]") {
  const std::string id = GENERATE("a", "A-b_c+d.e", "0", "-x", "_", "+", "a..b", "a.");
  CHECK(id_problem(id) == "");
}

TEST_CASE("container id: nothing that is a path or hidden", "[commands][state]") {
  const std::string id =
      GENERATE(".", "..", ".a", "a/b", "../x", "/", "a b", "a\n", "\xc3\xa4", "a:b", "a\x01");
  CHECK_THAT(id_problem(id), Contains("invalid container ID format: \""));
}

TEST_CASE("container id: not empty, not over-long, no NUL", "[commands][state]") {
  CHECK(id_problem("") == "container id cannot be empty");
  CHECK(id_problem(std::string(runtime::kLongestId, 'x')) == "");
  CHECK_THAT(id_problem(std::string(runtime::kLongestId + 1, 'x')), Contains("xxx..."));
  CHECK_THAT(id_problem(std::string("a\0b", 3)),
             Equals("invalid container ID format: \"a\\x00b\""));
  CHECK_THAT(id_problem("\xc3\xa4"), Equals("invalid container ID format: \"\xc3\xa4\""));
}

TEST_CASE("state store: of two creators of one id one wins", "[commands][state]") {
  const ScratchStore scratch;
  StateStore store = scratch.open();
  const ContainerDirectory first = store.make("c");
  CHECK(first.holds_lock());
  CHECK_THROWS_WITH(scratch.open().make("c"), "container with given ID already exists: \"c\"");
  CHECK(store.ids() == std::vector<std::string>{"c"});
}

TEST_CASE("state store: an unknown id is none", "[commands][state]") {
  const ScratchStore scratch;
  CHECK_FALSE(scratch.open().find("c"));
  CHECK_THROWS_WITH(scratch.open().get("c"), "container \"c\" does not exist");
  CHECK_THROWS_WITH(scratch.open().find("../c"), Contains("invalid container ID format"));
}

TEST_CASE("state store: the record is there once it was written", "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory directory = scratch.open().make("c");
  CHECK_FALSE(directory.read_record());
  directory.write_record(sample_record());
  directory.write_config("{}");
  const ContainerDirectory found = scratch.open().get("c");
  CHECK(found.read_record() == sample_record());
  CHECK(found.read_config() == "{}");
  CHECK_THROWS(directory.write_config("other"));
}

TEST_CASE("state store: files are for the owner alone", "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory directory = scratch.open().make("c");
  directory.write_record(sample_record());
  directory.write_config("{}");
  for (const char* name : {"lock", "state.json", "config.json"}) {
    const sys::Fd file = sys::open_at(directory.fd(), name, O_PATH);
    CHECK((sys::status_of(file.get()).st_mode & 07777) == 0600);
  }
  CHECK((sys::status_of(directory.fd()).st_mode & 07777) == 0700);
}

TEST_CASE("state store: the lock keeps others out and dies with its holder", "[commands][state]") {
  const ScratchStore scratch;
  std::optional<ContainerDirectory> holder = scratch.open().make("c");
  ContainerDirectory other = scratch.open().get("c");
  CHECK(other.is_locked_by_another());
  CHECK_FALSE(holder->is_locked_by_another());
  holder.reset();
  CHECK_FALSE(other.is_locked_by_another());
  other.lock();
  CHECK(scratch.open().get("c").is_locked_by_another());
  other.unlock();
  CHECK_FALSE(scratch.open().get("c").is_locked_by_another());
}

TEST_CASE("state store: whoever waited for the lock of a removed container is told",
          "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory owner = scratch.open().make("c");
  ContainerDirectory late = scratch.open().get("c");
  owner.remove();
  CHECK_THROWS_WITH(late.lock(), "container \"c\" does not exist");
  CHECK_FALSE(late.lock_if_in_place());
}

TEST_CASE("state store: a new container of the same name is not the old one", "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory owner = scratch.open().make("c");
  ContainerDirectory late = scratch.open().get("c");
  owner.remove();
  const ContainerDirectory next = scratch.open().make("c");
  CHECK_FALSE(late.lock_if_in_place());
  CHECK(next.holds_lock());
}

TEST_CASE("state store: the wait for a lock ends when its holder removes", "[commands][state]") {
  const ScratchStore scratch;
  StateStore store = scratch.open();
  sys::Pipe made = sys::make_pipe();
  const pid_t child = ::fork();  // before the lock, which would be the child's too otherwise
  if (child == 0) {
    (void)sys::read_some(made.read_end.get(), 1);
    ContainerDirectory directory = scratch.open().get("c");
    (void)!::write(made.write_end.get(), "x", 1);
    ::_exit(directory.lock_if_in_place() ? 1 : 0);
  }
  ContainerDirectory owner = store.make("c");
  sys::write_all(made.write_end.get(), "x");
  ::usleep(50'000);  // the child is in the wait by then
  owner.remove();
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("state store: remove leaves nothing", "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory directory = scratch.open().make("c");
  directory.write_record(sample_record());
  REQUIRE(sys::make_directory_at(directory.fd(), "sub", 0700));
  directory.remove();
  CHECK(scratch.entries().empty());
}

TEST_CASE("state store: remove twice is once, and spares a new container of that name",
          "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory owner = scratch.open().make("c");
  ContainerDirectory late = scratch.open().get("c");
  owner.remove();
  late.remove();
  const ContainerDirectory next = scratch.open().make("c");
  late.remove();
  CHECK(scratch.entries() == std::vector<std::string>{"c"});
}

TEST_CASE("state store: sweep takes the leftovers of killed removers alone", "[commands][state]") {
  const ScratchStore scratch;
  StateStore store = scratch.open();
  const sys::Fd root = sys::open_path(scratch.path(), O_RDONLY | O_DIRECTORY);
  { const ContainerDirectory dead = store.make("dead"); }
  sys::rename_at(root.get(), "dead", ".removed.dead.1");
  const ContainerDirectory busy = store.make("busy");
  sys::rename_at(root.get(), "busy", ".removed.busy.1");
  { const ContainerDirectory whole = store.make("whole"); }
  store.sweep();
  CHECK(scratch.entries() == std::vector<std::string>{".removed.busy.1", "whole"});
  CHECK(store.ids() == std::vector<std::string>{"whole"});
}

TEST_CASE("state store: sweep takes what a remover left at the very end", "[commands][state]") {
  const ScratchStore scratch;
  const StateStore store = scratch.open();
  const sys::Fd root = sys::open_path(scratch.path(), O_RDONLY | O_DIRECTORY);
  REQUIRE(sys::make_directory_at(root.get(), ".removed.c.1", 0700));  // the lock is unlinked
  store.sweep();
  CHECK(scratch.entries().empty());
}

TEST_CASE("state store: a half-made container can be found and removed", "[commands][state]") {
  const ScratchStore scratch;
  const sys::Fd root = sys::open_private_directory(scratch.path());
  REQUIRE(sys::make_directory_at(root.get(), "c", 0700));  // its creator died before the lock
  CHECK_THROWS_WITH(scratch.open().make("c"), Contains("already exists"));
  ContainerDirectory directory = scratch.open().get("c");
  CHECK_FALSE(directory.read_record());
  directory.lock();
  directory.remove();
  CHECK(scratch.entries().empty());
}

TEST_CASE("state store: where the cgroup is, is all there or not at all", "[commands][state]") {
  const ScratchStore scratch;
  ContainerDirectory directory = scratch.open().make("c");
  CHECK_FALSE(directory.read_cgroup());
  config::CgroupRecord record = {.driver = "unified", .path = "/a", .unit = {}, .hierarchies = {}};
  directory.write_cgroup(record);
  record.path = "/b";  // the next place
  directory.write_cgroup(record);
  CHECK(directory.read_cgroup() == record);
  directory.forget_cgroup();
  CHECK_FALSE(directory.read_cgroup());
  // Its writer was killed before it had made anything.
  sys::create_file_at(directory.fd(), runtime::kCgroupFile, "", 0600);
  CHECK_FALSE(directory.read_cgroup());
}

TEST_CASE("state store: a symlink is no container", "[commands][state]") {
  const ScratchStore scratch;
  const sys::Fd root = sys::open_private_directory(scratch.path());
  sys::make_symlink_at("/", root.get(), "c");
  CHECK_THROWS(scratch.open().get("c"));
}

TEST_CASE("state store: a root that others can write is refused", "[commands][state]") {
  const ScratchStore scratch;
  (void)scratch.open();
  REQUIRE(::chmod(scratch.path().c_str(), 0777) == 0);
  CHECK_THROWS_WITH(scratch.open(), Contains("state directory") && Contains("by others"));
}

TEST_CASE("state root: the option, root's, the session's, the last resort", "[commands][state]") {
  CHECK(choose_state_root({.option = "/r", .xdg_runtime_dir = "/x", .is_host_root = true}) == "/r");
  CHECK(choose_state_root({.option = "", .xdg_runtime_dir = "/x", .is_host_root = true}) ==
        "/run/tilla/runtime");
  CHECK(choose_state_root({.option = "", .xdg_runtime_dir = "/x", .host_uid = 7}) ==
        "/x/tilla/runtime");
  CHECK(choose_state_root(
            {.option = "", .xdg_runtime_dir = "", .host_uid = 7, .has_run_user = true}) ==
        "/run/user/7/tilla/runtime");
  CHECK(choose_state_root({.option = "", .xdg_runtime_dir = "", .host_uid = 7}) ==
        "/tmp/tilla-runtime-7");
}
