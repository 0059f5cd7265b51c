// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/verbs.h"

#include <algorithm>
#include <optional>

#include "sys/format.h"

namespace runtime {
namespace {

constexpr WordCount kIdAlone = {.least = 1, .most = 1};
constexpr const char* kIdHelp = "The container's name, unique on this host";

constexpr const char* kPreserveFdsHelp = "Pass N more descriptors of the caller's (3, 4, ...)";

void add_create_options(Grammar& grammar, CreateOptions& options) {
  grammar.text("-b,--bundle", options.bundle, "Directory of the bundle (default: the current one)");
  grammar.text("--console-socket", options.console_socket,
               "AF_UNIX socket that receives the terminal's master end");
  grammar.text("--pid-file", options.pid_file, "File to write the process id to");
  grammar.text("--pidfd-socket", options.pidfd_socket,
               "AF_UNIX socket that receives a pidfd of the process");
  grammar.flag("--no-pivot", options.no_pivot, "Do not use pivot_root, for roots on a ramdisk");
  grammar.flag("--no-new-keyring", options.no_new_keyring, "Keep the caller's session keyring");
  grammar.number("--preserve-fds", options.preserve_fds, kPreserveFdsHelp);
}

Command parse_create(Words words) {
  CreateOptions options;
  Grammar grammar("create", "Create a container");
  grammar.word("ID", kIdHelp);
  add_create_options(grammar, options);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  options.id = given->front();
  return options;
}

Command parse_run(Words words) {
  RunOptions options;
  Grammar grammar("run", "Create and run a container");
  grammar.word("ID", kIdHelp);
  add_create_options(grammar, options);
  grammar.flag("-d,--detach", options.detach, "Do not wait for the container's process");
  grammar.flag("--keep", options.keep, "Do not delete the container after its end");
  grammar.flag("--no-subreaper", options.no_subreaper, "Do not reap reparented processes");
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  options.id = given->front();
  return options;
}

void add_exec_options(Grammar& grammar, ExecOptions& options) {
  grammar.text("--console-socket", options.console_socket,
               "AF_UNIX socket that receives the terminal's master end");
  grammar.text("--pidfd-socket", options.pidfd_socket,
               "AF_UNIX socket that receives a pidfd of the process");
  grammar.text("--cwd", options.cwd, "Working directory in the container");
  grammar.texts("-e,--env", options.env, "Set a variable, NAME=VALUE; may be repeated");
  grammar.flag("-t,--tty", options.tty, "Allocate a terminal");
  grammar.text("-u,--user", options.user, "UID[:GID]");
  grammar.text("-p,--process", options.process_file, "File with the process as JSON");
  grammar.flag("-d,--detach", options.detach, "Do not wait for the process");
  grammar.text("--pid-file", options.pid_file, "File to write the process id to");
  grammar.text("--process-label", options.process_label, "SELinux label of the process");
  grammar.text("--apparmor", options.apparmor, "AppArmor profile of the process");
  grammar.flag("--no-new-privs", options.no_new_privs, "Set no_new_privs for the process");
  grammar.texts("-c,--cap", options.caps, "Add a capability; may be repeated");
  grammar.text("--cgroup", options.cgroup, "Run in an existing sub-cgroup, [CONTROLLER:]PATH");
  grammar.flag("--ignore-paused", options.ignore_paused, "Allow it in a paused container");
}

/// Numbers, separated by commas or given one by one. Returns the first that is none.
std::optional<std::string> parse_gids(const std::vector<std::string>& texts,
                                      std::vector<std::int64_t>& gids) {
  for (const std::string& text : texts) {
    for (size_t start = 0; start <= text.size();) {
      const size_t comma = std::min(text.find(',', start), text.size());
      const auto gid =
          parse_number<std::uint32_t>(std::string_view(text).substr(start, comma - start));
      if (!gid) return text;
      gids.push_back(*gid);
      start = comma + 1;
    }
  }
  return std::nullopt;
}

Command parse_exec(Words words) {
  ExecOptions options;
  std::vector<std::string> gids;
  Grammar grammar("exec", "Run a process in a running container");
  grammar.word("ID", kIdHelp);
  grammar.word("COMMAND", "The program and its arguments; none with --process");
  add_exec_options(grammar, options);
  grammar.texts("-g,--additional-gids", gids, "Supplementary groups; may be repeated");
  grammar.number("--preserve-fds", options.preserve_fds, kPreserveFdsHelp);
  const auto given = grammar.read(words, {.least = 1}, OptionPlace::kBeforeWords);
  if (!given) return grammar.finished();
  options.id = given->front();
  options.args.assign(given->begin() + 1, given->end());
  if (!options.args.empty() && options.args.front() == "--") {
    options.args.erase(options.args.begin());
  }
  if (options.args.empty() && options.process_file.empty()) {
    return Finished{.text = "process args cannot be empty", .exit_code = kExecFailure};
  }
  if (const auto wrong = parse_gids(gids, options.additional_gids)) {
    return grammar.refuse(invalid_value(*wrong, "--additional-gids"));
  }
  return options;
}

Command parse_start(Words words) {
  Grammar grammar("start", "Run the program of a created container");
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  return StartOptions{.id = given->front()};
}

Command parse_state(Words words) {
  Grammar grammar("state", "Print the state of a container");
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  return StateOptions{.id = given->front()};
}

Command parse_kill(Words words) {
  KillOptions options;
  Grammar grammar("kill", "Send a signal (default: SIGTERM) to a container's first process");
  grammar.word("ID", kIdHelp);
  grammar.word("SIGNAL", "A name with or without SIG, or a number");
  grammar.flag("-a,--all", options.all, "Send it to all processes of the container");
  const auto given = grammar.read(words, {.least = 1, .most = 2});
  if (!given) return grammar.finished();
  options.id = given->front();
  if (given->size() == 2) options.signal = given->back();
  return options;
}

Command parse_delete(Words words) {
  DeleteOptions options;
  Grammar grammar("delete", "Delete what is held for a container");
  grammar.word("ID", kIdHelp);
  grammar.flag("-f,--force", options.force, "End the container with SIGKILL if it still runs");
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  options.id = given->front();
  return options;
}

bool is_list_format(const std::string& format) { return format == "table" || format == "json"; }

Command parse_list(Words words) {
  ListOptions options;
  Grammar grammar("list", "List the containers");
  grammar.text("-f,--format", options.format, "table or json (default: table)");
  grammar.flag("-q,--quiet", options.quiet, "Only the ids");
  if (!grammar.read(words, {.least = 0, .most = 0})) return grammar.finished();
  if (!is_list_format(options.format)) return grammar.refuse("invalid format option");
  return options;
}

Command parse_ps(Words words) {
  PsOptions options;
  Grammar grammar("ps", "List the processes of a container");
  grammar.word("ID", kIdHelp);
  grammar.word("PS_OPTIONS", "Options of the host's ps (default: -ef)");
  grammar.text("-f,--format", options.format, "table or json (default: table)");
  const auto given = grammar.read(words, {.least = 1}, OptionPlace::kBeforeWords);
  if (!given) return grammar.finished();
  if (!is_list_format(options.format)) return grammar.refuse("invalid format option");
  options.id = given->front();
  options.ps_args.assign(given->begin() + 1, given->end());
  return options;
}

Command parse_spec(Words words) {
  SpecOptions options;
  Grammar grammar("spec", "Write a config.json to start from");
  grammar.text("-b,--bundle", options.bundle, "Directory of the bundle (default: the current one)");
  grammar.flag("--rootless", options.rootless, "For a container of an ordinary user");
  if (!grammar.read(words, {.least = 0, .most = 0})) return grammar.finished();
  return options;
}

Command parse_features(Words words) {
  Grammar grammar("features", "Print what this runtime supports, as JSON");
  if (!grammar.read(words, {.least = 0, .most = 0})) return grammar.finished();
  return FeaturesOptions{};
}

Command parse_plan(Words words) {
  PlanOptions options;
  Grammar grammar("plan", "Print what `create` would do with a bundle");
  grammar.word("BUNDLE", "Directory of the bundle (default: the current one)");
  const auto given = grammar.read(words, {.least = 0, .most = 1});
  if (!given) return grammar.finished();
  if (!given->empty()) options.bundle = given->front();
  return options;
}

Command read_unsupported(Grammar& grammar, const std::string& verb, Words words) {
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  return UnsupportedOptions{.verb = verb, .id = given->front()};
}

Command parse_pause(Words words) {
  Grammar grammar("pause", "Suspend all processes of a container");
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  return PauseOptions{.id = given->front()};
}

Command parse_resume(Words words) {
  Grammar grammar("resume", "Resume the processes of a paused container");
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  return ResumeOptions{.id = given->front()};
}

Command parse_update(Words words) {
  UpdateOptions options;
  Grammar grammar("update", "Change a container's resource limits");
  grammar.text("-r,--resources", options.resources, "File with the new limits as JSON, or -");
  grammar.text("--blkio-weight", options.blkio_weight, "Weight for disks, 10 to 1000");
  grammar.text("--cpu-period", options.cpu_period, "CPU period in microseconds");
  grammar.text("--cpu-quota", options.cpu_quota, "CPU time in a period, in microseconds");
  grammar.text("--cpu-burst", options.cpu_burst, "CPU time saved up, in microseconds");
  grammar.text("--cpu-share", options.cpu_share, "CPU shares, as in cgroup v1");
  grammar.text("--cpu-shares", options.cpu_share, "The same");
  grammar.text("--cpu-rt-period", options.cpu_rt_period, "Real-time CPU period");
  grammar.text("--cpu-rt-runtime", options.cpu_rt_runtime, "Real-time CPU time");
  grammar.text("--cpu-idle", options.cpu_idle, "1: only when nobody else wants the CPU");
  grammar.text("--cpuset-cpus", options.cpuset_cpus, "CPUs to run on");
  grammar.text("--cpuset-mems", options.cpuset_mems, "Memory nodes to use");
  grammar.text("--memory", options.memory, "Memory in bytes, or 64m");
  grammar.text("--memory-reservation", options.memory_reservation, "Memory that is protected");
  grammar.text("--memory-swap", options.memory_swap, "Memory and swap together, or -1");
  grammar.text("--pids-limit", options.pids_limit, "Number of processes, or -1");
  grammar.text("--l3-cache-schema", options.l3_cache_schema, "Cache of its class of service");
  grammar.text("--mem-bw-schema", options.mem_bw_schema, "Memory bandwidth of that class");
  grammar.ignored_texts({"--kernel-memory", "--kernel-memory-tcp"});
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  options.id = given->front();
  return options;
}

Command parse_events(Words words) {
  EventsOptions options;
  std::string interval;
  Grammar grammar("events", "Print a container's statistics and events");
  grammar.text("--interval", interval, "Time between statistics (default: 5s)");
  grammar.flag("--stats", options.stats, "Print the statistics once");
  grammar.word("ID", kIdHelp);
  const auto given = grammar.read(words, kIdAlone);
  if (!given) return grammar.finished();
  if (!interval.empty()) {
    std::string_view seconds = interval;
    if (seconds.ends_with('s')) seconds.remove_suffix(1);
    const auto number = parse_number<unsigned>(seconds);
    constexpr unsigned kDay = 24 * 3600;
    if (!number || *number == 0 || *number > kDay) {
      return grammar.refuse(invalid_value(interval, "--interval"));
    }
    options.interval_seconds = *number;
  }
  options.id = given->front();
  return options;
}

Command parse_checkpoint(Words words) {
  Grammar grammar("checkpoint", "Checkpoint a running container (not supported)");
  grammar.ignored_texts({"--image-path", "--work-path", "--parent-path", "--status-fd",
                         "--page-server", "--manage-cgroups-mode", "--empty-ns"});
  grammar.ignored_flags({"--leave-running", "--tcp-established", "--tcp-skip-in-flight",
                         "--ext-unix-sk", "--shell-job", "--lazy-pages", "--file-locks",
                         "--pre-dump", "--auto-dedup", "--link-remap"});
  return read_unsupported(grammar, "checkpoint", words);
}

Command parse_restore(Words words) {
  Grammar grammar("restore", "Restore a container from a checkpoint (not supported)");
  grammar.ignored_texts({"--console-socket", "--image-path", "--work-path", "--manage-cgroups-mode",
                         "-b,--bundle", "--pid-file", "--pidfd-socket", "--empty-ns",
                         "--lsm-profile", "--lsm-mount-context", "--preserve-fds"});
  grammar.ignored_flags({"--tcp-established", "--ext-unix-sk", "--shell-job", "--file-locks",
                         "-d,--detach", "--no-subreaper", "--no-pivot", "--auto-dedup",
                         "--lazy-pages", "--link-remap", "--keep"});
  return read_unsupported(grammar, "restore", words);
}

struct Verb {
  std::string_view name;
  Command (*parse)(Words words);
  std::string_view summary;
};

constexpr Verb kVerbs[] = {
    {"checkpoint", parse_checkpoint, "checkpoint a running container (not supported)"},
    {"create", parse_create, "create a container"},
    {"delete", parse_delete, "delete what is held for a container"},
    {"events", parse_events, "print a container's statistics and events"},
    {"exec", parse_exec, "run a process in a running container"},
    {"features", parse_features, "print what this runtime supports"},
    {"kill", parse_kill, "send a signal to a container's first process"},
    {"list", parse_list, "list the containers"},
    {"pause", parse_pause, "suspend a container's processes"},
    {"plan", parse_plan, "print what create would do with a bundle"},
    {"ps", parse_ps, "list the processes of a container"},
    {"restore", parse_restore, "restore a container from a checkpoint (not supported)"},
    {"resume", parse_resume, "resume a container's processes"},
    {"run", parse_run, "create and run a container"},
    {"spec", parse_spec, "write a config.json to start from"},
    {"start", parse_start, "run the program of a created container"},
    {"state", parse_state, "print the state of a container"},
    {"update", parse_update, "change a container's limits"},
};

}  // namespace

std::string list_verbs() {
  std::string text;
  for (const Verb& verb : kVerbs) text += sys::format("  {:<12}{}\n", verb.name, verb.summary);
  return text;
}

std::optional<Command> parse_verb(std::string_view name, Words words) {
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) return verb.parse(words);
  }
  return std::nullopt;
}

}  // namespace runtime
