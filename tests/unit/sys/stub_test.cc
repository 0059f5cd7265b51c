// SPDX-License-Identifier: Apache-2.0
#include "sys/stub.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <optional>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/open.h"
#include "sys/process.h"
#include "tests/support/harness.h"

namespace {

struct Job {
  std::vector<std::string> argv;  // argv[0] is also the path
  std::optional<std::string> filter = {};
  std::string filter_word = {};  // in place of the filter's descriptor
  std::string flags = "0";
  bool without_status = false;
  std::string attributes = {};  // a directory in place of that of /proc
  std::string apparmor = {}, selinux = {};
};

struct Outcome {
  int exit_code = -1;
  std::optional<int> status;
  std::string output;
};

struct Child {
  const Job* job;
  int stub, filter, status, output, attributes;
};

void run_stub(const Child& child) {
  const Job& job = *child.job;
  sys::duplicate_onto(child.output, 1);
  sys::duplicate_onto(child.output, 2);
  sys::set_cloexec_from(3);
  if (!job.without_status) sys::set_cloexec(child.status, false);
  if (child.filter >= 0) sys::set_cloexec(child.filter, false);
  if (child.attributes >= 0) sys::set_cloexec(child.attributes, false);
  sys::set_no_new_privileges();
  std::vector<std::string> words = {
      job.without_status ? "-" : std::to_string(child.status),
      child.filter < 0 ? "-" : std::to_string(child.filter),
      job.flags,
      child.attributes < 0 ? "-" : std::to_string(child.attributes),
      job.apparmor,
      job.selinux,
      job.argv[0],
  };
  if (!job.filter_word.empty()) words[1] = job.filter_word;
  words.insert(words.end(), job.argv.begin(), job.argv.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char* envp[] = {path, nullptr};
  (void)sys::execute(child.stub, "", argv.data(), envp);
}

Outcome run(const Job& job) {
  sys::Fd stub = sys::make_sealed_stub();
  sys::Fd filter;
  if (job.filter) filter = sys::sealed_memory_file("filter", *job.filter);
  sys::Fd attributes;
  if (!job.attributes.empty()) attributes = sys::open_path(job.attributes, O_PATH | O_DIRECTORY);
  sys::Pipe status = sys::make_pipe();
  sys::Pipe output = sys::make_pipe();
  Child child = {.job = &job,
                 .stub = stub.get(),
                 .filter = filter.get(),
                 .status = status.write_end.get(),
                 .output = output.write_end.get(),
                 .attributes = attributes.get()};
  const sys::Process process = sys::clone_child(
      {}, [](void* data) noexcept { run_stub(*static_cast<const Child*>(data)); }, &child);
  status.write_end.reset();
  output.write_end.reset();
  Outcome outcome;
  outcome.output = sys::read_all(output.read_end.get(), 65536);
  const std::string said = sys::read_all(status.read_end.get(), 64);
  if (!said.empty()) {
    REQUIRE(said.size() == sizeof(int));
    std::memcpy(&outcome.status.emplace(), said.data(), sizeof(int));
  }
  outcome.exit_code = sys::wait_child(process).code;
  return outcome;
}

std::string as_bytes(const std::vector<sock_filter>& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

// uname(2) fails with EXDEV, which no kernel would say of itself.
std::string filter_without_uname() {
  return as_bytes({
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  });
}

std::string filter_that_never_returns() {
  return as_bytes({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))});
}

int failure(sys::StubStep step, int code) { return static_cast<int>(step) << 16 | code; }

const std::vector<std::string> kHello = {"/bin/echo", "hello"};

}  // namespace

TEST_CASE("stub: a program runs with its arguments and its exit code", "[sys][stub]") {
  const Outcome outcome = run({.argv = {"/bin/sh", "-c", "echo $1; exit 42", "sh", "a b"}});
  CHECK(outcome.output == "a b\n");
  CHECK(outcome.exit_code == 42);
  CHECK_FALSE(outcome.status);
}

TEST_CASE("stub: a missing program is 127 and ENOENT", "[sys][stub]") {
  const Outcome outcome = run({.argv = {"/nowhere/at/all"}});
  CHECK(outcome.exit_code == 127);
  CHECK(outcome.status == ENOENT);
}

TEST_CASE("stub: a program that is not executable is 126 and EACCES", "[sys][stub]") {
  const Outcome outcome = run({.argv = {"/etc/passwd"}});
  CHECK(outcome.exit_code == 126);
  CHECK(outcome.status == EACCES);
}

TEST_CASE("stub: works without a status descriptor", "[sys][stub]") {
  CHECK(run({.argv = {"/nowhere/at/all"}, .without_status = true}).exit_code == 127);
}

TEST_CASE("stub: the filter is in force in the program", "[sys][stub]") {
  const Outcome outcome = run({.argv = {"/bin/uname"}, .filter = filter_without_uname()});
  CHECK(outcome.output.find("cross-device link") != std::string::npos);
  CHECK(outcome.exit_code == 1);
  CHECK_FALSE(outcome.status);
}

TEST_CASE("stub: no descriptor reaches the program", "[sys][stub]") {
  const Outcome outcome =
      run({.argv = {"/bin/sh", "-c", "ls /proc/$$/fd"}, .filter = filter_without_uname()});
  CHECK(outcome.output == "0\n1\n2\n");
}

TEST_CASE("stub: a filter that the kernel refuses is fatal", "[sys][stub]") {
  const Outcome outcome = run({.argv = kHello, .filter = filter_that_never_returns()});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, EINVAL));
  CHECK(outcome.output ==
        "tilla-runtime: the seccomp filter or a label is not in force, not executing\n");
}

TEST_CASE("stub: a filter of half an instruction is fatal", "[sys][stub]") {
  const Outcome outcome = run(
      {.argv = kHello, .filter = filter_without_uname().substr(0, sizeof(sock_filter) * 3 + 4)});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, EINVAL));
}

TEST_CASE("stub: an empty filter is fatal", "[sys][stub]") {
  const Outcome outcome = run({.argv = kHello, .filter = ""});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, EINVAL));
}

TEST_CASE("stub: a filter of over 4096 instructions is fatal", "[sys][stub]") {
  const std::vector<sock_filter> program(4097, BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const Outcome outcome = run({.argv = kHello, .filter = as_bytes(program)});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, E2BIG));
}

TEST_CASE("stub: a filter descriptor that is not open is fatal", "[sys][stub]") {
  const Outcome outcome = run({.argv = kHello, .filter_word = "999"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, EBADF));
}

TEST_CASE("stub: a filter descriptor or flags that are no number are fatal", "[sys][stub]") {
  CHECK(run({.argv = kHello, .filter_word = "3x"}).exit_code == 1);
  CHECK(run({.argv = kHello, .filter_word = "99999999999"}).exit_code == 1);
  CHECK(run({.argv = kHello, .filter = filter_without_uname(), .flags = "-"}).exit_code == 1);
}

TEST_CASE("stub: unknown filter flags are fatal", "[sys][stub]") {
  const Outcome outcome =
      run({.argv = kHello, .filter = filter_without_uname(), .flags = "536870912"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kFilter, EINVAL));
}

TEST_CASE("stub: the labels are written before the program runs", "[sys][stub]") {
  const support::TempDirectory attributes;
  support::make_directory(attributes / "apparmor");
  support::write_text(attributes / "apparmor/exec", "");
  support::write_text(attributes / "exec", "");
  const Outcome outcome =
      run({.argv = {"/bin/sh", "-c", "cat \"$0\"/apparmor/exec; ls /proc/$$/fd", attributes.path()},
           .filter = filter_without_uname(),
           .attributes = attributes.path(),
           .apparmor = "exec one",
           .selinux = "a:b:c:s0"});
  CHECK(outcome.output == "exec one0\n1\n2\n");  // its descriptors are gone
  CHECK_FALSE(outcome.status);
  CHECK(support::read_text(attributes / "exec") == "a:b:c:s0");
}

TEST_CASE("stub: a label that can't be written is fatal", "[sys][stub]") {
  const support::TempDirectory attributes;
  support::make_directory(attributes / "exec");
  const std::string apparmor = GENERATE("", "exec one");
  const Outcome outcome = run({.argv = kHello,
                               .attributes = attributes.path(),
                               .apparmor = apparmor,
                               .selinux = "a:b:c:s0"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kLabel, apparmor.empty() ? EISDIR : ENOENT));
  CHECK(outcome.output.find("not executing") != std::string::npos);
}

TEST_CASE("stub: a label without the directory to write it in is fatal", "[sys][stub]") {
  const Outcome outcome = run({.argv = kHello, .apparmor = "exec one"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.status == failure(sys::StubStep::kLabel, EBADF));
}

TEST_CASE("stub: nobody can write, grow or shrink it", "[sys][stub]") {
  const sys::Fd stub = sys::make_sealed_stub();
  CHECK(::pwrite(stub.get(), "x", 1, 0) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(stub.get(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(stub.get(), 1 << 20) == -1);
  CHECK(errno == EPERM);
  CHECK(::fcntl(stub.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == -1);
  CHECK(sys::status_of(stub.get()).st_size < 2048);
  CHECK((sys::status_of(stub.get()).st_mode & 07777U) == 0111);
  CHECK((::fcntl(stub.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

namespace {

// Maps around the owner of this very program, as our own namespace sees it.
sys::IdMap map_of(uint32_t outside) { return {{.inside = 0, .outside = outside, .count = 1}}; }

struct OwnBinary {
  OwnBinary() : proc(sys::Procfs::open()) {
    const sys::Fd binary = proc.open_magic_link("self/exe", O_PATH);
    status = sys::status_of(binary.get());
  }
  sys::Procfs proc;
  struct stat status;
};

}  // namespace

TEST_CASE("reachable: always without a user namespace", "[sys][stub]") {
  const OwnBinary own;
  CHECK(sys::runtime_binary_is_reachable(own.proc, false, {}));
}

TEST_CASE("reachable: when the binary's owner is mapped", "[sys][stub]") {
  const OwnBinary own;
  CHECK(sys::runtime_binary_is_reachable(own.proc, true, map_of(own.status.st_uid)));
}

TEST_CASE("reachable: not when the owner is not mapped", "[sys][stub]") {
  const OwnBinary own;
  if ((own.status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return;  // built under a umask of 0
  CHECK_FALSE(sys::runtime_binary_is_reachable(own.proc, true, map_of(own.status.st_uid + 1)));
}
