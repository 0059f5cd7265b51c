// SPDX-License-Identifier: Apache-2.0
// What `create` and `run` share: from a bundle to a container whose init waits.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/runtime_spec.h"
#include "runtime/apply/parent.h"
#include "runtime/apply/resctrl.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/commands/context.h"
#include "runtime/commands/state_store.h"
#include "runtime/plan/plan.h"

namespace runtime {

struct Bundle {
  std::string path;  // absolute
  std::string config;
  config::RuntimeSpec spec;
};
/// Errors: no config.json, or a wrong one, with the place in it.
Bundle load_bundle(const std::string& path);

/// Where compiled filters are kept.
std::string cache_directory(const Context& context);

/// What the global options say of cgroups.
CgroupRequest cgroup_request(const GlobalOptions& options);

/// Checks --console-socket against `process.terminal`, in runc's words.
void check_console(bool terminal, bool has_socket, bool detaches);

/// A container that is being made: leaves nothing behind unless it is kept.
class NewContainer {
 public:
  /// Starts the init. waits_for_start: it will wait for `start` (else for Launch's word).
  NewContainer(const Context& context, const CreateOptions& options, bool waits_for_start);
  ~NewContainer();
  NewContainer(const NewContainer&) = delete;
  NewContainer& operator=(const NewContainer&) = delete;

  const Plan& plan() const { return plan_; }
  Launch& launch() { return *launch_; }
  ContainerDirectory& directory() { return *directory_; }
  /// prestart and createRuntime, and the word for createContainer; nothing without such hooks.
  void run_creation_hooks();
  /// Writes down what `state` and `exec` need, the pid included.
  void record();
  /// Writes --pid-file and answers --pidfd-socket.
  void tell_pid();
  /// What `run` has to send with kStart.
  std::vector<sys::Fd> call_agent() const;
  void keep();

 private:
  void take_id();
  void write_record(pid_t pid, std::uint64_t start_time);
  void make_cgroup();
  void open_cgroup_mounts();
  void hand_over_cgroup();
  void forget_cgroup();
  void remove();

  const Context& context_;
  const CreateOptions& options_;
  Bundle bundle_;
  Plan plan_;
  std::optional<ContainerDirectory> directory_;
  sys::Fd start_socket_, waiting_, console_socket_;
  PreparedExec exec_;
  OpenJoins joins_;
  std::unique_ptr<Cgroup> cgroup_;  // none: it stays in ours
  std::optional<ResctrlGroup> resctrl_;
  bool cgroup_is_written_ = false;
  std::unique_ptr<Launch> launch_;
  bool is_kept_ = false;
  bool is_recorded_ = false;
};

/// Writes the pid where the caller wants it: a file, and a pidfd to a listening socket; empty names
/// for neither.
void tell_pid(const sys::Process& process, const std::string& pid_file,
              const std::string& pidfd_socket);

}  // namespace runtime
