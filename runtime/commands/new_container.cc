// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/new_container.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <time.h>

#include <algorithm>
#include <chrono>

#include "config/mount_options.h"
#include "runtime/apply/agent.h"
#include "runtime/apply/hooks.h"
#include "runtime/apply/labels.h"
#include "runtime/commands/notify.h"
#include "runtime/commands/preserved_fds.h"
#include "runtime/plan/legacy_view.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"
#include "sys/stub.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxConfig = std::size_t{16} << 20;

Request request_of(const Bundle& bundle, const CreateOptions& options,
                   const GlobalOptions& global) {
  return {.id = options.id,
          .bundle = bundle.path,
          .no_pivot = options.no_pivot,
          .new_keyring = !options.no_new_keyring,
          .preserved_fds = options.preserve_fds,
          .listen_fds = listen_fds_from_environment(),
          .cgroup = cgroup_request(global)};
}

std::vector<config::NamespaceType> own_namespaces(const config::RuntimeSpec& spec) {
  std::vector<config::NamespaceType> types;
  for (const config::Namespace& one : spec.linux_.namespaces) types.push_back(one.type);
  return types;
}

std::string now() {
  return config::format_time(
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()));
}

}  // namespace

Bundle load_bundle(const std::string& path) {
  Bundle bundle;
  const sys::Fd dir =
      sys::in_context("bundle", [&] { return sys::open_path(path, O_PATH | O_DIRECTORY); });
  bundle.path = sys::read_link(sys::fd_path(dir.get()));
  std::optional<std::string> text = sys::read_file_at_if_exists(dir.get(), kConfigFile, kMaxConfig);
  if (!text) {
    throw sys::Error(
        sys::format("JSON specification file config.json not found in \"{}\"", bundle.path),
        ENOENT);
  }
  bundle.config = std::move(*text);
  bundle.spec = config::parse_runtime_spec(bundle.config, "config.json");
  return bundle;
}

CgroupRequest cgroup_request(const GlobalOptions& options) {
  CgroupRequest request;
  if (options.systemd_cgroup || options.cgroup_manager == "systemd") {
    request.manager = CgroupManager::kSystemd;
  }
  if (options.cgroup_manager == "disabled" || options.cgroups == "disabled") {
    request.manager = CgroupManager::kNobody;
  }
  if (options.cgroups == "strict") request.policy = CgroupPolicy::kStrict;
  if (options.cgroups == "best-effort") request.policy = CgroupPolicy::kBestEffort;
  request.policy_is_given = !options.cgroups.empty();
  if (options.rootless != "auto") request.is_rootless = options.rootless == "true";
  return request;
}

std::string cache_directory(const Context& context) { return context.state_root + "/.cache"; }

void check_console(bool terminal, bool has_socket, bool detaches) {
  if (detaches && terminal && !has_socket) {
    throw sys::Error(
        "cannot allocate tty if the runtime will detach without setting console socket", EINVAL);
  }
  if (has_socket && (!detaches || !terminal)) {
    throw sys::Error("cannot use console socket if the runtime will not detach or allocate tty",
                     EINVAL);
  }
}

void tell_pid(const sys::Process& process, const std::string& pid_file,
              const std::string& pidfd_socket) {
  if (!pid_file.empty()) {
    sys::in_context("pid file",
                    [&] { sys::replace_file(pid_file, std::to_string(process.pid), 0644); });
  }
  if (pidfd_socket.empty()) return;
  sys::in_context("pidfd socket", [&] {
    const sys::Fd socket = sys::connect_path(pidfd_socket);
    (void)sys::send_message(socket.get(), "pidfd", {process.pidfd.get()});
  });
}

NewContainer::NewContainer(const Context& context, const CreateOptions& options,
                           bool waits_for_start)
    : context_(context), options_(options), bundle_(load_bundle(options.bundle)) {
  plan_ = make_plan(bundle_.spec, gather_facts(context.proc),
                    request_of(bundle_, options, context.options));
  // A pod's other members see the child; where they share our users, one may be let to trace it.
  const NamespacePlan& namespaces = plan_.namespaces;
  if (!namespaces.has(CLONE_NEWUSER) && !namespaces.makes(CLONE_NEWPID)) {
    sys::run_from_sealed_copy(context.proc);
  }
  check_console(plan_.process.terminal, !options.console_socket.empty(),
                waits_for_start || options.detach);
  check_source_fds(plan_.root);
  check_agent(plan_.process.seccomp);
  check_labels(plan_.process.labels, plan_.root.label, context.proc);
  for (const std::string& warning : plan_.warnings) context.log.warning(warning);

  // Else it is taken while the child mounts.
  if (waits_for_start || wants_notify()) take_id();
  try {  // the destructor does not run for an object that was never made
    if (wants_notify()) add_notify(plan_, *directory_, context.state_root);
    joins_ = open_joins(plan_.namespaces, context.proc);
    refuse_own_sysctls(plan_.sysctls, joins_);
    exec_ = prepare_exec(plan_.process, plan_.ids, plan_.namespaces.has(CLONE_NEWUSER),
                         cache_directory(context), context.proc, context.log);
    if (!options.console_socket.empty())
      console_socket_ = sys::connect_path(options.console_socket);
    if (waits_for_start) {
      start_socket_ = sys::listen_at(directory_->fd(), kStartSocket);
      waiting_ = sys::open_at(directory_->fd(), kWaitingFile, O_RDWR | O_CREAT | O_EXCL, 0600);
      sys::lock(waiting_.get());
    }
    make_cgroup();
    const ChildTask task = {.plan = plan_,
                            .exec = exec_.plan,
                            .proc = context.proc,
                            .fds = {.start_socket = start_socket_.get(),
                                    .waiting = waiting_.get(),
                                    .console_socket = console_socket_.get(),
                                    .joined_time = joins_.time.get()},
                            .command_line = context.command_line,
                            .cgroup = cgroup_.get(),
                            .needs_cgroup = plan_.cgroup.new_owner.has_value()};
    if (plan_.intel_rdt) resctrl_.emplace(open_resctrl(), *plan_.intel_rdt);
    launch_ = std::make_unique<Launch>(task, init_main, joins_.joins, context.log);
    if (resctrl_) resctrl_->add(launch_->process().pid);
    if (launch_->is_outside_cgroup()) forget_cgroup();
    hand_over_cgroup();
    // Held by the child alone from here on.
    waiting_.reset();
    start_socket_.reset();
    if (!directory_) take_id();
  } catch (...) {
    remove();
    throw;
  }
}

void NewContainer::make_cgroup() {
  // Systemd's is told of when it is there, at the launch.
  cgroup_ = runtime::make_cgroup(plan_.cgroup, context_.proc, context_.log,
                                 [this](const config::CgroupRecord& record) {
                                   if (!directory_) take_id();
                                   directory_->write_cgroup(record);
                                   cgroup_is_written_ = true;
                                 });
  if (!cgroup_ && cgroup_is_written_) directory_->forget_cgroup();
  if (std::ranges::any_of(plan_.root.mounts, &MountStep::asks_to_write)) open_cgroup_mounts();
  if (!cgroup_) return;
  const config::StringMap shown = cgroup_->shown();
  if (!shown.empty()) show_legacy_cgroups(shown, plan_.root);
}

// INV-13: what is the container's own alone, and if its limits hold all the same.
void NewContainer::open_cgroup_mounts() {
  CgroupPlan& plan = plan_.cgroup;
  if (!cgroup_ || !plan.new_owner ||
      !cgroup_->can_hand_over(plan.owner_has_limits, context_.proc)) {
    plan.new_owner.reset();
  }
  for (MountStep& step : plan_.root.mounts) {
    if (!step.asks_to_write) continue;
    if (plan.new_owner) {
      step.attr_set &= ~std::uint64_t{config::kMountAttrRdonly};
      step.rec_attr_set &= ~std::uint64_t{config::kMountAttrRdonly};
    } else {
      context_.log.warning(readonly_warning(step));
    }
  }
}

void NewContainer::hand_over_cgroup() {
  if (!plan_.cgroup.new_owner) return;
  const int code = cgroup_->hand_over(*plan_.cgroup.new_owner);
  if (code == 0) return;
  const sys::Error error = sys::errno_error(
      sys::format("give cgroup \"{}\" to user {}", cgroup_->path(), *plan_.cgroup.new_owner), code);
  if (!plan_.cgroup.is_rootless) throw error;
  context_.log.warning(error.what());  // a user can give nothing to other users
}

void NewContainer::forget_cgroup() {
  cgroup_->remove();
  cgroup_.reset();
  directory_->forget_cgroup();
}

void NewContainer::remove() {
  if (cgroup_) cgroup_->remove();
  if (directory_) directory_->remove();
}

void NewContainer::take_id() {
  directory_ = StateStore::open(context_.state_root).make(options_.id);
}

NewContainer::~NewContainer() {
  if (is_kept_) return;
  launch_.reset();  // ends the init
  try {
    remove();
  } catch (const sys::Error& error) {
    context_.log.warning(sys::format("remove the container's state: {}, ignoring", error.what()));
  }
  // runtime.md, "Lifecycle": also where a hook has failed, for what others have made.
  if (is_recorded_) run_poststop_hooks(plan_.hooks, context_.log);
}

void NewContainer::keep() {
  is_kept_ = true;
  if (resctrl_) resctrl_->keep();
}

void NewContainer::record() {
  const pid_t pid = launch_->process().pid;
  const auto times = sys::process_times(context_.proc, pid);
  // Without it the record would be nobody's, and the init would live on unseen.
  if (!times) throw sys::Error("the container's first process ended while it was set up");
  write_record(pid, times->start_time);
}

void NewContainer::run_creation_hooks() {
  const HooksPlan& plan = plan_.hooks;
  if (!plan.has_creation()) return;
  launch_->wait_until_mounted();
  // Whoever deletes it when we are killed now finds its poststop hooks.
  write_record(0, 0);
  const std::string state = hook_state(plan, "creating", launch_->process().pid);
  run_hooks({.kind = "prestart", .hooks = plan.hooks.prestart, .state = state});
  run_hooks({.kind = "createRuntime", .hooks = plan.hooks.create_runtime, .state = state});
  (void)send(launch_->channel(), MessageKind::kHooksDone);  // a dead child is noticed later
}

void NewContainer::write_record(pid_t pid, std::uint64_t start_time) {
  config::Record record;
  record.id = options_.id;
  record.bundle = bundle_.path;
  record.rootfs = plan_.root.path;
  record.oci_version = bundle_.spec.oci_version;
  record.pid = pid;
  record.start_time = start_time;
  record.created = now();
  record.owner_uid = sys::effective_uid();
  record.namespaces = own_namespaces(bundle_.spec);
  record.annotations = bundle_.spec.annotations;
  record.no_pivot = options_.no_pivot;
  record.has_intel_rdt = plan_.intel_rdt.has_value();
  record.has_hooks = plan_.hooks != HooksPlan{};
  record.has_agent = has_agent(plan_.process.seccomp);
  if (!is_recorded_) directory_->write_config(bundle_.config);
  directory_->write_record(record);
  is_recorded_ = true;
}

std::vector<sys::Fd> NewContainer::call_agent() const {
  if (!has_agent(plan_.process.seccomp)) return {};
  config::ContainerState state;
  state.oci_version = bundle_.spec.oci_version;
  state.id = options_.id;
  state.status = "created";
  state.pid = launch_->process().pid;
  state.bundle = bundle_.path;
  state.annotations = bundle_.spec.annotations;
  return runtime::call_agent(*plan_.process.seccomp, state, state.pid);
}

void NewContainer::tell_pid() {
  runtime::tell_pid(launch_->process(), options_.pid_file, options_.pidfd_socket);
}

}  // namespace runtime
