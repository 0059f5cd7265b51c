// SPDX-License-Identifier: Apache-2.0
#include "bench/works.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <sstream>

#include "bench/bundle.h"
#include "sys/error.h"
#include "sys/format.h"

namespace bench {

namespace {

constexpr const char* kPayload = "/bin/true";
constexpr int kMemoryRuns = 5;
constexpr int kSyscallRuns = 3;
constexpr int kThrowRuns = 20;

/// A contestant whose work is one command.
struct Runner {
  std::string name;
  std::function<Command()> command;
};

/// Runtimes leave traces of an id for a moment; a fresh one each time keeps rounds independent.
std::string next_id() {
  return sys::format("bench-{}", std::chrono::steady_clock::now().time_since_epoch().count());
}

/// Splits at spaces: long command lines read better as one string.
Argv words_of(const std::string& text) {
  std::istringstream stream(text);
  Argv words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Argv call(const Setup& setup, const Runtime& runtime, const Argv& verb) {
  Argv argv = {runtime.path};
  argv.insert(argv.end(), runtime.options.begin(), runtime.options.end());
  argv.insert(argv.end(), {"--root", setup.dir + "/state/" + runtime.name});
  argv.insert(argv.end(), verb.begin(), verb.end());
  return argv;
}

/// A container that is created, and is gone again when this ends, whatever happened between.
class Container {
 public:
  Container(const Setup& setup, const Runtime& runtime, const std::string& bundle)
      : setup_(setup), runtime_(runtime), id_(next_id()) {
    const std::string pid_file = setup.dir + "/" + id_ + ".pid";
    time_command({.argv = call(setup_, runtime_,
                               {"create", "--bundle", setup_.dir + "/" + bundle, "--pid-file",
                                pid_file, id_})});
    pid_ = std::stoi(read_file(pid_file));
    unlink(pid_file.c_str());
  }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container() {
    if (is_deleted_) return;
    kill_and_wait(pid_);
    try {
      time_command({.argv = call(setup_, runtime_, {"delete", "--force", id_})});
    } catch (const sys::Error&) {  // a destructor; the state directory goes with ours
    }
  }

  void start() { time_command({.argv = call(setup_, runtime_, {"start", id_})}); }
  void wait() { wait_for_exit(pid_); }
  void remove() {
    time_command({.argv = call(setup_, runtime_, {"delete", id_})});
    is_deleted_ = true;
  }
  Command exec() const { return {.argv = call(setup_, runtime_, {"exec", id_, kPayload})}; }

 private:
  const Setup& setup_;
  const Runtime& runtime_;
  std::string id_;
  pid_t pid_ = -1;
  bool is_deleted_ = false;
};

Runner floor_runner(const Setup& setup, const std::string& name, const Argv& options) {
  Argv argv = {setup.tools + "/floor"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), {setup.dir + "/rootfs", kPayload});
  return {name, [argv] { return Command{.argv = argv}; }};
}

/// What bubblewrap can do of the same; it has no fresh sysfs and no maps but a single id.
Runner bwrap_runner(const Setup& setup, const std::string& filter) {
  Argv argv = words_of(sys::format(
      "{} --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup "
      "--uid 0 --gid 0 --hostname bench --as-pid-1 --ro-bind {}/rootfs / "
      "--proc /proc --dev /dev --mqueue /dev/mqueue --ro-bind /sys /sys",
      setup.bwrap, setup.dir));
  if (!filter.empty()) argv.insert(argv.end(), {"--seccomp", "3"});
  argv.push_back(kPayload);
  return {"bwrap", [argv, filter] { return Command{.argv = argv, .fd3 = filter}; }};
}

std::vector<Runner> runtime_runners(const Setup& setup, const std::string& bundle) {
  std::vector<Runner> runners;
  for (const Runtime& runtime : setup.runtimes) {
    runners.push_back(
        {runtime.name, [&setup, &runtime, bundle] {
           return Command{.argv = call(setup, runtime,
                                       {"run", "--bundle", setup.dir + "/" + bundle, next_id()})};
         }});
  }
  return runners;
}

/// Floor, runtimes and bubblewrap for one bundle. filter: raw BPF; empty: none.
std::vector<Runner> all_runners(const Setup& setup, const std::string& bundle,
                                const std::string& filter) {
  std::vector<Runner> runners = runtime_runners(setup, bundle);
  runners.insert(runners.begin(),
                 floor_runner(setup, "floor", filter.empty() ? Argv{} : Argv{"--filter", filter}));
  if (!setup.bwrap.empty()) runners.push_back(bwrap_runner(setup, filter));
  return runners;
}

std::vector<Contestant> by_time(const std::vector<Runner>& runners) {
  std::vector<Contestant> contestants;
  for (const Runner& runner : runners) {
    contestants.push_back(
        {runner.name, [command = runner.command] { return time_command(command()); }});
  }
  return contestants;
}

std::string filter_path(const Setup& setup) { return setup.tools + "/docker-seccomp.bpf"; }

/// Calls `value` `times` times for each runner.
std::vector<Series> collect(const std::vector<Runner>& runners, int times,
                            const std::function<double(const Command&)>& value) {
  std::vector<Series> all;
  for (const Runner& runner : runners) {
    Series series{runner.name, {}, {}};
    try {
      for (int i = 0; i < times; ++i) series.values.push_back(value(runner.command()));
    } catch (const sys::Error& error) {  // as in a race: a peer that does not work is a result
      series.values.clear();
      series.failure = error.what();
    }
    if (interrupted()) throw sys::Error("interrupted");
    reap_orphans();
    all.push_back(series);
  }
  return all;
}

Result memory_result(const Setup& setup, const std::string& id, const std::string& title,
                     const std::vector<Runner>& runners) {
  const auto peak = [&](const Command& command) {
    Command measured = command;
    measured.argv.insert(measured.argv.begin(), setup.tools + "/peak");
    return std::stod(capture(measured, 9));
  };
  return {id, title, "KiB", collect(runners, kMemoryRuns, peak)};
}

/// The number before "total" in the summary of `strace -c -U calls,name`.
double total_calls(const std::string& path) {
  std::istringstream words(read_file(path));
  std::string before;
  for (std::string word; words >> word; before = word) {
    if (word == "total") return std::stod(before);
  }
  throw sys::Error("strace printed no total");
}

}  // namespace

void prepare_bundles(const Setup& setup, const std::string& busybox) {
  Bundle bundle = {.rootfs = setup.dir + "/rootfs",
                   .args = {kPayload},
                   .uid_mappings = {{0, getuid(), 1}},
                   .gid_mappings = {{0, getgid(), 1}}};
  make_rootfs(bundle.rootfs, busybox, setup.tools + "/true");
  write_bundle(setup.dir + "/plain", bundle);

  Bundle kept = bundle;
  kept.args = {"/bin/busybox", "sleep", "100000"};
  write_bundle(setup.dir + "/kept", kept);

  Bundle filtered = bundle;
  filtered.seccomp = read_file(setup.tools + "/docker-seccomp.json");
  write_bundle(setup.dir + "/seccomp", filtered);

  Bundle range = bundle;
  range.uid_mappings = {{0, 0, 1}, {1, 1, 65535}};  // an extent may not span two of the parent's
  range.gid_mappings = range.uid_mappings;
  write_bundle(setup.dir + "/range", range);
}

Result race_run(const Setup& setup) {
  std::vector<Runner> runners = all_runners(setup, "plain", "");
  runners.insert(runners.begin() + 1, floor_runner(setup, "floor+spec", {"--spec"}));
  return {"run", "run of `true`, plain rootless specification, single id", "ms",
          race(by_time(runners), setup.rounds)};
}

Result race_run_seccomp(const Setup& setup) {
  return {"run-seccomp", "the same with Docker's default seccomp profile", "ms",
          race(by_time(all_runners(setup, "seccomp", filter_path(setup))), setup.rounds)};
}

Result race_range(const Setup& setup) {
  const auto work = [&setup] {
    Setup inside = setup;
    inside.dir = setup.dir + "/inside";  // states of its own: inside, we are another user
    std::filesystem::create_directories(inside.dir);
    for (const char* name : {"rootfs", "range"}) {
      std::filesystem::create_symlink("../" + std::string(name), inside.dir + "/" + name);
    }
    std::vector<Runner> runners = runtime_runners(inside, "range");
    runners.insert(runners.begin(), floor_runner(inside, "floor", {"--range"}));
    return pack(race(by_time(runners), inside.rounds));
  };
  return {"range", "run of `true` inside a kept user namespace, nested range of ids", "ms",
          unpack(in_range_namespace(work))};
}

Result race_lifecycle(const Setup& setup) {
  std::vector<Contestant> contestants;
  for (const Runtime& runtime : setup.runtimes) {
    contestants.push_back({runtime.name, [&setup, &runtime] {
                             const auto begin = std::chrono::steady_clock::now();
                             Container container(setup, runtime, "plain");
                             container.start();
                             container.wait();
                             container.remove();
                             return Duration(std::chrono::steady_clock::now() - begin);
                           }});
  }
  return {"lifecycle", "create + start + wait + delete", "ms", race(contestants, setup.rounds)};
}

Result race_exec(const Setup& setup) {
  std::vector<std::unique_ptr<Container>> containers;
  std::vector<Contestant> contestants;
  std::vector<Series> absent;
  for (const Runtime& runtime : setup.runtimes) {
    try {
      containers.push_back(std::make_unique<Container>(setup, runtime, "kept"));
      containers.back()->start();
      contestants.push_back({runtime.name, [container = containers.back().get()] {
                               return time_command(container->exec());
                             }});
    } catch (const sys::Error& error) {  // as in a race: a peer that does not work is a result
      absent.push_back({runtime.name, {}, error.what()});
    }
  }
  Result result = {"exec", "exec of `true` into a running container", "ms",
                   race(contestants, setup.rounds)};
  result.series.insert(result.series.end(), absent.begin(), absent.end());
  return result;
}

Result race_start(const Setup& setup) {
  std::vector<Runner> runners = {
      {"nothing", [path = setup.tools + "/nothing"] { return Command{.argv = {path}}; }}};
  for (const Runtime& runtime : setup.runtimes) {
    runners.push_back({runtime.name, [path = runtime.path] {
                         return Command{.argv = {path, "--version"}};
                       }});
  }
  return {"start", "start of the program: --version against a static C `return 0`", "ms",
          race(by_time(runners), setup.rounds)};
}

Result race_cgroup(const Setup& setup) {
  Result result = {"cgroup", "run of `true` in a cgroup of its own, and without", "ms", {}};
  if (setup.cgroup < 0) {
    result.series.push_back({"tilla", {}, "only root can give us a cgroup"});
    return result;
  }
  enter_cgroup(setup.cgroup);
  Setup alone = setup, without = setup;
  const auto is_peer = [](const Runtime& runtime) { return !runtime.name.starts_with("tilla"); };
  std::erase_if(alone.runtimes, is_peer);
  std::erase_if(without.runtimes, is_peer);
  for (Runtime& runtime : without.runtimes) {
    runtime.name += " without";
    runtime.options.emplace_back("--cgroup-manager=disabled");
  }
  std::vector<Runner> runners = runtime_runners(alone, "plain");
  std::ranges::move(runtime_runners(without, "plain"), std::back_inserter(runners));
  result.series = race(by_time(runners), setup.rounds);
  return result;
}

Result measure_memory(const Setup& setup) {
  return memory_result(setup, "memory", "peak resident memory of run",
                       all_runners(setup, "plain", ""));
}

Result measure_memory_seccomp(const Setup& setup) {
  return memory_result(setup, "memory-seccomp", "the same with Docker's default seccomp profile",
                       all_runners(setup, "seccomp", filter_path(setup)));
}

Result count_syscalls(const Setup& setup) {
  Result result = {"syscalls", "system calls of run, all processes (strace -f -c)", "calls", {}};
  if (setup.strace.empty()) {
    result.series.push_back({"strace", {}, "not installed"});
    return result;
  }
  const std::string summary = setup.dir + "/strace.txt";
  const auto count = [&](const Command& command) {
    Command traced = command;
    const Argv strace = {setup.strace, "-f", "-c", "-U", "calls,name", "-o", summary};
    traced.argv.insert(traced.argv.begin(), strace.begin(), strace.end());
    time_command(traced);
    return total_calls(summary);
  };
  result.series = collect(all_runners(setup, "plain", ""), kSyscallRuns, count);
  return result;
}

Result measure_first_throw(const Setup& setup) {
  const std::vector<Runner> runners = {
      {"first_throw", [&setup] { return Command{.argv = {setup.tools + "/first_throw"}}; }}};
  return {"first-throw", "first C++ exception of a program linked as ours are", "us",
          collect(runners, kThrowRuns,
                  [](const Command& command) { return std::stod(capture(command)); })};
}

}  // namespace bench
