// SPDX-License-Identifier: Apache-2.0
// Containers with a monitor beside them: how they are started, and what is known of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/human.h"
#include "config/port_mapping.h"
#include "engine/container/bundle.h"
#include "engine/container/containers.h"
#include "engine/container/identity.h"
#include "shim/monitor/client.h"

namespace engine {

struct StartRequest {
  bool attaches = false, has_input = false;
  bool is_detached = false;          // standard input stays open without clients
  bool takes_over_cleaning = false;  // the caller removes it, if he lives until then
};

/// Makes the bundle and starts the monitor, which makes the container; the caller goes on with
/// Starting's calls. The root's mount stays for the monitor. warnings: those of the bundle.
/// Errors: it runs already; those of make_bundle.
shim::Starting start_container(const snapshotter::Store& store, const Identity& identity,
                               const ContainerRecord& record, const config::ContainerConfig& image,
                               const StartRequest& request, std::vector<std::string>& warnings);

/// What became of it; empty: it was never started.
std::optional<shim::RunStatus> status_of(const snapshotter::Store& store,
                                         const ContainerRecord& record);
bool is_running(const std::optional<shim::RunStatus>& status);
/// docker's words: "created", "running", "restarting", "exited", "dead".
std::string state_word(const std::optional<shim::RunStatus>& status);
/// "Up 5 minutes", "Exited (0) 2 hours ago", "Created".
std::string describe_status(const std::optional<shim::RunStatus>& status, config::Time now);

/// What of a container's need not outlive the boot: sockets, the name of its network namespace.
std::string runtime_files_path(const std::string& id);
/// The ports of the host's that lead into it; none unless it runs.
std::vector<config::PortMapping> published_ports(const snapshotter::Store& store,
                                                 const ContainerRecord& record);
/// The name of the running container but `id` that has a port of the host's.
std::optional<std::string> find_container_with(const snapshotter::Store& store,
                                               const std::string& id,
                                               const config::PortMapping& port);

/// The monitor's services. Empty: it has none (any more).
std::optional<sys::Fd> connect_to(const ContainerRecord& record);

/// Takes this process into the user namespace of the container's monitor, whose owner we are: with
/// a single id every `tilla` makes one of its own, which has no rights over another's. False: it
/// has no monitor, or is where we are.
bool enter_users_of(const shim::RunStatus& status);

/// Calls the runtime on the container and waits; its errors are on our standard error by then.
/// Returns its exit code.
int call_runtime(const std::string& runtime, const std::vector<std::string>& words);

/// Ends it by `signal`, and after `timeout` by SIGKILL; not restarted. Nothing to do: fine.
/// signal 0: its own.
void stop_container(const snapshotter::Store& store, const ContainerRecord& record, int signal,
                    std::optional<std::chrono::seconds> timeout);

/// Where its log is.
std::string log_path(const snapshotter::Store& store, const ContainerRecord& record);

struct Removal {
  bool with_volumes = false;
  bool is_durable = true;  // also after a power cut
};
/// Takes it away for good. It doesn't run.
void remove_container_files(snapshotter::Store& store, const ContainerRecord& record,
                            const Removal& how);

/// A container that runs by `tilla run` alone, without a monitor: its status while this lives.
class ForegroundStatus {
 public:
  ForegroundStatus(const snapshotter::Store& store, const ContainerRecord& record);

 private:
  sys::Fd lock_;
};

}  // namespace engine
