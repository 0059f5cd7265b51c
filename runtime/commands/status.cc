// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/status.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "sys/format.h"

namespace runtime {
namespace {

constexpr const char* kZeroTime = "0001-01-01T00:00:00Z";  // Go's: callers parse it
constexpr const char* kSpecVersion = "1.3.0";

bool lives(const config::Record& record, const sys::Procfs& proc) {
  if (record.pid <= 0) return false;
  const auto times = sys::process_times(proc, record.pid);
  return times && !times->is_zombie && times->start_time == record.start_time;
}

/// Whether `pid` is number 1 of a pid namespace below that of `proc`. A pod's member joined the
/// namespace of another: everything in there is not its own.
/// Source: proc(5), status, NSpid; readable for everybody.
bool is_namespace_init(const sys::Procfs& proc, pid_t pid) {
  const auto file = proc.open_file_if_exists(sys::format("{}/status", pid), O_RDONLY);
  if (!file) return false;
  const std::string text = sys::read_all(file->get(), 65536);
  constexpr std::string_view kLabel = "\nNSpid:";
  const size_t label = text.find(kLabel);
  if (label == std::string::npos) return false;
  const size_t start = label + kLabel.size();
  const std::string_view numbers =
      std::string_view(text).substr(start, text.find('\n', start) - start);
  // "\t4711\t1": one number for each level, the innermost last.
  return std::count(numbers.begin(), numbers.end(), '\t') > 1 && numbers.ends_with("\t1");
}

struct Seen {
  pid_t parent = 0;
  bool is_member = false;
};

/// Makes members of all whose parent is one, until nobody joins.
void add_descendants(std::map<pid_t, Seen>& processes) {
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (auto& [pid, seen] : processes) {
      if (seen.is_member) continue;
      const auto parent = processes.find(seen.parent);
      if (parent == processes.end() || !parent->second.is_member) continue;
      seen.is_member = has_grown = true;
    }
  }
}

}  // namespace

const char* name_of(Status status) {
  switch (status) {
    case Status::kCreating:
      return "creating";
    case Status::kCreated:
      return "created";
    case Status::kRunning:
      return "running";
    case Status::kPaused:
      return "paused";
    case Status::kStopped:
      break;
  }
  return "stopped";
}

Status status_of(const ContainerDirectory& directory, const std::optional<config::Record>& record,
                 const sys::Procfs& proc) {
  if (!record || record->pid == 0) {
    return directory.is_locked_by_another() ? Status::kCreating : Status::kStopped;
  }
  // `waiting` first: an init that execs in between is running, and one that ends is stopped.
  const bool is_waiting = directory.is_init_waiting();
  if (!lives(*record, proc)) return Status::kStopped;
  const auto cgroup = cgroup_of(directory);
  if (cgroup && cgroup->is_frozen()) return Status::kPaused;
  return is_waiting ? Status::kCreated : Status::kRunning;
}

std::unique_ptr<Cgroup> cgroup_of(const ContainerDirectory& directory) {
  const auto record = directory.read_cgroup();
  return record ? open_cgroup(*record) : nullptr;
}

std::optional<sys::Fd> open_init(const config::Record& record, const sys::Procfs& proc) {
  if (record.pid <= 0) return std::nullopt;
  auto pidfd = sys::open_process(record.pid);
  // The number is looked at after the pidfd is open: if it is still our init now, so is the pidfd.
  if (!pidfd || !lives(record, proc)) return std::nullopt;
  return pidfd;
}

std::vector<pid_t> processes_of(const config::Record& record, const sys::Procfs& proc) {
  if (!lives(record, proc)) return {};
  const auto& namespaces = record.namespaces;
  const bool has_own_pids =
      std::ranges::find(namespaces, config::NamespaceType::kPid) != namespaces.end() &&
      is_namespace_init(proc, record.pid);
  const auto pid_namespace =
      has_own_pids ? sys::namespace_id_of(proc, record.pid, "pid") : std::nullopt;
  std::map<pid_t, Seen> processes;
  for (const pid_t pid : sys::all_processes(proc)) {
    const auto times = sys::process_times(proc, pid);
    if (!times) continue;
    const bool is_inside = pid_namespace && sys::namespace_id_of(proc, pid, "pid") == pid_namespace;
    processes[pid] = {.parent = times->parent, .is_member = is_inside || pid == record.pid};
  }
  add_descendants(processes);
  std::vector<pid_t> pids = {record.pid};
  for (const auto& [pid, seen] : processes) {
    if (!seen.is_member || pid == record.pid) continue;
    const auto times = sys::process_times(proc, pid);
    if (times && !times->is_zombie) pids.push_back(pid);
  }
  return lives(record, proc) ? pids : std::vector<pid_t>();
}

std::vector<sys::Process> open_processes(const config::Record& record, const sys::Procfs& proc) {
  std::vector<sys::Process> opened;
  for (const pid_t pid : processes_of(record, proc)) {
    auto pidfd = sys::open_process(pid);
    if (pidfd) opened.push_back({.pid = pid, .pidfd = std::move(*pidfd)});
  }
  // A number that is one of the container's now and was opened before is either that process or of
  // one that has ended: a stranger would still have the number.
  const std::vector<pid_t> now = processes_of(record, proc);
  std::erase_if(opened, [&](const sys::Process& process) {
    return std::ranges::find(now, process.pid) == now.end();
  });
  return opened;
}

config::ContainerState recorded_state(const config::Record& record, Status status) {
  config::ContainerState state;
  state.oci_version = record.oci_version;
  state.id = record.id;
  state.status = name_of(status);
  if (status != Status::kStopped) state.pid = record.pid;
  state.bundle = record.bundle;
  state.rootfs = record.rootfs;
  state.created = record.created;
  state.annotations = record.annotations;
  return state;
}

config::ContainerState describe(const ContainerDirectory& directory, const sys::Procfs& proc) {
  const auto record = directory.read_record();
  const Status status = status_of(directory, record, proc);
  config::ContainerState state;
  if (record) {
    state = recorded_state(*record, status);
  } else {
    state.oci_version = kSpecVersion;
    state.status = name_of(status);
    state.created = kZeroTime;
  }
  state.id = directory.id();
  return state;
}

}  // namespace runtime
