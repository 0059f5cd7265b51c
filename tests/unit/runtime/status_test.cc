// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/status.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/commands/signal_processes.h"
#include "tests/unit/runtime/scratch_store.h"

using config::NamespaceType;
using config::Record;
using runtime::ContainerDirectory;
using runtime::Status;
using runtime::status_of;

namespace {

/// A child that waits to be killed; forks `children` more of its kind before it says it is ready.
/// waiting: a file to lock, -1 for none.
struct ChildTask {
  int waiting = -1;
  int children = 0;
  int ready = -1;
};

[[noreturn]] void child_entry(void* argument) noexcept {
  const auto& task = *static_cast<const ChildTask*>(argument);
  for (int i = 0; i < task.children; ++i) {
    if (::fork() != 0) continue;
    sys::die_with_parent();
    break;
  }
  if (task.waiting >= 0) sys::lock(task.waiting);
  (void)!::write(task.ready, "x", 1);
  for (;;) ::pause();
}

class Child {
 public:
  explicit Child(ChildTask task, const sys::CloneOptions& options = {}) {
    sys::Pipe pipe = sys::make_pipe();
    task.ready = pipe.write_end.get();
    process_ = sys::clone_child(options, child_entry, &task);
    for (int i = 0; i <= task.children; ++i) (void)sys::read_some(pipe.read_end.get(), 1);
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return process_.pid; }
  void end() {
    if (process_.pid < 0) return;
    make_zombie();
    (void)sys::wait_child(process_);
    process_.pid = -1;
  }
  void make_zombie() {
    (void)sys::send_signal(process_.pidfd.get(), SIGKILL);
    (void)sys::wait_until_ended(process_.pidfd.get(), 5000);
  }
  Record record(const sys::Procfs& proc, std::vector<NamespaceType> namespaces = {}) const {
    Record record;
    record.pid = pid();
    record.start_time = sys::process_times(proc, pid())->start_time;
    record.namespaces = std::move(namespaces);
    return record;
  }

 private:
  sys::Process process_;
};

struct Fixture {
  ScratchStore scratch;
  sys::Procfs proc = sys::Procfs::open();
  ContainerDirectory directory = scratch.open().make("c");
  /// Another program's view of the same container.
  Status status(const std::optional<Record>& record) const {
    return status_of(scratch.open().get("c"), record, proc);
  }
};

}  // namespace

TEST_CASE("status: no record while the creator lives is creating", "[commands][status]") {
  Fixture fixture;
  CHECK(fixture.status(std::nullopt) == Status::kCreating);
  CHECK(fixture.status(Record()) == Status::kCreating);
  fixture.directory.unlock();
  CHECK(fixture.status(std::nullopt) == Status::kStopped);
  CHECK(fixture.status(Record()) == Status::kStopped);
}

TEST_CASE("status: an init that holds the lock on `waiting` is created", "[commands][status]") {
  Fixture fixture;
  sys::Fd waiting =
      sys::open_at(fixture.directory.fd(), runtime::kWaitingFile, O_RDWR | O_CREAT, 0600);
  Child child({.waiting = waiting.get()});
  waiting.reset();
  const Record record = child.record(fixture.proc);
  CHECK(fixture.status(record) == Status::kCreated);
  child.end();
  CHECK(fixture.status(record) == Status::kStopped);
}

TEST_CASE("status: a live init that does not wait is running", "[commands][status]") {
  Fixture fixture;
  (void)sys::open_at(fixture.directory.fd(), runtime::kWaitingFile, O_RDWR | O_CREAT, 0600);
  const Child child(ChildTask{});
  CHECK(fixture.status(child.record(fixture.proc)) == Status::kRunning);
}

TEST_CASE("status: a lock left on `waiting` by others does not wake the dead",
          "[commands][status]") {
  Fixture fixture;
  const sys::Fd waiting =
      sys::open_at(fixture.directory.fd(), runtime::kWaitingFile, O_RDWR | O_CREAT, 0600);
  sys::lock(waiting.get());
  Child child(ChildTask{});
  const Record record = child.record(fixture.proc);
  child.end();
  CHECK(fixture.status(record) == Status::kStopped);
}

TEST_CASE("status: a zombie is stopped and can't be opened", "[commands][status]") {
  Fixture fixture;
  Child child(ChildTask{});
  const Record record = child.record(fixture.proc);
  REQUIRE(runtime::open_init(record, fixture.proc));
  child.make_zombie();
  CHECK(fixture.status(record) == Status::kStopped);
  CHECK_FALSE(runtime::open_init(record, fixture.proc));
}

TEST_CASE("status: a reused pid is not the init", "[commands][status]") {
  Fixture fixture;
  const Child child(ChildTask{});
  Record record = child.record(fixture.proc);
  record.start_time -= 1;
  CHECK(fixture.status(record) == Status::kStopped);
  CHECK_FALSE(runtime::open_init(record, fixture.proc));
  CHECK(runtime::processes_of(record, fixture.proc).empty());
}

TEST_CASE("processes: without a pid namespace the init and its descendants", "[commands][status]") {
  Fixture fixture;
  const Child child({.children = 2});
  const Child stranger(ChildTask{});
  const auto pids = runtime::processes_of(child.record(fixture.proc), fixture.proc);
  CHECK(pids.size() == 3);
  CHECK(pids.front() == child.pid());
  CHECK(std::ranges::find(pids, stranger.pid()) == pids.end());
}

TEST_CASE("processes: all in the container's own pid namespace", "[commands][status]") {
  Fixture fixture;
  const Child init({.children = 1}, {.namespaces = CLONE_NEWUSER | CLONE_NEWPID, .joins = {}});
  const sys::Fd user = fixture.proc.open_magic_link(std::to_string(init.pid()) + "/ns/user", 0);
  const sys::Fd pids = fixture.proc.open_magic_link(std::to_string(init.pid()) + "/ns/pid", 0);
  const Child joined(ChildTask{},
                     {.joins = {{user.get(), CLONE_NEWUSER}, {pids.get(), CLONE_NEWPID}}});
  const auto of_init =
      runtime::processes_of(init.record(fixture.proc, {NamespaceType::kPid}), fixture.proc);
  CHECK(of_init.size() == 3);
  CHECK(std::ranges::find(of_init, joined.pid()) != of_init.end());
  // A pod's member joined the namespace: its neighbours are not its own.
  const auto of_member =
      runtime::processes_of(joined.record(fixture.proc, {NamespaceType::kPid}), fixture.proc);
  CHECK(of_member == std::vector<pid_t>{joined.pid()});
}

TEST_CASE("processes: SIGKILL for all leaves nobody", "[commands][status]") {
  Fixture fixture;
  Child child({.children = 3});
  const Record record = child.record(fixture.proc);
  const auto pids = runtime::processes_of(record, fixture.proc);
  REQUIRE(pids.size() == 4);
  runtime::end_processes(record, fixture.proc);
  for (const pid_t pid : pids) {
    const auto times = sys::process_times(fixture.proc, pid);
    CHECK((!times || times->is_zombie));
  }
}

TEST_CASE("describe: a stopped container has no pid", "[commands][status]") {
  Fixture fixture;
  Child child(ChildTask{});
  Record record = child.record(fixture.proc);
  record.bundle = "/b";
  record.oci_version = "1.0.2";
  fixture.directory.write_record(record);
  CHECK(runtime::describe(fixture.directory, fixture.proc).pid == child.pid());
  child.end();
  const config::ContainerState state = runtime::describe(fixture.directory, fixture.proc);
  CHECK(state.pid == 0);
  CHECK(state.status == "stopped");
  CHECK(state.id == "c");
  CHECK(state.bundle == "/b");
  CHECK(state.oci_version == "1.0.2");
}
