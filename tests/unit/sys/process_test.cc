// SPDX-License-Identifier: Apache-2.0
#include "sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/procfs.h"
#include "tests/support/needs.h"

namespace {

void exit_with_7(void*) noexcept { sys::exit_now(7); }
void wait_for_ever(void*) noexcept {
  for (;;) ::pause();
}
void exit_with_own_number(void*) noexcept { sys::exit_now(::getpid() == 1 ? 1 : 2); }

// A process in namespaces of its own, which ends with the object.
struct Target {
  Target()
      : process(sys::clone_child({.namespaces = CLONE_NEWUSER | CLONE_NEWUTS, .joins = {}},
                                 wait_for_ever, nullptr)) {}
  ~Target() {
    (void)sys::send_signal(process.pidfd.get(), SIGKILL);
    (void)sys::wait_child(process);
  }
  sys::Process process;
};

}  // namespace

TEST_CASE("clone_child: is ours to wait for", "[sys][process]") {
  const sys::Process child = sys::clone_child({}, exit_with_7, nullptr);
  CHECK(sys::wait_child(child).code == 7);
}

TEST_CASE("clone_child: is number 1 of a new pid namespace", "[sys][process]") {
  const sys::Process child = sys::clone_child(
      {.namespaces = CLONE_NEWUSER | CLONE_NEWPID, .joins = {}}, exit_with_own_number, nullptr);
  CHECK(sys::wait_child(child).code == 1);
}

TEST_CASE("clone_child: a refusal says what would help", "[sys][process]") {
  NEEDS(user);
  try {
    (void)sys::clone_child({.namespaces = CLONE_NEWNS, .joins = {}}, exit_with_7, nullptr);
    FAIL("it was not refused");
  } catch (const sys::Error& error) {
    CHECK(error.code() == EPERM);
    CHECK(error.hint().find("CAP_SYS_ADMIN") != std::string::npos);
  }
}

TEST_CASE("clone_child: joins by pidfd, and we stay where we are", "[sys][process]") {
  const Target target;
  const sys::Procfs proc = sys::Procfs::open();
  const auto own = sys::namespace_id_of(proc, ::getpid(), "uts");
  const sys::Process child = sys::clone_child(
      {.namespaces = 0,
       .joins = {{.fd = target.process.pidfd.get(), .types = CLONE_NEWUSER | CLONE_NEWUTS}}},
      wait_for_ever, nullptr);
  CHECK(sys::namespace_id_of(proc, child.pid, "uts") ==
        sys::namespace_id_of(proc, target.process.pid, "uts"));
  CHECK(sys::process_times(proc, child.pid)->parent == ::getpid());
  CHECK(sys::namespace_id_of(proc, ::getpid(), "uts") == own);
  CHECK(sys::send_signal(child.pidfd.get(), SIGKILL));
  CHECK(sys::wait_child(child).code == 128 + SIGKILL);
}

TEST_CASE("clone_child: a namespace that can't be joined is told by its name", "[sys][process]") {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const sys::Fd owner(null);
  CHECK_THROWS_WITH(
      sys::clone_child({.namespaces = 0, .joins = {{.fd = null, .types = 0, .name = "ipc \"/x\""}}},
                       exit_with_7, nullptr),
      Catch::StartsWith("join ipc \"/x\": "));
}

TEST_CASE("send_signal: to somebody who has ended is no error", "[sys][process]") {
  const sys::Process child = sys::clone_child({}, exit_with_7, nullptr);
  CHECK(sys::wait_child(child).code == 7);
  CHECK_FALSE(sys::send_signal(child.pidfd.get(), SIGKILL));
  CHECK_FALSE(sys::open_process(child.pid));
}
