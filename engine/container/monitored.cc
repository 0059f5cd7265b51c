// SPDX-License-Identifier: Apache-2.0
#include "engine/container/monitored.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>

#include "config/container_options.h"
#include "config/signal_names.h"
#include "config/state.h"
#include "engine/container/foreground.h"
#include "engine/container/volumes.h"
#include "engine/network/published_ports.h"
#include "shim/monitor/directory.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/spawn.h"
#include "sys/storage.h"

namespace engine {
namespace {

constexpr int kPollMilliseconds = 20;

std::string directory_path(const snapshotter::Store& store, const ContainerRecord& record) {
  return sys::format("{}/containers/{}", store.path(), record.id);
}

shim::RestartConfig restart_config(const config::MonitorRequest& request) {
  constexpr shim::RestartPolicy kPolicies[] = {
      shim::RestartPolicy::kNo, shim::RestartPolicy::kOnFailure, shim::RestartPolicy::kAlways,
      shim::RestartPolicy::kUnlessStopped};
  return {.policy = kPolicies[static_cast<int>(request.restart)], .maximum = request.restarts};
}

/// How often, and how long: beyond a year there is no end to be counted.
constexpr std::int64_t kLongest = std::int64_t{365} * 24 * 3600 * 1'000'000'000;
/// INV-9: each check is a program of the host's, and no image decides that there is never a rest.
constexpr std::int64_t kImagesShortest = 1'000'000'000;

/// The flags', or else the image's HEALTHCHECK: its first word says how to read the others.
shim::HealthConfig health_config(const config::MonitorRequest& request,
                                 const config::ContainerConfig& image) {
  shim::HealthConfig health;
  if (!request.has_health_check) return health;
  const config::Healthcheck of_image = image.healthcheck.value_or(config::Healthcheck());
  std::vector<std::string> test = of_image.test;
  if (!request.health_command.empty()) test = {"CMD-SHELL", request.health_command};
  if (test.size() < 2 || test.front() == "NONE") return health;
  if (test.front() == "CMD-SHELL") {
    health.command = {"/bin/sh", "-c", test[1]};
  } else {
    health.command.assign(test.begin() + 1, test.end());
  }
  const auto choose = [](std::int64_t flag, std::int64_t from_image, shim::nanoseconds& target) {
    if (flag > 0) target = shim::nanoseconds(std::min(flag, kLongest));
    if (flag <= 0 && from_image > 0) {
      target = shim::nanoseconds(std::clamp(from_image, kImagesShortest, kLongest));
    }
  };
  choose(request.health_interval, of_image.interval, health.interval);
  choose(request.health_timeout, of_image.timeout, health.timeout);
  choose(request.health_start_period, of_image.start_period, health.start_period);
  if (request.health_retries > 0) {
    health.retries = request.health_retries;
  } else if (of_image.retries > 0 && of_image.retries < 1000) {
    health.retries = static_cast<std::uint32_t>(of_image.retries);
  }
  return health;
}

/// Of the flag, else the image's (INV-9: one that is none counts as none), else SIGTERM.
std::uint32_t stop_signal(const config::ContainerOptions& options,
                          const config::ContainerConfig& image) {
  const std::string& text = options.stop_signal.empty() ? image.stop_signal : options.stop_signal;
  const int signal = config::parse_signal(text).value_or(0);
  return static_cast<std::uint32_t>(signal > 0 ? signal : SIGTERM);
}

shim::MonitorConfig monitor_config(const snapshotter::Store& store, const ContainerRecord& record,
                                   const config::ContainerConfig& image, const std::string& bundle,
                                   bool is_detached) {
  const config::ContainerOptions options = config::read_options(record.flags);
  shim::MonitorConfig monitor;
  monitor.id = record.id;
  monitor.bundle = bundle;
  monitor.runtime = find_runtime_program();
  monitor.runtime_arguments = {"--root", runtime_directory() + "/runtime"};
  monitor.sockets = runtime_files_path(record.id);
  monitor.has_terminal = options.has_terminal;
  if (options.is_interactive) monitor.input = is_detached ? shim::Input::kOpen : shim::Input::kOnce;
  monitor.log = {.is_on = options.monitor.has_log,
                 .path = log_path(store, record),
                 .max_size = options.monitor.log_bytes,
                 .max_files = options.monitor.log_files};
  monitor.restart = restart_config(options.monitor);
  monitor.health = health_config(options.monitor, image);
  monitor.stop_signal = stop_signal(options, image);
  if (options.is_removed) {
    monitor.on_exit = {sys::read_link("/proc/self/exe"),
                       "--root",
                       store.path(),
                       "rm",
                       "--force",
                       "--volumes",
                       record.id};
  }
  return monitor;
}

}  // namespace

shim::Starting start_container(const snapshotter::Store& store, const Identity& identity,
                               const ContainerRecord& record, const config::ContainerConfig& image,
                               const StartRequest& request, std::vector<std::string>& warnings) {
  if (is_running(status_of(store, record))) throw sys::Error("it is running already", EBUSY);
  sys::forget_variable("TILLA_IDENTITY");  // what the monitor runs in the end is inside already
  Bundle bundle = make_bundle(store, identity, record, image);
  warnings = std::move(bundle.warnings);
  (void)sys::open_private_directory(runtime_files_path(record.id));
  shim::Starting starting =
      shim::start_monitor({.program = shim::find_monitor_program(),
                           .directory = directory_path(store, record),
                           .at_once = true,
                           .takes_over_cleaning = request.takes_over_cleaning,
                           .attach = request.attaches,
                           .attach_input = request.has_input,
                           .lease = identity.lease ? identity.lease->lease() : -1},
                          monitor_config(store, record, image, bundle.path, request.is_detached));
  bundle.keep();
  return starting;
}

std::optional<shim::RunStatus> status_of(const snapshotter::Store& store,
                                         const ContainerRecord& record) {
  const auto directory =
      sys::open_at_if_exists(store.containers().get(), record.id, O_RDONLY | O_DIRECTORY);
  return directory ? shim::read_status(directory->get()) : std::nullopt;
}

bool is_running(const std::optional<shim::RunStatus>& status) {
  using enum shim::RunState;
  return status && (status->state == kStarting || status->state == kCreated ||
                    status->state == kRunning || status->state == kRestarting);
}

std::string state_word(const std::optional<shim::RunStatus>& status) {
  using enum shim::RunState;
  if (!status) return "created";
  switch (status->state) {
    case kStarting:
    case kCreated:
    case kFailed:
      return "created";
    case kRunning:
      return "running";
    case kRestarting:
      return "restarting";
    case kExited:
      return "exited";
    case kLost:
      break;
  }
  return "dead";
}

std::string describe_status(const std::optional<shim::RunStatus>& status, config::Time now) {
  const std::string word = state_word(status);
  if (word == "created") return "Created";
  if (word == "dead") return "Dead";
  const auto since = [&](const std::string& text) {
    const auto time = config::parse_time(text);
    return time ? config::human_duration(now - *time) : std::string("N/A");
  };
  if (word == "running") {
    const std::string health = status->health ? " (" + status->health->status + ")" : "";
    return sys::format("Up {}{}", since(status->started),
                       health == " (starting)" ? " (health: starting)" : health);
  }
  return sys::format("{} ({}) {} ago", word == "exited" ? "Exited" : "Restarting",
                     status->exit_code, since(status->finished));
}

std::string runtime_files_path(const std::string& id) {
  return sys::format("{}/containers/{}", runtime_directory(), id);
}

std::vector<config::PortMapping> published_ports(const snapshotter::Store& store,
                                                 const ContainerRecord& record) {
  if (!is_running(status_of(store, record))) return {};
  const auto directory =
      sys::open_at_if_exists(store.containers().get(), record.id, O_RDONLY | O_DIRECTORY);
  return directory ? read_ports(directory->get()) : std::vector<config::PortMapping>();
}

std::optional<std::string> find_container_with(const snapshotter::Store& store,
                                               const std::string& id,
                                               const config::PortMapping& port) {
  for (const ContainerRecord& record : list_containers(store)) {
    if (record.id == id) continue;
    for (const config::PortMapping& taken : published_ports(store, record)) {
      if (taken.host_port == port.host_port && taken.protocol == port.protocol) return record.name;
    }
  }
  return std::nullopt;
}

std::optional<sys::Fd> connect_to(const ContainerRecord& record) {
  const auto sockets =
      sys::open_path_if_exists(runtime_files_path(record.id), O_RDONLY | O_DIRECTORY);
  return sockets ? shim::connect_monitor(sockets->get()) : std::nullopt;
}

bool enter_users_of(const shim::RunStatus& status) {
  if (status.monitor <= 0) return false;
  const sys::Procfs proc = sys::Procfs::open();
  const sys::Fd theirs = proc.open_magic_link(sys::format("{}/ns/user", status.monitor), O_RDONLY);
  const sys::Fd ours = proc.open_magic_link("self/ns/user", O_RDONLY);
  if (sys::namespace_id(theirs.get()) == sys::namespace_id(ours.get())) return false;
  sys::join(theirs.get(), CLONE_NEWUSER);
  return true;
}

int call_runtime(const std::string& runtime, const std::vector<std::string>& words) {
  std::vector<std::string> argv = {runtime, "--root", runtime_directory() + "/runtime"};
  argv.insert(argv.end(), words.begin(), words.end());
  return sys::wait_child(sys::spawn_with_streams(argv, {.error = 2})).code;
}

void stop_container(const snapshotter::Store& store, const ContainerRecord& record, int signal,
                    std::optional<std::chrono::seconds> timeout) {
  const auto status = status_of(store, record);
  if (status && status->state == shim::RunState::kLost) {
    (void)call_runtime(find_runtime_program(), {"delete", "--force", record.id});
    return;
  }
  if (!is_running(status)) return;
  if (const auto monitor = connect_to(record)) {
    (void)shim::stop(*monitor, signal, timeout);
    return;
  }
  // `tilla run` looks after it: it goes when its container does.
  const std::string runtime = find_runtime_program();
  (void)call_runtime(runtime, {"kill", record.id, std::to_string(signal == 0 ? SIGTERM : signal)});
  const auto directory =
      sys::open_at_if_exists(store.containers().get(), record.id, O_RDONLY | O_DIRECTORY);
  if (!directory) return;
  const auto lock = sys::open_at_if_exists(directory->get(), shim::kLockFile, O_RDWR);
  if (!lock) return;
  const auto deadline = std::chrono::steady_clock::now() + timeout.value_or(std::chrono::hours(24));
  while (sys::is_locked(lock->get()) && std::chrono::steady_clock::now() < deadline) {
    std::vector<sys::Waiting> nothing;
    sys::wait_for_any(nothing, kPollMilliseconds);  // a lock can't be polled
  }
  if (!sys::is_locked(lock->get())) return;
  (void)call_runtime(runtime, {"kill", record.id, "KILL"});
  sys::lock(lock->get());
}

std::string log_path(const snapshotter::Store& store, const ContainerRecord& record) {
  return directory_path(store, record) + "/container.log";
}

void remove_container_files(snapshotter::Store& store, const ContainerRecord& record,
                            const Removal& how) {
  // Mounted still where the monitor calls us.
  std::vector<std::string> mounted;
  for (const char* name : {"rootfs", "init"}) {
    const std::string path = directory_path(store, record) + "/bundle/" + name;
    const auto place = sys::open_path_if_exists(path, O_PATH | O_NOFOLLOW);
    const bool is_mounted = place && sys::is_mount_root(place->get());
    if (is_mounted) mounted.push_back(path);
  }
  for (const std::string& path : mounted) sys::unmount(path);
  store.remove_container(record.id, how.is_durable);
  const auto sockets =
      sys::open_path_if_exists(runtime_directory() + "/containers", O_RDONLY | O_DIRECTORY);
  if (sockets) (void)sys::remove_what_we_may(sockets->get(), record.id);
  if (!how.with_volumes) return;
  for (const AnonymousVolume& volume : record.volumes) (void)remove_volume(store, volume.name);
}

ForegroundStatus::ForegroundStatus(const snapshotter::Store& store, const ContainerRecord& record) {
  const sys::Fd directory =
      sys::open_at(store.containers().get(), record.id, O_RDONLY | O_DIRECTORY);
  lock_ = sys::open_at(directory.get(), shim::kLockFile, O_RDWR | O_CREAT, 0600);
  if (!sys::try_lock(lock_.get())) throw sys::Error("it is running already", EBUSY);
  shim::RunStatus status;
  status.state = shim::RunState::kRunning;
  status.started = config::format_time(std::chrono::system_clock::now());
  sys::replace_file_at(directory.get(), shim::kStatusFile, shim::write_status(status), 0600);
}

}  // namespace engine
