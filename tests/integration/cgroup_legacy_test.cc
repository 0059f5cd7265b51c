// SPDX-License-Identifier: Apache-2.0
// Containers' cgroups on a machine that has its controllers in cgroup v1, as root: each limit by
// its effect, and that nothing of them is left.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "config/state.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;
using Catch::Matchers::Contains;
using config::NamespaceType;
using config::Resources;
using config::RuntimeSpec;

namespace {

constexpr const char* kFillMemory = "head -c 100m /dev/zero | tail -c 100m | wc -c";
constexpr const char* kFork =
    "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done 2>/dev/null; jobs | wc -l; kill $(jobs -p)";

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "1000"}; }

// Sleeps, with these limits.
Change limited(const std::function<void(Resources&)>& limit) {
  return [limit](RuntimeSpec& spec) {
    sleeps(spec);
    limit(spec.linux_.resources.emplace());
  };
}

Result run_limited(const std::string& line, const std::function<void(Resources&)>& limit) {
  return run_shell(line, [&](RuntimeSpec& spec) { limit(spec.linux_.resources.emplace()); });
}

// A container that runs, and its cgroups.
class Scene {
 public:
  explicit Scene(const Change& change)
      : bundle_(change), id_("legacy" + std::to_string(::getpid())) {
    runtime_.start(bundle_, id_);
    remember();
  }
  ~Scene() { (void)runtime_.call({"delete", "--force", id_}); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  const Runtime& runtime() const { return runtime_; }
  const std::string& id() const { return id_; }
  std::string status() const { return runtime_.status(id_); }
  std::string must(std::vector<std::string> words) const {
    words.push_back(id_);
    return runtime_.must(words);
  }
  Result exec(const std::string& line) const {
    return runtime_.call({"exec", id_, "sh", "-c", line});
  }
  /// Of one controller.
  std::string place(const std::string& controller) const { return places_.at(controller); }
  std::string file(const std::string& controller, const std::string& name) const {
    return read_text(place(controller) + "/" + name);
  }
  const config::StringMap& places() const { return places_; }
  bool is_anything_left() const {
    return std::ranges::any_of(places_, [](const auto& one) { return exists(one.second); });
  }

 private:
  // By controller, where two are mounted together as well.
  void remember() {
    const std::string name = runtime_.root() + "/" + id_ + "/cgroup.json";
    for (const auto& [names, path] :
         config::parse_cgroup_record(read_text(name), name).hierarchies) {
      for (std::size_t start = 0; start <= names.size();) {
        const std::size_t end = std::min(names.find(',', start), names.size());
        places_[names.substr(start, end - start)] = path;
        start = end + 1;
      }
    }
  }

  Runtime runtime_;
  Bundle bundle_;
  std::string id_;
  config::StringMap places_;
};

}  // namespace

TEST_CASE("legacy cgroup: one in each hierarchy, which go with the container",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  const std::string pid = std::to_string(scene.runtime().pid(scene.id()));
  for (const auto& one : scene.places()) {
    INFO(one.first);
    CHECK(read_text(one.second + "/cgroup.procs") == pid + "\n");
  }
  scene.must({"delete", "--force"});
  CHECK_FALSE(scene.is_anything_left());
}

TEST_CASE("legacy cgroup: the container's are the roots of its cgroup namespace",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const auto inside = [](RuntimeSpec& spec) { set_namespace(spec, NamespaceType::kCgroup); };
  CHECK(run_shell("grep -vc ':/$' /proc/self/cgroup", inside).out == "0\n");
}

TEST_CASE("legacy cgroup: a container sees its own, read-only, with a namespace or without",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const bool has_namespace = GENERATE(false, true);
  const Result result = run_shell(
      "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids/cgroup.procs; "
      "mkdir /sys/fs/cgroup/made /sys/fs/cgroup/pids/made; ls -d /sys/fs/cgroup/*/made; "
      "ls /sys/fs/cgroup | grep -c pids; awk '$5 ~ \"^/sys/fs/cgroup\" { "
      "print substr($6, 1, 2) }' /proc/self/mountinfo | sort -u",
      [&](RuntimeSpec& spec) {
        drop_namespace(spec, NamespaceType::kCgroup);
        if (has_namespace) set_namespace(spec, NamespaceType::kCgroup);
        drop_mount(spec, "/sys/fs/cgroup");
        add_mount(spec, "/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "ro"});
        spec.linux_.resources.emplace().pids.emplace().limit = 20;
      });
  CHECK_THAT(result.out, Catch::StartsWith("20\n1\n") && Catch::EndsWith("\n1\nro\n"));
  CHECK_THAT(result.out, !Contains("made"));
}

TEST_CASE("legacy cgroup: cgroupsPath from the top is where they are made",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const std::string above = "/tilla-above" + std::to_string(::getpid());
  {
    const Scene scene([&](RuntimeSpec& spec) {
      sleeps(spec);
      spec.linux_.cgroups_path = above + "/one";
    });
    for (const auto& one : scene.places()) CHECK_THAT(one.second, Catch::EndsWith(above + "/one"));
    scene.must({"delete", "--force"});
    CHECK_FALSE(scene.is_anything_left());
    for (const auto& one : scene.places()) {
      CHECK(::rmdir(one.second.substr(0, one.second.rfind('/')).c_str()) == 0);
    }
  }
}

TEST_CASE("legacy cgroup: one that has processes is not taken", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const std::string place = "tilla-taken" + std::to_string(::getpid());
  const auto there = [&](RuntimeSpec& spec) {
    sleeps(spec);
    spec.linux_.cgroups_path = place;
    spec.linux_.resources.emplace().pids.emplace().limit = 20;
  };
  const Scene scene(there);
  const Runtime other;
  const Result result = other.run(Bundle(there));
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("is in use: it has processes"));
  CHECK(scene.status() == "running");
}

TEST_CASE("legacy cgroup: one that was there before stays when another can't be made",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const std::string name = "tilla-before" + std::to_string(::getpid());
  const std::string before = "/sys/fs/cgroup/cpu/" + name, other = "/sys/fs/cgroup/memory/" + name;
  REQUIRE(::mkdir(before.c_str(), 0755) == 0);
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.linux_.cgroups_path = "/" + name;
    spec.linux_.resources.emplace().pids.emplace().limit = 5;
  });
  const Runtime runtime;
  std::vector<std::string> argv = {
      "unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys/fs/cgroup/pids; exec \"$@\"", "sh"};
  std::ranges::copy(runtime.argv({"run", "--bundle", bundle.path(), "test"}),
                    std::back_inserter(argv));
  const Result result = run(argv);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("something else is mounted over it"));
  CHECK(::rmdir(before.c_str()) == 0);
  CHECK_FALSE(exists(other));
}

TEST_CASE("legacy cgroup: who takes more memory than the limit is ended, and an event says so",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(
      limited([](Resources& resources) { resources.memory.emplace().limit = 32 << 20; }));
  Program events(scene.runtime().argv({"events", "--interval", "1s", scene.id()}));
  events.wait_for("\"type\":\"stats\"");
  CHECK(scene.exec(kFillMemory).out != "104857600\n");
  events.wait_for("\"type\":\"oom\"");
  CHECK_THAT(scene.file("memory", "memory.oom_control"), !Contains("oom_kill 0\n"));
  scene.must({"delete", "--force"});
  CHECK(events.wait().exit_code == 0);
}

TEST_CASE("legacy cgroup: its end is no event of memory", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  Program events(scene.runtime().argv({"events", "--interval", "1s", scene.id()}));
  events.wait_for("\"type\":\"stats\"");
  scene.must({"delete", "--force"});
  const Result result = events.wait();
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, !Contains("\"oom\""));
}

TEST_CASE("legacy cgroup: more processes than the limit are refused",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  CHECK(run_limited(kFork, [](Resources& resources) { resources.pids.emplace().limit = 5; }).out !=
        "9\n");
  CHECK(run_shell(kFork).out == "9\n");
}

TEST_CASE("legacy cgroup: a busy loop is held to its part of a CPU",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(limited([](Resources& resources) {
    resources.cpu.emplace().quota = 5000;
    resources.cpu->period = 100000;
  }));
  // Until it was throttled: it uses up its part of several periods.
  const std::string loop = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
  CHECK(scene.exec(loop).exit_code == 0);
  CHECK_THAT(scene.file("cpu", "cpu.stat"), !Contains("nr_throttled 0\n"));
  CHECK_THAT(scene.must({"events", "--stats"}), Contains("\"throttledPeriods\":"));
}

TEST_CASE("legacy cgroup: a device that no rule names can't be opened",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  // That of FUSE, which root may open everywhere.
  const std::string line =
      "mknod /dev/f c 10 229; (exec 3< /dev/f) 2>/dev/null && echo open; "
      "head -c 1 /dev/zero | wc -c";
  const auto denied = [](RuntimeSpec& spec) {
    spec.process->capabilities->bounding.push_back("CAP_MKNOD");
    spec.process->capabilities->effective.push_back("CAP_MKNOD");
    spec.process->capabilities->permitted.push_back("CAP_MKNOD");
    spec.linux_.resources.emplace().devices = {{.allow = false, .access = "rwm"}};
  };
  CHECK(run_shell(line, denied).out == "1\n");
  const auto allowed = [&](RuntimeSpec& spec) {
    denied(spec);
    spec.linux_.resources->devices.push_back(
        {.allow = true, .type = "c", .major = 10, .minor = 229, .access = "r"});
  };
  CHECK(run_shell(line, allowed).out == "open\n1\n");
}

TEST_CASE("legacy cgroup: rules that a list can't have are an error",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Result result = run_limited("true", [](Resources& resources) {
    resources.devices = {
        {.allow = true, .type = "c", .major = 1, .minor = {}, .access = "rwm"},
        {.allow = false, .type = "c", .major = 1, .minor = 11, .access = "r"},
    };
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/resources/devices: devices can't be limited: cgroup v1 "
                                  "can't take \"c 1:11 r\" out of \"c 1:* rwm\""));
}

TEST_CASE("legacy cgroup: what this machine has no controller for is an error",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Result result = run_limited(
      "true", [](Resources& resources) { resources.unified["memory.high"] = "1000000"; });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err,
             Contains("/linux/resources/unified/memory.high") && Contains("--cgroups=best-effort"));
}

TEST_CASE("legacy cgroup: CPUs and memory nodes are those of the one above, or those asked for",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene all(sleeps);
  const std::string place = all.place("cpuset");
  CHECK(all.file("cpuset", "cpuset.cpus") ==
        read_text(place.substr(0, place.rfind('/')) + "/cpuset.cpus"));
  CHECK(run_limited("grep Cpus_allowed_list /proc/self/status", [](Resources& resources) {
          resources.cpu.emplace().cpus = "0";
        }).out == "Cpus_allowed_list:\t0\n");
}

TEST_CASE("legacy cgroup: limits are raised and lowered while the container runs",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(limited([](Resources& resources) {
    resources.memory.emplace().limit = 64 << 20;
    resources.memory->swap = 64 << 20;
    resources.cpu.emplace().quota = 50000;
    resources.cpu->period = 100000;
  }));
  const auto memory = [&] {
    return scene.file("memory", "memory.limit_in_bytes") +
           scene.file("memory", "memory.memsw.limit_in_bytes");
  };
  scene.must({"update", "--memory", "128m", "--memory-swap", "256m"});
  CHECK(memory() == "134217728\n268435456\n");
  scene.must({"update", "--memory-swap", "192m"});
  CHECK(scene.file("memory", "memory.memsw.limit_in_bytes") == "201326592\n");
  CHECK(scene.file("memory", "memory.limit_in_bytes") == "134217728\n");
  scene.must({"update", "--memory", "32m", "--memory-swap", "32m"});
  CHECK(memory() == "33554432\n33554432\n");
  scene.must({"update", "--memory", "-1"});
  CHECK(memory() == "9223372036854771712\n9223372036854771712\n");
  scene.must({"update", "--cpu-quota", "2000", "--cpu-period", "5000", "--pids-limit", "7"});
  CHECK(scene.file("cpu", "cpu.cfs_period_us") == "5000\n");
  CHECK_THAT(scene.must({"events", "--stats"}), Contains("\"pids\":{\"current\":1,\"limit\":7}"));
}

TEST_CASE("legacy cgroup: device rules are changed while the container runs",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(limited(
      [](Resources& resources) { resources.devices = {{.allow = false, .access = "rwm"}}; }));
  const std::string rules =
      R"({"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]})";
  (void)scene.runtime().must({"update", "--resources", "-", scene.id()}, {.input = rules});
  CHECK_THAT(scene.file("devices", "devices.list"), Contains("c 1:11 r\n"));
  CHECK(scene.exec("head -c 1 /dev/zero | wc -c").out == "1\n");
}

TEST_CASE("legacy cgroup: what is in use is not limited away", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  const Result result =
      scene.runtime().call({"update", "--resources", "-", scene.id()},
                           {.input = R"({"memory":{"limit":4096,"checkBeforeUpdate":true}})"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("memory limit 4096 is below the"));
}

TEST_CASE("legacy cgroup: frozen and thawed", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene([](RuntimeSpec& spec) {
    set_shell(spec, "while :; do echo >> /tmp/ticks; sleep 0.01; done");
  });
  scene.must({"pause"});
  CHECK(scene.status() == "paused");
  CHECK(scene.file("freezer", "freezer.state") == "FROZEN\n");
  CHECK_THAT(scene.exec("true").err, Contains("cannot exec in a paused container"));
  scene.must({"resume"});
  CHECK(scene.status() == "running");
  CHECK(scene.exec("echo back").out == "back\n");
}

TEST_CASE("legacy cgroup: SIGKILL ends who is frozen", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const bool all = GENERATE(false, true);
  const Scene scene(sleeps);
  scene.must({"pause"});
  const std::vector<std::string> words =
      all ? std::vector<std::string>{"kill", "--all", scene.id(), "KILL"}
          : std::vector<std::string>{"kill", scene.id(), "KILL"};
  (void)scene.runtime().must(words);
  CHECK(scene.runtime().wait_for_status(scene.id(), "stopped"));
}

TEST_CASE("legacy cgroup: a program that is executed joins all of them",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  CHECK(scene.exec("cat /proc/self/cgroup").out == scene.exec("cat /proc/1/cgroup").out);
}

TEST_CASE("legacy cgroup: exec into one below, of all or of some controllers",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  for (const char* controller : {"pids", "memory"}) {
    REQUIRE(::mkdir((scene.place(controller) + "/sub").c_str(), 0755) == 0);
  }
  const auto in = [&](const std::string& place) {
    return scene.runtime().call(
        {"exec", "--cgroup", place, scene.id(), "grep", "-c", "/sub$", "/proc/self/cgroup"});
  };
  CHECK(in("pids,memory:sub").out == "2\n");
  CHECK(in("pids:sub").out == "1\n");
  CHECK(in("sub").exit_code != 0);
  CHECK_THAT(in("nothing:sub").err, Contains("\"nothing\": no hierarchy of cgroup v1 has it"));
  CHECK_THAT(in("pids:../x").err, Contains("leads out of the container's cgroup"));
}

TEST_CASE("legacy cgroup: those below, frozen ones too, go with the container",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene(sleeps);
  for (const char* controller : {"freezer", "pids", "cpu"}) {
    REQUIRE(::mkdir((scene.place(controller) + "/sub").c_str(), 0755) == 0);
    REQUIRE(::mkdir((scene.place(controller) + "/sub/deep").c_str(), 0755) == 0);
  }
  (void)scene.runtime().must(
      {"exec", "--detach", "--cgroup", "freezer,pids,cpu:sub/deep", scene.id(), "sleep", "1000"});
  write_text(scene.place("freezer") + "/sub/deep/freezer.state", "FROZEN");
  scene.must({"delete", "--force"});
  CHECK_FALSE(scene.is_anything_left());
}

TEST_CASE("legacy cgroup: processes that the init leaves behind end with the container",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Scene scene([](RuntimeSpec& spec) {
    drop_namespace(spec, NamespaceType::kPid);
    set_shell(spec, "sleep 1000 & exec sleep 1000");
  });
  (void)scene.runtime().must({"kill", scene.id(), "KILL"});
  REQUIRE(scene.runtime().wait_for_status(scene.id(), "stopped"));
  CHECK(scene.file("pids", "cgroup.procs") != "");
  scene.must({"delete"});
  CHECK_FALSE(scene.is_anything_left());
}

TEST_CASE("legacy cgroup: nothing is left of a run that was killed",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Bundle bundle(sleeps);
  const Runtime runtime;
  const std::string id = "killed" + std::to_string(::getpid());
  Program program(runtime.argv({"run", "--bundle", bundle.path(), id}));
  REQUIRE(runtime.wait_for_status(id, "running"));
  const std::string name = runtime.root() + "/" + id + "/cgroup.json";
  const auto record = config::parse_cgroup_record(read_text(name), name);
  program.signal(SIGKILL);
  (void)program.wait();
  runtime.must({"delete", "--force", id});
  for (const auto& one : record.hierarchies) CHECK_FALSE(exists(one.second));
}

TEST_CASE("legacy cgroup: nothing is left of a container that failed",
          "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const std::string place = "/tilla-failed" + std::to_string(::getpid());
  const Result result =
      run_args({"/no/such/program"}, [&](RuntimeSpec& spec) { spec.linux_.cgroups_path = place; });
  CHECK(result.exit_code == 1);
  CHECK_FALSE(exists("/sys/fs/cgroup/pids" + place));
  CHECK_FALSE(exists("/sys/fs/cgroup/devices" + place));
}

TEST_CASE("legacy cgroup: none is made where they are disabled", "[integration][cgroup][root]") {
  NEEDS(cgroup1);
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.process->args = {"cat", "/proc/self/cgroup"};
    drop_namespace(spec, NamespaceType::kCgroup);
  });
  const Runtime runtime;
  CHECK(runtime.call({"--cgroups=disabled", "run", "--bundle", bundle.path(), "a"}).out ==
        read_text("/proc/self/cgroup"));
}
