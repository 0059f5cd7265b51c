// SPDX-License-Identifier: Apache-2.0
// What a profile does to a process is tried in a child that loads it; what it does to calls that
// this kernel or machine does not have, by evaluate_filter.
#include "config/seccomp_filter.h"

#include "config/seccomp_notify.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "config/seccomp_evaluate.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/seccomp.h"

using config::compile_seccomp;
using config::CompiledFilter;
using config::evaluate_filter;
using config::Seccomp;
using config::SeccompAction;
using config::SeccompArg;
using config::SeccompOperator;
using config::SeccompRule;

namespace {

// The system call that the tests play with: it has an argument, and anything is fine for it.
constexpr long kCall = SYS_umask;
constexpr int kKilled = 128 + SIGSYS;

CompiledFilter compile(const Seccomp& profile) {
  std::vector<std::string> unknown_names;
  return compile_seccomp(profile, unknown_names);
}

std::string problem(const Seccomp& profile) {
  try {
    (void)compile(profile);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

SeccompRule rule_for(std::vector<std::string> names, SeccompAction action) {
  return {.names = std::move(names), .action = action, .errno_ret = {}, .args = {}};
}

// All is permitted but what `rule` says.
Seccomp all_but(SeccompRule rule) {
  Seccomp profile;
  profile.default_action = SeccompAction::kAllow;
  profile.syscalls = {std::move(rule)};
  return profile;
}

// Nothing is permitted but `names`.
Seccomp nothing_but(std::vector<std::string> names) {
  Seccomp profile;
  profile.syscalls = {rule_for(std::move(names), SeccompAction::kAllow)};
  return profile;
}

SeccompRule errno_rule(std::vector<SeccompArg> args) {
  return {.names = {"umask"},
          .action = SeccompAction::kErrno,
          .errno_ret = EXDEV,
          .args = std::move(args)};
}

SeccompArg condition(SeccompOperator op, std::uint64_t value, std::uint64_t value_two = 0,
                     std::uint32_t index = 0) {
  return {.index = index, .value = value, .value_two = value_two, .op = op};
}

struct Attempt {
  CompiledFilter filter;
  long number = kCall;
  unsigned long first = 0, second = 0;
};

// The errno of the call in a child under the filter, 0 when it succeeds, or kKilled.
int attempt(Attempt what) {
  const sys::Process child = sys::clone_child(
      {},
      [](void* data) noexcept {
        const Attempt& task = *static_cast<const Attempt*>(data);
        sys::set_no_new_privileges();
        sys::install_seccomp_filter(task.filter.program, task.filter.kernel_flags);
        const long result = ::syscall(task.number, task.first, task.second);
        // Not exit_now: before a call that never returns, ASan makes some of its own.
        (void)::syscall(SYS_exit_group, result < 0 ? errno : 0);
      },
      &what);
  return sys::wait_child(child).code;
}

int attempt(const Seccomp& profile, unsigned long first = 0, unsigned long second = 0) {
  return attempt({.filter = compile(profile), .first = first, .second = second});
}

std::uint32_t evaluate(const Seccomp& profile, std::uint32_t arch, std::uint32_t number) {
  seccomp_data call = {};
  call.nr = static_cast<int>(number);
  call.arch = arch;
  return evaluate_filter(compile(profile).program, call);
}

constexpr std::uint32_t kUnknownCall = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t kRefusedCall = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kX32 = 0x40000000;

}  // namespace

TEST_CASE("seccomp: ERRNO returns its number, and EPERM without one", "[config][seccomp]") {
  CHECK(attempt(all_but(errno_rule({}))) == EXDEV);
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kErrno))) == EPERM);
}

TEST_CASE("seccomp: each action does what its name says", "[config][seccomp]") {
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kKillThread))) == kKilled);
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kKillProcess))) == kKilled);
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kTrap))) == kKilled);
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kTrace))) == ENOSYS);  // no tracer
  CHECK(attempt(all_but(rule_for({"umask"}, SeccompAction::kLog))) == 0);
  CHECK(attempt(nothing_but({"umask", "exit_group"})) == 0);
}

TEST_CASE("seccomp: TRACE carries its number, and EPERM without one", "[config][seccomp]") {
  SeccompRule rule = rule_for({"umask"}, SeccompAction::kTrace);
  CHECK(evaluate(all_but(rule), AUDIT_ARCH_X86_64, kCall) == (SECCOMP_RET_TRACE | EPERM));
  rule.errno_ret = 7;
  CHECK(evaluate(all_but(rule), AUDIT_ARCH_X86_64, kCall) == (SECCOMP_RET_TRACE | 7));
}

TEST_CASE("seccomp: the default applies to what no rule names", "[config][seccomp]") {
  Seccomp profile = nothing_but({"exit_group"});
  CHECK(attempt(profile) == EPERM);
  profile.default_errno_ret = EXDEV;
  CHECK(attempt(profile) == EXDEV);
  profile.default_errno_ret.reset();
  profile.default_action = SeccompAction::kKillProcess;
  CHECK(attempt(profile) == kKilled);
}

TEST_CASE("seccomp: a profile without rules is its default", "[config][seccomp]") {
  Seccomp profile;
  profile.default_action = SeccompAction::kAllow;
  CHECK(attempt(profile) == 0);
  profile.default_action = SeccompAction::kKillProcess;
  CHECK(attempt(profile) == kKilled);
}

TEST_CASE("seccomp: each operator compares as 64-bit numbers", "[config][seccomp]") {
  struct Row {
    SeccompArg arg;
    unsigned long hit, miss;
  };
  constexpr std::uint64_t kBig = 0x100000005;
  const Row row = GENERATE(values<Row>({
      {condition(SeccompOperator::kEq, 5), 5, 6},
      {condition(SeccompOperator::kEq, 5), 5, kBig},
      {condition(SeccompOperator::kEq, kBig), kBig, 5},
      {condition(SeccompOperator::kNe, 5), kBig, 5},
      {condition(SeccompOperator::kLt, 5), 4, 5},
      {condition(SeccompOperator::kLt, kBig), 5, kBig},
      {condition(SeccompOperator::kLe, 5), 5, 6},
      {condition(SeccompOperator::kGe, 5), 5, 4},
      {condition(SeccompOperator::kGt, 5), 6, 5},
      {condition(SeccompOperator::kGt, 5), kBig, 0},
      {condition(SeccompOperator::kMaskedEq, 0xf0, 0x50), 0x5f, 0x45},
      {condition(SeccompOperator::kMaskedEq, 0xffffffff, 5), kBig, 6},
  }));
  SeccompRule rule = errno_rule({row.arg});
  rule.names = {"brk"};  // whose argument is 64 bits wide, and which never fails
  const CompiledFilter filter = compile(all_but(rule));
  CHECK(attempt({.filter = filter, .number = SYS_brk, .first = row.hit}) == EXDEV);
  CHECK(attempt({.filter = filter, .number = SYS_brk, .first = row.miss}) == 0);
}

TEST_CASE("seccomp: an argument of 32 bits is what the kernel sees of it", "[config][seccomp]") {
  struct Row {
    SeccompArg arg;
    std::vector<unsigned long> hits, misses, odd;  // odd: what no caller says, EINVAL
  };
  constexpr std::uint64_t kAbove = 1UL << 32U, kSigned = 0xffffffff00000000;
  constexpr std::uint64_t kMinusOne = kSigned | 0xffffffff, kBig = 0x80000005;
  const Row row = GENERATE(values<Row>({
      {condition(SeccompOperator::kEq, 5), {5, kAbove | 5, kSigned | 5}, {6, kAbove | 6}, {}},
      {condition(SeccompOperator::kEq, 0xffffffff), {0xffffffff, kMinusOne}, {5}, {}},
      {condition(SeccompOperator::kEq, kMinusOne), {0xffffffff, kMinusOne}, {5}, {}},
      {condition(SeccompOperator::kEq, kAbove | 5), {}, {5}, {}},  // can't be
      {condition(SeccompOperator::kMaskedEq, kMinusOne, 5), {5, kAbove | 5}, {6}, {}},
      {condition(SeccompOperator::kNe, 5), {6, kMinusOne}, {5}, {kAbove | 5, kSigned | 5}},
      {condition(SeccompOperator::kLt, 5), {4}, {5, kMinusOne}, {kAbove | 4}},
      {condition(SeccompOperator::kLe, 5), {5}, {6}, {kAbove | 5}},
      {condition(SeccompOperator::kGe, 5), {5, kMinusOne}, {4}, {kAbove | 4, kSigned | 4}},
      {condition(SeccompOperator::kGt, 5), {6}, {5}, {kAbove | 4}},
      {condition(SeccompOperator::kNe, kBig), {5}, {kBig}, {kSigned | kBig}},
      {condition(SeccompOperator::kNe, kSigned | kBig), {5}, {kBig}, {kSigned | kBig}},
  }));
  const Seccomp profile = all_but(errno_rule({row.arg}));
  for (const unsigned long value : row.hits) CHECK(attempt(profile, value) == EXDEV);
  for (const unsigned long value : row.misses) CHECK(attempt(profile, value) == 0);
  for (const unsigned long value : row.odd) CHECK(attempt(profile, value) == EINVAL);
}

TEST_CASE("seccomp: several guarded arguments, calls and architectures", "[config][seccomp]") {
  Seccomp profile = all_but(errno_rule({condition(SeccompOperator::kNe, 5)}));
  profile.syscalls[0].names = {"umask", "socket", "personality"};
  profile.syscalls.push_back(errno_rule({condition(SeccompOperator::kNe, 5, 0, 1)}));
  profile.syscalls.back().names = {"socket"};
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  const CompiledFilter filter = compile(profile);
  const auto answer = [&](std::uint32_t arch, long number, std::uint64_t first,
                          std::uint64_t second) {
    const seccomp_data call = {.nr = static_cast<int>(number),
                               .arch = arch,
                               .instruction_pointer = 0,
                               .args = {first, second}};
    return evaluate_filter(filter.program, call);
  };
  constexpr std::uint32_t kOdd = SECCOMP_RET_ERRNO | EINVAL;
  constexpr std::uint64_t kAbove = 1UL << 32U;
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_socket, 5, 5) == SECCOMP_RET_ALLOW);
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_socket, kAbove, 5) == kOdd);
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_socket, 5, kAbove) == kOdd);
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_personality, kAbove, kAbove) == kOdd);
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_personality, 5, kAbove) == SECCOMP_RET_ALLOW);
  CHECK(answer(AUDIT_ARCH_X86_64, kX32 | SYS_socket, kAbove, 5) == kOdd);
  CHECK(answer(AUDIT_ARCH_X86_64, SYS_read, kAbove, kAbove) == SECCOMP_RET_ALLOW);
  CHECK(answer(AUDIT_ARCH_I386, 359, 5, 5) == SECCOMP_RET_ALLOW);  // socket(2) there
}

TEST_CASE("seccomp: conditions on different arguments must all hold", "[config][seccomp]") {
  const Seccomp profile = all_but(
      errno_rule({condition(SeccompOperator::kEq, 5), condition(SeccompOperator::kEq, 6, 0, 1)}));
  CHECK(attempt(profile, 5, 6) == EXDEV);
  CHECK(attempt(profile, 5, 7) == 0);
  CHECK(attempt(profile, 4, 6) == 0);
}

TEST_CASE("seccomp: of conditions on one argument one is enough, as in runc", "[config][seccomp]") {
  const Seccomp profile =
      all_but(errno_rule({condition(SeccompOperator::kEq, 5), condition(SeccompOperator::kEq, 6)}));
  CHECK(attempt(profile, 5) == EXDEV);
  CHECK(attempt(profile, 6) == EXDEV);
  CHECK(attempt(profile, 7) == 0);
}

TEST_CASE("seccomp: rules for one call add up", "[config][seccomp]") {
  Seccomp profile = all_but(errno_rule({condition(SeccompOperator::kEq, 5)}));
  profile.syscalls.push_back(errno_rule({condition(SeccompOperator::kEq, 6)}));
  profile.syscalls.push_back(profile.syscalls.front());  // and repeating one is fine
  CHECK(attempt(profile, 5) == EXDEV);
  CHECK(attempt(profile, 6) == EXDEV);
  CHECK(attempt(profile, 7) == 0);
}

TEST_CASE("seccomp: a rule that says what the default says is no rule", "[config][seccomp]") {
  Seccomp profile = nothing_but({"exit_group"});
  profile.syscalls.push_back(rule_for({"umask"}, SeccompAction::kErrno));
  CHECK(attempt(profile) == EPERM);
}

TEST_CASE("seccomp: unknown names are skipped and told once", "[config][seccomp]") {
  std::vector<std::string> unknown_names;
  const Seccomp profile = nothing_but({"exit_group", "no_such_call", "umask", "no_such_call"});
  const CompiledFilter filter = compile_seccomp(profile, unknown_names);
  CHECK(unknown_names == std::vector<std::string>{"no_such_call"});
  CHECK(attempt({.filter = filter}) == 0);
}

TEST_CASE("seccomp: more than 32 rules make a tree that decides the same", "[config][seccomp]") {
  const Seccomp profile = nothing_but(
      {"read",     "write",  "open",   "close",   "stat",   "fstat",     "lstat",    "poll",
       "lseek",    "mmap",   "munmap", "brk",     "ioctl",  "pread64",   "pwrite64", "readv",
       "writev",   "access", "pipe",   "select",  "mremap", "msync",     "mincore",  "madvise",
       "shmget",   "shmat",  "shmctl", "dup",     "dup2",   "pause",     "alarm",    "getpid",
       "sendfile", "socket", "umask",  "connect", "accept", "exit_group"});
  CHECK(attempt(profile) == 0);
  CHECK(attempt({.filter = compile(profile), .number = SYS_getppid}) == EPERM);
  CHECK(attempt({.filter = compile(profile), .number = SYS_openat}) == ENOSYS);
}

TEST_CASE("seccomp: calls newer than the profile get ENOSYS", "[config][seccomp]") {
  const Seccomp profile = nothing_but({"umask", "exit_group"});
  CHECK(attempt({.filter = compile(profile), .number = SYS_getuid}) == EPERM);
  CHECK(attempt({.filter = compile(profile), .number = SYS_openat}) == ENOSYS);
  CHECK(attempt({.filter = compile(profile), .number = 100000}) == ENOSYS);
}

TEST_CASE("seccomp: a default that permits or has its own ENOSYS stays", "[config][seccomp]") {
  Seccomp profile = all_but(rule_for({"umask"}, SeccompAction::kErrno));
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, 5000) == SECCOMP_RET_ALLOW);
  profile.default_action = SeccompAction::kTrace;
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, 5000) == (SECCOMP_RET_TRACE | EPERM));
  profile = nothing_but({"umask"});
  profile.default_errno_ret = ENOSYS;
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, SYS_getuid) == kUnknownCall);
}

#if defined(__x86_64__)
TEST_CASE("seccomp: without architectures only the native one runs", "[config][seccomp]") {
  const Seccomp profile = nothing_but({"umask"});
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kCall) == SECCOMP_RET_ALLOW);
  CHECK(evaluate(profile, AUDIT_ARCH_I386, 60) == SECCOMP_RET_KILL_THREAD);
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kCall | kX32) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("seccomp: the native architecture is there when others are named", "[config][seccomp]") {
  Seccomp profile = nothing_but({"umask"});
  profile.architectures = {"SCMP_ARCH_X86"};
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kCall) == SECCOMP_RET_ALLOW);
  CHECK(evaluate(profile, AUDIT_ARCH_I386, 60) == SECCOMP_RET_ALLOW);
  CHECK(evaluate(profile, AUDIT_ARCH_AARCH64, 166) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("seccomp: each architecture has its own newest call", "[config][seccomp]") {
  Seccomp profile = nothing_but({"umask"});  // 95, on i386 60
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, 94) == kRefusedCall);
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, 96) == kUnknownCall);
  CHECK(evaluate(profile, AUDIT_ARCH_I386, 59) == kRefusedCall);
  CHECK(evaluate(profile, AUDIT_ARCH_I386, 61) == kUnknownCall);
}

TEST_CASE("seccomp: x32 calls are told from x86_64 ones", "[config][seccomp]") {
  Seccomp profile = nothing_but({"umask"});
  profile.architectures = {"SCMP_ARCH_X32"};
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kX32 | 95) == SECCOMP_RET_ALLOW);
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kX32 | 94) == kRefusedCall);
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, kX32 | 96) == kUnknownCall);
  CHECK(evaluate(profile, AUDIT_ARCH_X86_64, 96) == kUnknownCall);
}
#endif

TEST_CASE("seccomp: flags become the kernel's", "[config][seccomp]") {
  Seccomp profile = all_but(errno_rule({}));
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                   "SECCOMP_FILTER_FLAG_TSYNC"};
  const CompiledFilter filter = compile(profile);
  CHECK(filter.kernel_flags == (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
  CHECK(attempt({.filter = filter}) == EXDEV);
}

TEST_CASE("seccomp: what can't be expressed is refused", "[config][seccomp]") {
  CHECK(problem(all_but(errno_rule({condition(SeccompOperator::kEq, 1, 0, 6)}))) ==
        "/linux/seccomp/syscalls/0/args/0/index: 6 is out of range (0 to 5)");

  SeccompRule rule = errno_rule({});
  rule.errno_ret = 65536;
  CHECK(problem(all_but(rule)) ==
        "/linux/seccomp/syscalls/0/errnoRet: errno 65536 is more than 4095");

  Seccomp profile;
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_SH"};
  CHECK(problem(profile) ==
        "/linux/seccomp/architectures/1: this libseccomp does not know \"SCMP_ARCH_SH\"");
  profile.architectures = {};
  profile.flags = {"SECCOMP_FILTER_FLAG_X"};
  CHECK(problem(profile) == "/linux/seccomp/flags/0: unknown flag \"SECCOMP_FILTER_FLAG_X\"");
}

TEST_CASE("seccomp: a rule that notifies makes a filter with a listener", "[config][seccomp]") {
  Seccomp profile = all_but(rule_for({"umask"}, SeccompAction::kNotify));
  profile.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_LOG"};
  const CompiledFilter filter = compile(profile);
  CHECK(filter.has_listener());
  CHECK(filter.kernel_flags ==
        (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_LOG | (1U << 5U)));
  CHECK(filter.flags_without_listener() == SECCOMP_FILTER_FLAG_LOG);
  profile.syscalls[0].action = SeccompAction::kErrno;  // the flag means nothing then
  CHECK(compile(profile).kernel_flags == SECCOMP_FILTER_FLAG_LOG);
}

TEST_CASE("seccomp: a profile that notifies as two, of which one does", "[config][seccomp]") {
  Seccomp profile = all_but(rule_for({"umask"}, SeccompAction::kNotify));
  profile.default_action = SeccompAction::kErrno;
  profile.syscalls.push_back(rule_for({"read"}, SeccompAction::kAllow));
  const config::NotifyParts parts = config::split_notify(profile);
  CHECK(parts.notifying.default_action == SeccompAction::kAllow);
  REQUIRE(parts.notifying.syscalls.size() == 1);
  CHECK(parts.notifying.syscalls[0].action == SeccompAction::kNotify);
  CHECK(parts.other.default_action == SeccompAction::kErrno);
  CHECK(parts.other.syscalls.size() == 2);
  CHECK(parts.other.syscalls[0].action == SeccompAction::kAllow);
  CHECK_FALSE(config::notifies(parts.other));
}

TEST_CASE("seccomp: a program that the kernel would not take is refused", "[config][seccomp]") {
  Seccomp profile = all_but(errno_rule({condition(SeccompOperator::kEq, 1)}));
  for (std::uint64_t i = 0; i < 4200; ++i) {
    profile.syscalls.push_back(errno_rule({condition(SeccompOperator::kEq, i * 3)}));
  }
  CHECK(problem(profile).find("and the kernel takes 4096") != std::string::npos);
}

TEST_CASE("seccomp: Docker's profile refuses what it is for", "[config][seccomp]") {
  std::ifstream file("bench/docker-seccomp.json");
  std::ostringstream text;
  text << R"({"ociVersion":"1.2.0","root":{"path":"r"},"linux":{"seccomp":)" << file.rdbuf()
       << "}}";
  const Seccomp profile = *config::parse_runtime_spec(text.str(), "docker").linux_.seccomp;
  const CompiledFilter filter = compile(profile);
  CHECK(attempt({.filter = filter}) == 0);
  CHECK(attempt({.filter = filter, .number = SYS_kexec_load}) == EPERM);
  CHECK(attempt({.filter = filter, .number = SYS_clone3}) == ENOSYS);
  CHECK(attempt({.filter = filter, .number = SYS_personality, .first = 8}) == 0);
  CHECK(attempt({.filter = filter, .number = SYS_personality, .first = 0x40000}) == EPERM);
}

TEST_CASE("seccomp: the key tells profiles apart", "[config][seccomp]") {
  const Seccomp one = nothing_but({"ab", "c"});
  const Seccomp other = nothing_but({"a", "bc"});
  Seccomp with_errno = one;
  with_errno.default_errno_ret = 0;
  CHECK(config::seccomp_key(one) == config::seccomp_key(nothing_but({"ab", "c"})));
  CHECK(config::seccomp_key(one) != config::seccomp_key(other));
  CHECK(config::seccomp_key(one) != config::seccomp_key(with_errno));
}

TEST_CASE("seccomp: garbage is not evaluated", "[config][seccomp]") {
  const seccomp_data call = {};
  CHECK_THROWS_AS(evaluate_filter("", call), sys::Error);
  CHECK_THROWS_AS(evaluate_filter(std::string(8, '\x7f'), call), sys::Error);
  CHECK_FALSE(config::is_plausible_filter(""));
  CHECK_FALSE(config::is_plausible_filter("1234567"));
  CHECK_FALSE(config::is_plausible_filter(std::string(8, '\0')));
}

TEST_CASE("seccomp: the version is the linked library's", "[config][seccomp]") {
  CHECK(config::libseccomp_version() ==
        sys::format("{}.{}.{}", SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO));
}
