// SPDX-License-Identifier: Apache-2.0
// System calls fail one after the other, in every process that takes part: the call is told to have
// failed and why, or was not needed; nothing is left, and nothing runs with less protection than it
// should have. By default a part of them, so that each call has its turn sooner or later;
// FAILURES=all takes all of them with every error, some minutes (`make test-failures`).
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/surroundings.h"

using namespace support;

namespace {

constexpr int kErrors[] = {EPERM, ENOMEM, ENOSPC, EMFILE, EINTR};
constexpr std::size_t kStep = 7;  // prime to the number of errors

struct Failure {
  int process = 0;
  long number = 0;
  int code = 0;
};

bool takes_all() {
  const char* value = ::getenv("FAILURES");
  return value != nullptr && std::string(value) == "all";
}

// What a container of this test shows of its protection, or the lack of it.
constexpr const char* kShowProtection =
    "grep -E '^(Uid|Gid|Groups|Cap|NoNew|Seccomp:)' /proc/self/status;"
    "awk '{print $4, $5, $6, $(NF-2)}' /proc/self/mountinfo;"
    "cat /proc/self/setgroups /proc/self/oom_score_adj; hostname; umask; ulimit -n; pwd; probe fds "
    "|"
    "cut -d: -f1; ls /sys/class/net; cat /proc/sys/net/ipv4/ip_default_ttl; mkdir /made; :";

void protect(config::RuntimeSpec& spec) {
  set_namespace(spec, config::NamespaceType::kNetwork);
  set_namespace(spec, config::NamespaceType::kCgroup);
  spec.linux_.seccomp.emplace().default_action = config::SeccompAction::kAllow;
  spec.linux_.seccomp->syscalls = {{.names = {"mkdir", "mkdirat"},
                                    .action = config::SeccompAction::kErrno,
                                    .errno_ret = {},
                                    .args = {}}};
  spec.linux_.sysctl["net.ipv4.ip_default_ttl"] = "66";
  spec.process->oom_score_adj = 500;
  spec.process->user.umask = 027;
  spec.process->rlimits = {{.type = "RLIMIT_NOFILE", .soft = 98, .hard = 99}};
  spec.process->no_new_privileges = true;
  set_shell(spec, kShowProtection);
}

// A call of the runtime that is made many times, in a scene that is the same each time.
class Trial {
 public:
  Trial(const Runtime& runtime, std::vector<std::string> words)
      : runtime_(runtime), argv_(runtime.argv(words)), log_(runtime.directory() / "failing.log") {}

  Result call(const Failure& failure) const {
    std::vector<std::string> argv = {own_directory() + "/failing", std::to_string(failure.process),
                                     std::to_string(failure.number), std::to_string(failure.code),
                                     log_};
    argv.insert(argv.end(), argv_.begin(), argv_.end());
    const std::string file = runtime_.output_file("said");
    write_text(file, "");
    Result result = support::run(argv, {.output_file = file});
    result.err = read_text(file);  // of everybody, as a container keeps its streams
    return result;
  }

  // Of the calls that one without failures made.
  std::vector<Failure> failures() const {
    std::istringstream lines(read_text(log_));
    std::vector<Failure> all;
    for (long process = 0, count = 0; lines >> process >> count;) {
      // The first of the program is its own execve(2).
      for (long number = process == 0 ? 2 : 1; number <= count; ++number) {
        for (const int code : kErrors) {
          all.push_back({.process = static_cast<int>(process), .number = number, .code = code});
        }
      }
    }
    if (takes_all()) return all;
    std::vector<Failure> some;
    const std::size_t first = static_cast<std::size_t>(::getpid()) % kStep;
    for (std::size_t i = first; i < all.size(); i += kStep * std::size(kErrors) + 1) {
      some.push_back(all[i]);
    }
    return some;
  }

  // What the log says of a failure: the number of the system call.
  std::string failed_call() const {
    const std::string text = read_text(log_);
    const std::size_t at = text.find("failed ");
    return at == std::string::npos ? "not made" : text.substr(at + 7, text.size() - at - 8);
  }

 private:
  const Runtime& runtime_;
  std::vector<std::string> argv_;
  std::string log_;
};

constexpr Failure kNone = {.process = 63, .number = 0, .code = 0};

std::string describe(const Trial& trial, const Failure& failure, const Result& result) {
  return sys::format("process {} call {} ({}): {}; exit {}: {}", failure.process, failure.number,
                     trial.failed_call(), ::strerror(failure.code), result.exit_code, result.err);
}

// getuid(2): "These functions are always successful". What is made of an id that is an error is
// an error of its own.
bool never_fails(const std::string& call) {
  return call == "102" || call == "104" || call == "107" || call == "108";
}

// Before main there are no words, and the loader ends by a signal.
bool says_why(const Trial& trial, const Failure& failure, const Result& result,
              const std::string& step) {
  const std::size_t at = result.err.find("tilla-runtime: ");
  if (at == std::string::npos) return result.exit_code >= 127;
  if (never_fails(trial.failed_call())) return true;
  const std::string said = result.err.substr(at);
  return said.find(step) != std::string::npos ||
         said.find(::strerror(failure.code)) != std::string::npos;
}

// Where the kernel refuses a new /proc or /sys the host's is shown, as documented.
bool takes_hosts(const Failure& failure, const std::string& call) {
  return failure.code == EPERM &&
         (call == "430" || call == "431" || call == "432");  // fsopen(2)...
}

// Without the warnings of what is ignored, which the parent passes on while the program talks.
std::string without_warnings(const std::string& text) {
  std::istringstream lines(text);
  std::string rest;
  for (std::string line; std::getline(lines, line);) {
    const bool is_warning = line.find("level=warning") != std::string::npos;
    if (!is_warning || line.find("ignoring") == std::string::npos) rest += line + "\n";
  }
  return rest;
}

// What went well has warned at most.
bool holds_whole(const Trial& trial, const Failure& failure, const Result& result,
                 const std::string& whole) {
  // Who is not root by that has no cgroups of version 1, and sees others.
  if (never_fails(trial.failed_call())) return true;
  if (takes_hosts(failure, trial.failed_call())) {
    const std::string identity = whole.substr(0, whole.find("\n/"));
    return result.err.find(identity) != std::string::npos;
  }
  return without_warnings(result.err) == whole;
}

void check_nothing_left(const Runtime& runtime, const Bundle& bundle, const Orphanage& orphans) {
  CHECK(runtime.left() == std::vector<std::string>{});
  CHECK(orphans.is_empty());
  CHECK(mounts_naming(bundle.path()).empty());
}

void check_deletable(const Runtime& runtime, const Bundle& bundle, const Orphanage& orphans) {
  const Result result = runtime.call({"delete", "--force", "test"});
  CHECK(result.all() == "");
  check_nothing_left(runtime, bundle, orphans);
}

void check_runs(const Bundle& bundle) {
  const Runtime runtime;
  const Orphanage orphans;
  const Trial trial(runtime, {"run", "--bundle", bundle.path(), "test"});
  const std::string whole = trial.call(kNone).err;
  REQUIRE(whole.find("Seccomp:\t2") != std::string::npos);
  for (const Failure& failure : trial.failures()) {
    const Result result = trial.call(failure);
    INFO(describe(trial, failure, result));
    if (result.exit_code == 0) {
      CHECK(holds_whole(trial, failure, result, whole));
    } else {
      CHECK(says_why(trial, failure, result, "run \"test\""));
    }
    // One that could not be removed after all is told of, and can be.
    const bool is_told = result.err.find("remove the container's state") != std::string::npos;
    if (is_told) check_deletable(runtime, bundle, orphans);
    check_nothing_left(runtime, bundle, orphans);
    (void)runtime.call({"delete", "--force", "test"});
  }
}

}  // namespace

TEST_CASE("failing: a run one of whose system calls fails is whole, or says so and leaves nothing",
          "[integration][failing]") {
  NEEDS(no_sanitizer);
  check_runs(Bundle(protect));
}

TEST_CASE("failing: so is one whose root is built aside", "[integration][failing]") {
  NEEDS(no_sanitizer);
  NEEDS(root);
  check_runs(Bundle([](config::RuntimeSpec& spec) {
    protect(spec);
    drop_namespace(spec, config::NamespaceType::kMount);
  }));
}

TEST_CASE("failing: so is a create, and what is started then is whole", "[integration][failing]") {
  NEEDS(no_sanitizer);
  const Bundle bundle(protect);
  const Runtime runtime;
  const Orphanage orphans;
  const Trial trial(runtime, {"create", "--bundle", bundle.path(), "test"});
  // What the container said; of a start that failed, what that said.
  const auto start = [&] {
    Result started = runtime.call({"start", "test"});
    CHECK(runtime.wait_for_status("test", "stopped"));
    const std::string text = runtime.output_of("said");
    if (started.exit_code != 0) CHECK(text.find("Seccomp:") == std::string::npos);
    if (started.exit_code == 0) started.err = text;
    check_deletable(runtime, bundle, orphans);
    return started;
  };
  REQUIRE(trial.call(kNone).exit_code == 0);
  const std::vector<Failure> failures = trial.failures();
  const std::string whole = start().err;
  REQUIRE(whole.find("Seccomp:\t2") != std::string::npos);
  for (const Failure& failure : failures) {
    const Result result = trial.call(failure);
    INFO(describe(trial, failure, result));
    if (result.exit_code == 0) {
      // An init can still fail while it waits, with nobody to tell until `start` comes.
      const Result started = start();
      CHECK((holds_whole(trial, failure, started, whole) ||
             (started.exit_code == 1 && says_why(trial, failure, started, "start \"test\""))));
    } else {
      CHECK(says_why(trial, failure, result, "create \"test\""));
      check_nothing_left(runtime, bundle, orphans);
    }
  }
}

TEST_CASE("failing: a start one of whose system calls fails has happened, or can be done again",
          "[integration][failing]") {
  NEEDS(no_sanitizer);
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"probe", "pause"}; });
  const Runtime runtime;
  const Orphanage orphans;
  const Trial trial(runtime, {"start", "test"});
  REQUIRE(runtime.create(bundle, "test").exit_code == 0);
  REQUIRE(trial.call(kNone).exit_code == 0);
  check_deletable(runtime, bundle, orphans);
  for (const Failure& failure : trial.failures()) {
    REQUIRE(runtime.create(bundle, "test").exit_code == 0);
    const Result result = trial.call(failure);
    INFO(describe(trial, failure, result));
    if (result.exit_code != 0) CHECK(says_why(trial, failure, result, "start \"test\""));
    const std::string status = runtime.status("test");
    if (result.exit_code == 0) CHECK(status == "running");
    if (status == "created") CHECK(runtime.call({"start", "test"}).exit_code == 0);
    CHECK(runtime.wait_for_status("test", "running"));
    check_deletable(runtime, bundle, orphans);
  }
}

TEST_CASE("failing: an exec is as its container, or says so and leaves nothing",
          "[integration][failing]") {
  NEEDS(no_sanitizer);
  const Bundle bundle([](config::RuntimeSpec& spec) {
    protect(spec);
    spec.process->args = {"probe", "pause"};
  });
  const Runtime runtime;
  const Orphanage orphans;
  runtime.start(bundle, "test");
  const Trial trial(runtime, {"exec", "test", "sh", "-c", kShowProtection});
  const std::string whole = trial.call(kNone).err;
  REQUIRE(whole.find("Seccomp:\t2") != std::string::npos);
  const std::string count = "grep -L 'State:.Z' /proc/[0-9]*/status | wc -l";
  const std::string processes = runtime.must({"exec", "test", "sh", "-c", count});
  for (const Failure& failure : trial.failures()) {
    const Result result = trial.call(failure);
    INFO(describe(trial, failure, result));
    if (result.exit_code == 0) {
      CHECK(holds_whole(trial, failure, result, whole));
    } else {
      CHECK(says_why(trial, failure, result, "exec in \"test\""));
    }
    CHECK(eventually([&] {
      return runtime.must({"exec", "test", "sh", "-c", count}) == processes;
    }));
  }
  // Those whose waiter failed are ours by now, and the end of a pid namespace waits for them.
  runtime.must({"kill", "test", "KILL"});
  CHECK(orphans.is_empty());
  check_deletable(runtime, bundle, orphans);
}
