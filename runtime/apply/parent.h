// SPDX-License-Identifier: Apache-2.0
// The parent's side of the clone: what is opened and compiled before it, the id maps, and the
// channel until the program runs. See docs/create-sequence.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/apply/channel.h"
#include "runtime/apply/child.h"
#include "runtime/apply/net_devices.h"
#include "runtime/apply/program.h"
#include "runtime/plan/plan.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/procfs.h"

namespace runtime {

HostFacts gather_facts(const sys::Procfs& proc);

/// What the last exec needs; owns the descriptors that its ExecPlan names.
struct PreparedExec {
  ExecPlan plan;
  sys::Fd stub, stub_filter;
};
/// Compiles the filter or takes it from the cache, and makes the sealed stub where the container's
/// ids could write our own binary (INV-3). own_user_namespace: the container has one.
PreparedExec prepare_exec(const ProcessPlan& process, const IdPlan& ids, bool own_user_namespace,
                          const std::string& cache_directory, const sys::Procfs& proc,
                          const sys::Log& log);

/// Namespaces to join, opened and checked to be of the type that the bundle says.
struct OpenJoins {
  std::vector<sys::Fd> owned;
  std::vector<sys::Join> joins;
  int ours = 0;  // CLONE_NEW* of those that we are in already, which are not joined
  sys::Fd time;
};
OpenJoins open_joins(const NamespacePlan& plan, const sys::Procfs& proc);
/// Errors: a bind goes through a descriptor that the caller has not left open for us.
void check_source_fds(const RootPlan& plan);
/// Errors: a kernel parameter would be set in a namespace that turns out to be ours.
void refuse_own_sysctls(const std::vector<SysctlStep>& sysctls, const OpenJoins& joins);

/// To be called when the program should run. Errors: it has not been executed, though nobody said
/// so, as when the profile denies that, too.
void check_executed(const sys::Procfs& proc, pid_t pid);

/// A started child, and what it says. Kills and reaps the child when it goes, unless released.
class Launch {
 public:
  /// Clones `entry` with `task`; the task's channel is filled in. Writes the id maps.
  Launch(ChildTask task, sys::ChildEntry entry, const std::vector<sys::Join>& joins,
         const sys::Log& log);
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  const sys::Process& process() const { return process_; }
  int channel() const { return channel_.get(); }

  /// Passes on what the child says until it is ready.
  /// Errors: the child's own failure, as if it had happened here; a child that ended.
  void wait_until_ready() { wait_until(MessageKind::kReady); }
  /// The same until it has built the root and waits for our hooks.
  void wait_until_mounted() { wait_until(MessageKind::kMounted); }
  /// The same until the program runs.
  void wait_until_running();
  /// The master of the pty, when the child had no console socket to send it to.
  sys::Fd take_console() { return std::move(console_); }
  /// The child lives on without us.
  sys::Process release();
  /// The child could not be put into its cgroup, and nothing was asked for that needs that.
  bool is_outside_cgroup() const { return is_outside_cgroup_; }

 private:
  void enter_cgroup(const ChildTask& task);
  std::optional<ChannelMessage> next(MessageKind until);
  void map_ids();
  void move_devices(int made_network, const std::vector<sys::Join>& joins);
  void wait_until(MessageKind kind);

  const Plan& plan_;
  const sys::Procfs& proc_;
  const sys::Log& log_;
  sys::Process process_;
  sys::Fd channel_, console_;
  bool is_outside_cgroup_ = false;
  std::optional<MovedDevices> devices_;
};

}  // namespace runtime
