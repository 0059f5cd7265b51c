// SPDX-License-Identifier: Apache-2.0
// The command line as plain values: runc's, word for word, so that its callers need no change.
// Looks at the words alone; whether a container or a file exists is the verbs' business.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace runtime {

struct GlobalOptions {
  std::string root;  // empty: find_state_root decides
  std::string log;   // empty: standard error
  std::string log_format = "text";
  std::string cgroup_manager;  // empty, "cgroupfs", "systemd" or "disabled"
  std::string cgroups = {};    // empty, "strict", "best-effort" or "disabled"
  std::string rootless = "auto";
  bool debug = false;
  bool systemd_cgroup = false;
  bool operator==(const GlobalOptions&) const = default;
};

/// `create`, and all of `run` too; keep, detach and no_subreaper are of `run` alone.
struct CreateOptions {
  std::string id;
  std::string bundle = ".";
  std::string console_socket, pid_file, pidfd_socket;
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool keep = false;
  bool detach = false;
  bool no_subreaper = false;
  unsigned preserve_fds = 0;
  bool operator==(const CreateOptions&) const = default;
};
struct RunOptions : CreateOptions {};

struct ExecOptions {
  std::string id;
  std::vector<std::string> args;
  std::string process_file, console_socket, pid_file, pidfd_socket;
  std::string cwd, user, apparmor, process_label, cgroup;
  std::vector<std::string> env, caps;
  std::vector<std::int64_t> additional_gids;  // each fits a uint32_t
  bool tty = false;
  bool detach = false;
  bool no_new_privs = false;
  bool ignore_paused = false;
  unsigned preserve_fds = 0;
  bool operator==(const ExecOptions&) const = default;
};

struct StartOptions {
  std::string id;
};
struct StateOptions {
  std::string id;
};
struct KillOptions {
  std::string id;
  std::string signal = "SIGTERM";
  bool all = false;
};
struct DeleteOptions {
  std::string id;
  bool force = false;
};
struct ListOptions {
  std::string format = "table";  // or "json"
  bool quiet = false;
};
struct PsOptions {
  std::string id;
  std::string format = "table";  // or "json"
  std::vector<std::string> ps_args;
};
/// Numbers as they were written; empty: not asked for.
struct UpdateOptions {
  std::string id;
  std::string resources;  // a file, or "-"; then nothing else counts
  std::string blkio_weight, cpu_period, cpu_quota, cpu_burst, cpu_share, cpu_rt_period;
  std::string cpu_rt_runtime, cpu_idle, cpuset_cpus, cpuset_mems;
  std::string memory, memory_reservation, memory_swap, pids_limit;
  std::string l3_cache_schema, mem_bw_schema;
};
struct EventsOptions {
  std::string id;
  unsigned interval_seconds = 5;
  bool stats = false;
};
struct PauseOptions {
  std::string id;
};
struct ResumeOptions {
  std::string id;
};
struct SpecOptions {
  std::string bundle;  // empty: the working directory
  bool rootless = false;
};
struct FeaturesOptions {};
struct PlanOptions {
  std::string bundle = ".";
};
/// checkpoint, restore: their flags are read, so that the caller
/// gets our reason and not a usage error, and forgotten.
struct UnsupportedOptions {
  std::string verb;
  std::string id;
};

/// An exec that fails before its program runs; podman and conmon rely on it, as on runc's.
inline constexpr int kExecFailure = 255;

/// Nothing to perform: --help, --version, or a usage error.
struct Finished {
  std::string text;  // without a final newline when it is an error, else as it is to be printed
  int exit_code = 0;
  bool is_error() const { return exit_code != 0; }
};

using Command = std::variant<Finished, CreateOptions, RunOptions, StartOptions, ExecOptions,
                             StateOptions, KillOptions, DeleteOptions, ListOptions, PsOptions,
                             UpdateOptions, EventsOptions, PauseOptions, ResumeOptions, SpecOptions,
                             FeaturesOptions, PlanOptions, UnsupportedOptions>;

struct CommandLine {
  /// Those that were read before a usage error, so that the log can be told of it.
  GlobalOptions global;
  Command command;
};

/// Reads the words after the program's name. As in runc: options come before or after the other
/// words, "--x=y" is "--x y", "-x" is "--x", and `exec` and `ps` take no options after the id.
/// Does not throw on wrong words: they are a Finished.
CommandLine parse_command_line(const std::vector<std::string>& words);

}  // namespace runtime
