// SPDX-License-Identifier: Apache-2.0
// `make bench`: tilla-runtime against the floor, crun, runc and bubblewrap, in one interleaved run.
// Expects the surroundings that bench/run.sh makes; start that one.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>

#include "bench/report.h"
#include "bench/works.h"
#include "sys/error.h"
#include "sys/format.h"

namespace bench {

namespace {

constexpr const char* kUsage =
    R"(usage: bench --dir DIR --tools DIR [options]
  --dir DIR           an empty directory of ours
  --tools DIR         where floor, true, peak, nothing, first_throw and the filter are
  --busybox FILE      a static busybox
  --tilla FILE        tilla-runtime, not writable by us
  --tilla-home FILE   tilla-runtime, writable by us
  --rounds N          timed rounds (60)
  --warm-up N         rounds before those (5)
  --cgroup FD         cgroup.procs of a cgroup that is ours
  --only WORK         run, run-seccomp, range, lifecycle, exec, start, memory, memory-seccomp,
                      syscalls, first-throw, cgroup; may be repeated
  --json FILE         write the numbers there, too
  --note TEXT         say this in the output
  --strict            end with 1 when a budget is missed or was not measured
)";

struct Options {
  std::string dir;
  std::string tools;
  std::string busybox = "/bin/busybox";
  std::string tilla;
  std::string tilla_home;
  Rounds rounds;
  int cgroup = -1;
  std::vector<std::string> only;
  std::string json;
  std::vector<std::string> notes;
  bool is_strict = false;
};

struct Work {
  const char* id;
  Result (*measure)(const Setup&);
};

constexpr Work kWorks[] = {
    {"run", race_run},
    {"run-seccomp", race_run_seccomp},
    {"range", race_range},
    {"lifecycle", race_lifecycle},
    {"exec", race_exec},
    {"start", race_start},
    {"memory", measure_memory},
    {"memory-seccomp", measure_memory_seccomp},
    {"syscalls", count_syscalls},
    {"first-throw", measure_first_throw},
    {"cgroup", race_cgroup},  // the last one: it moves us there
};

/// Numbers below 0 make no sense anywhere here. Errors: anything but a number.
int to_count(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != text.npos) {
    throw sys::Error("not a count: \"" + text + "\"");
  }
  return std::stoi(text);
}

Options parse_options(const Argv& argv) {
  Options options;
  using Setter = std::function<void(const std::string&)>;
  const std::map<std::string, Setter> setters = {
      {"--dir", [&](const std::string& value) { options.dir = value; }},
      {"--tools", [&](const std::string& value) { options.tools = value; }},
      {"--busybox", [&](const std::string& value) { options.busybox = value; }},
      {"--tilla", [&](const std::string& value) { options.tilla = value; }},
      {"--tilla-home", [&](const std::string& value) { options.tilla_home = value; }},
      {"--rounds", [&](const std::string& value) { options.rounds.timed = to_count(value); }},
      {"--warm-up", [&](const std::string& value) { options.rounds.warm_up = to_count(value); }},
      {"--cgroup", [&](const std::string& value) { options.cgroup = to_count(value); }},
      {"--only", [&](const std::string& value) { options.only.push_back(value); }},
      {"--json", [&](const std::string& value) { options.json = value; }},
      {"--note", [&](const std::string& value) { options.notes.push_back(value); }},
  };
  for (size_t i = 0; i < argv.size(); ++i) {
    if (argv[i] == "--strict") {
      options.is_strict = true;
      continue;
    }
    const auto setter = setters.find(argv[i]);
    if (setter == setters.end() || i + 1 == argv.size()) throw sys::Error(kUsage);
    setter->second(argv[++i]);
  }
  if (options.dir.empty() || options.tools.empty() || options.rounds.timed == 0) {
    throw sys::Error(kUsage);
  }
  for (const std::string& id : options.only) {
    const auto has_id = [&](const Work& work) { return work.id == id; };
    if (std::none_of(std::begin(kWorks), std::end(kWorks), has_id)) {
      throw sys::Error("no such work: " + id);
    }
  }
  return options;
}

std::string find_program(const std::string& name) {
  for (const char* dir : {"/usr/local/bin/", "/usr/local/sbin/", "/usr/bin/", "/usr/sbin/"}) {
    if (access((dir + name).c_str(), X_OK) == 0) return dir + name;
  }
  return "";
}

Setup make_setup(const Options& options, Machine& machine) {
  const auto find_peer = [&](const std::string& name) {
    const std::string path = find_program(name);
    if (path.empty()) machine.notes.push_back(name + " is not installed");
    return path;
  };
  const std::vector<Runtime> candidates = {
      {"tilla", options.tilla, {}},
      {"tilla-home", options.tilla_home, {}},
      {"crun", find_peer("crun"), {"--cgroup-manager=disabled"}},
      {"runc", find_peer("runc"), {}},
  };
  Setup setup = {.dir = options.dir,
                 .tools = options.tools,
                 .runtimes = {},
                 .bwrap = find_peer("bwrap"),
                 .strace = find_peer("strace"),
                 .rounds = options.rounds,
                 .cgroup = options.cgroup};
  for (const Runtime& runtime : candidates) {
    if (!runtime.path.empty()) setup.runtimes.push_back(runtime);
  }
  return setup;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

void describe_machine(const Setup& setup, Machine& machine) {
  utsname name = {};
  uname(&name);
  machine.kernel = name.release;
  machine.cpu = sys::format("{} x {}", sysconf(_SC_NPROCESSORS_ONLN), cpu_model());
  std::vector<std::string> programs;
  for (const Runtime& runtime : setup.runtimes) programs.push_back(runtime.path);
  if (!setup.bwrap.empty()) programs.push_back(setup.bwrap);
  for (const std::string& program : programs) {
    try {
      machine.versions.push_back(first_line(capture({.argv = {program, "--version"}})));
    } catch (const sys::Error& error) {  // its races will say more
      machine.notes.push_back(error.what());
    }
  }
}

bool is_wanted(const Options& options, const std::string& id) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), id) != options.only.end();
}

Result measure(const Work& work, const Setup& setup) {
  try {
    return work.measure(setup);
  } catch (const sys::Error& error) {  // one work that can't be done does not spoil the others
    if (interrupted()) throw;
    return {work.id, work.id, "", {{"everybody", {}, error.what()}}};
  }
}

int run(const Options& options) {
  prepare_process();
  if (options.cgroup >= 0 && fcntl(options.cgroup, F_SETFD, FD_CLOEXEC) < 0) {
    throw sys::errno_error("--cgroup");
  }
  Machine machine;
  machine.notes = options.notes;
  const Setup setup = make_setup(options, machine);
  describe_machine(setup, machine);
  prepare_bundles(setup, options.busybox);

  std::cout << sys::format("kernel {}, {}, {} rounds\n", machine.kernel, machine.cpu,
                           options.rounds.timed);
  for (const std::string& version : machine.versions) std::cout << version << "\n";
  for (const std::string& note : machine.notes) std::cout << "note: " << note << "\n";
  std::cout << std::flush;

  std::vector<Result> results;
  for (const Work& work : kWorks) {
    if (!is_wanted(options, work.id)) continue;
    results.push_back(measure(work, setup));
    std::cout << describe(results.back()) << std::flush;
  }
  const std::vector<Verdict> verdicts = judge(results);
  std::cout << describe(verdicts) << std::flush;
  if (!options.json.empty()) std::ofstream(options.json) << to_json(machine, results, verdicts);

  const auto is_met = [](const Verdict& verdict) { return verdict.is_met(); };
  const bool all_met = std::all_of(verdicts.begin(), verdicts.end(), is_met);
  return options.is_strict && !all_met ? 1 : 0;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(bench::parse_options({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return 2;
  }
}
