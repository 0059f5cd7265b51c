// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/signal_processes.h"

#include <signal.h>

#include <algorithm>
#include <chrono>

#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{10};  // runc's
constexpr int kMaxPasses = 100;             // a fork bomb is not followed for ever

void send(const sys::Process& process, int signal) {
  (void)sys::send_signal(process.pidfd.get(), signal);  // false: it has ended by itself
}

bool has_pid(const std::vector<sys::Process>& processes, pid_t pid) {
  return std::ranges::find(processes, pid, &sys::Process::pid) != processes.end();
}

/// One pass over everybody but the init. False: nobody was new.
bool signal_new(const config::Record& record, const sys::Procfs& proc, int signal,
                std::vector<sys::Process>& reached) {
  bool is_new = false;
  for (sys::Process& process : open_processes(record, proc)) {
    if (process.pid == record.pid || has_pid(reached, process.pid)) continue;
    send(process, signal);
    reached.push_back(std::move(process));
    is_new = true;
  }
  return is_new;
}

}  // namespace

std::vector<sys::Process> signal_all(const config::Record& record, const sys::Procfs& proc,
                                     int signal) {
  auto init = open_init(record, proc);
  if (!init) return {};
  std::vector<sys::Process> reached;
  // Without its init nobody could be told to be of the container: it goes last.
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    if (!signal_new(record, proc, signal, reached) || signal != SIGKILL) break;
  }
  reached.push_back({.pid = record.pid, .pidfd = std::move(*init)});
  send(reached.back(), signal);
  return reached;
}

void signal_processes(const Cgroup& cgroup, int signal) {
  std::vector<sys::Process> reached;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    std::vector<sys::Process> opened;
    for (const pid_t pid : cgroup.processes()) {
      auto pidfd = sys::open_process(pid);
      if (pidfd) opened.push_back({.pid = pid, .pidfd = std::move(*pidfd)});
    }
    // A number that is in the cgroup after it was opened is of one that is, or that has ended.
    const std::vector<pid_t> now = cgroup.processes();
    bool is_new = false;
    for (sys::Process& process : opened) {
      if (std::ranges::find(now, process.pid) == now.end() || has_pid(reached, process.pid))
        continue;
      send(process, signal);
      reached.push_back(std::move(process));
      is_new = true;
    }
    if (!is_new || signal != SIGKILL) return;
  }
}

void end_processes(const config::Record& record, const sys::Procfs& proc) {
  const Clock::time_point deadline = Clock::now() + kGrace;
  for (const sys::Process& process : signal_all(record, proc, SIGKILL)) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int timeout_ms = static_cast<int>(std::max<long>(left, 0));
    if (!sys::wait_until_ended(process.pidfd.get(), timeout_ms)) {
      throw sys::Error(
          sys::format("process {} is still there {} s after SIGKILL", process.pid, kGrace.count()));
    }
  }
}

}  // namespace runtime
