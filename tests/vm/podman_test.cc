// SPDX-License-Identifier: Apache-2.0
// Debian's podman with our runtime: its limits by their effect, and the verbs that need a cgroup.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;
using Catch::Matchers::Contains;
using Words = std::vector<std::string>;

namespace {

const Need kPodman = {"podman",
                      [] {
                        return run({"sh", "-c", "command -v podman"}).exit_code == 0;
                      },
                      false};

constexpr const char* kImage = "box";

/// podman with a store of its own, which has one image.
class Podman {
 public:
  Podman();
  ~Podman();
  Podman(const Podman&) = delete;
  Podman& operator=(const Podman&) = delete;

  Result call(const Words& words) const;
  /// Standard output without the newline at its end. Errors: any exit code but 0.
  std::string must(const Words& words) const;

 private:
  TempDirectory directory_;
};

Podman::Podman() {
  const Bundle bundle;
  REQUIRE(run({"tar", "-C", bundle.rootfs(), "-cf", directory_ / "image.tar", "."}).exit_code == 0);
  (void)must({"import", directory_ / "image.tar", kImage});
}

Podman::~Podman() {
  try {
    (void)call({"rm", "--all", "--force", "--time", "0"});
    // Ends the process that holds an ordinary user's namespaces.
    if (!is_root()) (void)call({"system", "migrate"});
  } catch (const std::exception&) {  // the machine goes at the end of the tests
  }
}

Result Podman::call(const Words& words) const {
  Words argv = {"podman",    "--root",           directory_ / "store",
                "--runroot", directory_ / "run", "--storage-driver",
                "vfs",       "--cgroup-manager", cgroup_manager(),
                "--runtime", runtime_program()};
  argv.insert(argv.end(), words.begin(), words.end());
  // A user may not enter the directory that the tests are started in.
  return run(argv, {.cwd = "/", .timeout = std::chrono::seconds(60)});
}

std::string Podman::must(const Words& words) const {
  Result result = call(words);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  if (result.out.ends_with('\n')) result.out.pop_back();
  return result.out;
}

/// The only one: an image takes seconds to import.
const Podman& podman() {
  static const Podman shared;
  return shared;
}

Words with_limits(const Words& flags, const std::string& line) {
  Words words = {"run", "--network",    "none", "--memory", "64m", "--memory-swap",
                 "64m", "--pids-limit", "20",   "--cpus",   ".5"};
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(), {kImage, "sh", "-c", line});
  return words;
}

/// A container that sleeps, and goes with the object.
class Sleeper {
 public:
  Sleeper() : id_(podman().must(with_limits({"--detach"}, "exec sleep 1000"))) {}
  ~Sleeper() { (void)podman().call({"rm", "--force", "--time", "0", id_}); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  const std::string& id() const { return id_; }
  std::string status() const {
    return podman().must({"inspect", "--format", "{{.State.Status}}", id_});
  }
  /// The host's directory of its cgroup.
  std::string cgroup() const {
    const std::string pid = podman().must({"inspect", "--format", "{{.State.Pid}}", id_});
    const std::string line = read_text("/proc/" + pid + "/cgroup");
    return "/sys/fs/cgroup" + line.substr(3, line.find('\n') - 3);
  }

 private:
  std::string id_;
};

}  // namespace

TEST_CASE("podman: who takes more memory than the limit is killed", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  // No look at .State.OOMKilled: podman 4.3 doesn't set it here, with crun and runc neither.
  CHECK(podman().call(with_limits({"--rm"}, "exec tail -c 100m /dev/zero")).exit_code == 137);
}

TEST_CASE("podman: the process above the limit is refused", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  const Result result = podman().call(with_limits(
      {"--rm"}, "for i in $(seq 30); do sleep 100 & echo \"started $i\"; done; echo all"));
  CHECK_THAT(result.out, Contains("started 19\n") && !Contains("started 20\n"));
  CHECK_THAT(result.err, Contains("can't fork: Resource temporarily unavailable"));
}

TEST_CASE("podman: a busy loop is throttled", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  const std::string line =
      "until grep -q 'nr_throttled [1-9]' /sys/fs/cgroup/cpu.stat; do :; done; echo throttled";
  CHECK(podman().must(with_limits({"--rm"}, line)) == "throttled");
}

TEST_CASE("podman: stats show the limits and the processes", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  const Sleeper sleeper;
  const std::string out =
      podman().must({"stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDS}}", sleeper.id()});
  CHECK_THAT(out, Contains("/ 67.11MB 1"));
}

TEST_CASE("podman: pause and unpause", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  const Sleeper sleeper;
  (void)podman().must({"pause", sleeper.id()});
  CHECK(sleeper.status() == "paused");
  CHECK_THAT(read_text(sleeper.cgroup() + "/cgroup.events"), Contains("frozen 1"));
  (void)podman().must({"unpause", sleeper.id()});
  CHECK(sleeper.status() == "running");
  CHECK(podman().must({"exec", sleeper.id(), "echo", "back"}) == "back");
}

TEST_CASE("podman: update changes what it names and nothing else", "[vm][podman]") {
  if (is_missing(kPodman)) return;
  const Sleeper sleeper;
  (void)podman().must(
      {"update", "--memory", "32m", "--memory-swap", "32m", "--cpus", ".25", sleeper.id()});
  CHECK(read_text(sleeper.cgroup() + "/cpu.max") == "25000 100000\n");
  CHECK(read_text(sleeper.cgroup() + "/pids.max") == "20\n");
  // The first limit would let this pass.
  CHECK(podman().call({"exec", sleeper.id(), "tail", "-c", "40m", "/dev/zero"}).exit_code == 137);
}
