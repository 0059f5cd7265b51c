// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/child.h"

#include <fcntl.h>
#include <linux/sched.h>

#include <algorithm>
#include <span>

#include "runtime/apply/channel.h"
#include "runtime/apply/devices.h"
#include "runtime/apply/hooks.h"
#include "runtime/apply/mounts.h"
#include "runtime/plan/namespace_kinds.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/process.h"
#include "sys/scheduling.h"
#include "sys/socket.h"
#include "sys/terminal.h"

namespace runtime {
namespace {

// The parent's other descriptors (the log, the state's lock) must not live on in here.
void close_foreign(const ChildTask& task) {
  std::vector<int> keep = {task.fds.channel,        task.fds.start_socket, task.fds.waiting,
                           task.fds.console_socket, task.fds.joined_time,  task.fds.root,
                           task.exec.stub,          task.exec.stub_filter, task.proc.fd()};
  const unsigned first = 3 + task.plan.process.preserved_fds;
  for (const MountStep& step : task.plan.root.mounts) {  // named as sources, and for that alone
    if (!step.source_fd || static_cast<unsigned>(*step.source_fd) < first) continue;
    sys::set_cloexec(*step.source_fd, true);
    keep.push_back(*step.source_fd);
  }
  sys::close_all_but(first, std::move(keep));
}

ChannelMessage expect(int channel, MessageKind kind) {
  std::optional<ChannelMessage> message = receive(channel);
  // The parent died or gave up: nobody is left to tell.
  if (!message || message->kind != kind) sys::exit_now(1);
  return std::move(*message);
}

void enter_network_namespace(const ChildTask& task) {
  const ChannelMessage message = expect(task.fds.channel, MessageKind::kNetwork);
  if (message.descriptors.empty()) sys::exit_now(1);
  sys::join(message.descriptors.front().get(), CLONE_NEWNET);
  sys::set_dumpable(false);
}

// The parent must open the user namespace of a child that it never waits for, which it can't of an
// undumpable one. No process of the container's exists yet that could make use of that.
bool hides_late(const Plan& plan) {
  return plan.ids.writer == MapWriter::kItself && plan.namespaces.network_beside;
}

void enter_time_namespace(const ChildTask& task) {
  const NamespacePlan& plan = task.plan.namespaces;
  if (task.fds.joined_time >= 0) sys::join(task.fds.joined_time, CLONE_NEWTIME);
  if (!plan.new_time) return;
  // Offsets can be written until somebody is inside, so we make it, write, and enter it last.
  // Source: time_namespaces(7).
  sys::unshare(CLONE_NEWTIME);
  if (!plan.time_offsets.empty()) task.proc.write("self/timens_offsets", plan.time_offsets);
  sys::join(task.proc.open_magic_link("self/ns/time_for_children", O_RDONLY).get(), CLONE_NEWTIME);
}

// What must be done while /proc/self is still the caller's own: an undumpable process's is root's.
void prepare_identity(const ChildTask& task) {
  const IdPlan& ids = task.plan.ids;
  if (ids.writer == MapWriter::kItself) {
    sys::in_context("id maps",
                    [&] { sys::write_id_maps(task.proc, "self", ids.uids, ids.gids, true); });
  }
  if (waits_for_parent(ids, task.missed_cgroup)) (void)expect(task.fds.channel, MessageKind::kGo);
  // In the cgroup by now, so that it is the namespace's root: a clone takes the parent's.
  if (task.cgroup != nullptr && task.plan.namespaces.makes(CLONE_NEWCGROUP)) {
    sys::in_context("cgroup namespace", [] { sys::unshare(CLONE_NEWCGROUP); });
  }
  sys::in_context("time namespace", [&] { enter_time_namespace(task); });
}

void take_setup_identity(const IdPlan& ids, bool may_set_groups) {
  if (!ids.setup_uid && !ids.setup_gid) return;
  sys::in_context("become root of the user namespace", [&] {
    sys::become({.uid = ids.setup_uid.value_or(sys::effective_uid()),
                 .gid = ids.setup_gid.value_or(sys::effective_gid()),
                 .groups = {}},
                may_set_groups, false);
  });
}

bool may_set_groups(const ChildTask& task) {
  if (task.plan.ids.writer == MapWriter::kItself) return false;
  return !task.proc.read("self/setgroups").starts_with("deny");
}

// A pty of the container's, its master handed out. Returns the slave.
sys::Fd make_terminal(const ChildTask& task, int root, bool on_console) {
  sys::Pty pty = open_pty(root);
  if (task.plan.process.window) sys::set_window_size(pty.master.get(), *task.plan.process.window);
  if (on_console) bind_console(root, pty);
  if (task.fds.console_socket >= 0) {
    // Callers read the name and then the descriptor.
    (void)sys::send_message(task.fds.console_socket, "/dev/ptmx", {pty.master.get()});
  } else {
    (void)send(task.fds.channel, MessageKind::kConsole, {}, {pty.master.get()});
  }
  return std::move(pty.slave);
}

sys::Fd open_cwd(int root, const std::string& cwd) {
  return sys::in_context(
      [&] { return sys::format("working directory \"{}\"", cwd); },
      [&] { return sys::make_directories_in_root(root, sys::RelPath::parse(cwd), 0755); });
}

// Ids are mapped by who controls the source's file system: our parent, for all we know. It is asked
// before it does anything else, so nothing but its answer comes.
void map_ids(const ChildTask& task, const std::vector<sys::Fd>& sources) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!task.plan.root.mounts[i].idmap) continue;
    const sys::Fd users = task.proc.open_magic_link("self/ns/user", O_RDONLY);
    if (!send(task.fds.channel, MessageKind::kIdmap, {}, {sources[i].get(), users.get()})) {
      sys::exit_now(1);
    }
    (void)expect(task.fds.channel, MessageKind::kIdmapped);
  }
}

struct Inside {
  sys::Fd cwd;
  sys::Fd terminal;
};

bool has_mounts(const Plan& plan) {
  return plan.namespaces.has(CLONE_NEWNS) || plan.root.built_aside;
}

// A step between the runtime's mount namespace and the one that a root is built aside in.
template <typename Step>
void cross(Step&& step) {
  try {  // EPERM says too little
    step();
  } catch (sys::Error& error) {
    error.add_context("share the runtime's mount namespace");
    error.set_hint("this needs CAP_SYS_ADMIN there: add \"mount\" to linux.namespaces");
    throw;
  }
}

// For a root that is built aside: into a mount namespace that nobody else sees. Returns the one to
// come back to. Before sources are cloned, which takes mounts of one's own namespace.
sys::Fd step_aside(const ChildTask& task) {
  if (!task.plan.root.built_aside) return {};
  sys::Fd home = task.proc.open_magic_link("self/ns/mnt", O_RDONLY);
  cross([] { sys::unshare(CLONE_NEWNS); });
  return home;
}

// The mounts in order. The devices and the masks of /proc come as soon as no mount can concern
// them, and the network namespace as late as it may, for the parent is still making it: a sysfs is
// of its maker's. What else needs no network is made before it is waited for.
void apply_mounts(const ChildTask& task, int root, std::vector<sys::Fd> sources,
                  MaskSources& mask_sources) {
  const RootPlan& plan = task.plan.root;
  bool needs_network = task.plan.namespaces.network_beside;
  for (std::size_t i = 0; i <= plan.mounts.size(); ++i) {
    if (i == plan.devices_before && has_mounts(task.plan)) apply_devices(root, plan);
    if (i == plan.early_masks_before)
      apply_masks(root, std::span(plan.masks).first(plan.early_masks), mask_sources);
    const bool is_end = i == plan.mounts.size();
    if (needs_network && (is_end || plan.mounts[i].kind == MountKind::kSysfs)) {
      for (std::size_t later = i; later < plan.mounts.size(); ++later) {
        if (plan.mounts[later].kind != MountKind::kCgroup) continue;
        sources[later] = make_source(plan.mounts[later]);
      }
      enter_network_namespace(task);
      needs_network = false;
    }
    if (!is_end) apply_mount(root, plan.mounts[i], std::move(sources[i]));
  }
  // Kernel parameters may be about them.
  if (!task.plan.net_devices.empty()) (void)expect(task.fds.channel, MessageKind::kDevices);
}

// The runtime's hooks and then the container's: with the root built, and the host's programs still
// in sight.
void run_creation_hooks(const ChildTask& task) {
  const HooksPlan& plan = task.plan.hooks;
  if (!plan.has_creation()) return;
  if (plan.shows_init) sys::set_dumpable(true);
  if (!send(task.fds.channel, MessageKind::kMounted)) sys::exit_now(1);
  (void)expect(task.fds.channel, MessageKind::kHooksDone);
  if (plan.shows_init) sys::set_dumpable(false);
  run_hooks({.kind = "createContainer",
             .hooks = plan.hooks.create_container,
             .state = hook_state(plan, "creating", sys::own_pid())});
}

// Builds the container's file system and makes it the root. home: of step_aside.
Inside enter_root(const ChildTask& task, std::vector<sys::Fd> sources, sys::Fd home) {
  const RootPlan& plan = task.plan.root;
  Inside inside;
  if (plan.propagation != 0)
    sys::set_root_propagation(plan.propagation, plan.propagation_recursive);
  const bool mounts = has_mounts(task.plan);
  sys::Fd root =
      mounts ? attach_root(plan) : sys::open_path(plan.path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  MaskSources mask_sources = {.label = plan.label};
  apply_mounts(task, root.get(), std::move(sources), mask_sources);
  if (mounts && task.plan.process.terminal) {
    inside.terminal = make_terminal(task, root.get(), true);
  }
  run_creation_hooks(task);
  if (mounts) {
    apply_masks(root.get(), std::span(plan.masks).subspan(plan.early_masks), mask_sources);
  }
  // What was mounted so far ends with its namespace; this stays as long as it is somebody's root.
  if (plan.built_aside) root = sys::clone_mount(root.get(), true);
  if (!task.plan.process.argv.empty()) inside.cwd = open_cwd(root.get(), task.plan.process.cwd);
  // Read-only last: everything above makes mount points in it.
  if (plan.readonly) sys::set_mount_attributes(root.get(), config::kMountAttrRdonly, 0, false);
  if (plan.built_aside) cross([&] { sys::join(home.get(), CLONE_NEWNS); });
  if (!plan.has_namespace) {
    sys::change_root(root.get());
  } else if (plan.no_pivot) {
    sys::move_root_into(root.get());
  } else {
    sys::pivot_into(root.get());
  }
  // From here on no path of the host's is reachable.
  if (plan.final_propagation != 0) {
    sys::set_root_propagation(plan.final_propagation, plan.final_recursive);
  }
  return inside;
}

void set_names(const Plan& plan) {
  if (!plan.hostname.empty()) sys::set_hostname(plan.hostname);
  if (!plan.domainname.empty()) sys::set_domainname(plan.domainname);
}

// Through the host's /proc, which shows the parameters of whoever looks: what the image, a mount or
// a mask has there is out of the way. CVE-2019-16884, CVE-2025-52881.
void write_sysctls(const ChildTask& task) {
  for (const SysctlStep& step : task.plan.sysctls) {
    sys::in_context([&] { return sys::format("sysctl \"{}\"", step.name); },
                    [&] { task.proc.write_sysctl(step.path, step.value); });
  }
}

// What an `exec` joins, which can open nothing of ours itself: we are undumpable.
void hand_out(const ChildTask& task, int connection, const std::string& names) {
  std::vector<sys::Fd> opened;
  std::vector<int> descriptors;
  try {
    for (std::size_t start = 0, end = 0; start < names.size(); start = end + 1) {
      end = std::min(names.find(' ', start), names.size());
      const std::string name = names.substr(start, end - start);
      if (name == kRootToJoin) {
        opened.push_back(sys::open_path("/", O_PATH | O_DIRECTORY));
      } else if (std::ranges::find(kNamespaceKinds, name, &NamespaceKind::file) !=
                 std::end(kNamespaceKinds)) {
        opened.push_back(task.proc.open_magic_link("self/ns/" + name, O_RDONLY));
      } else {  // such as "..", or "../exe"
        throw sys::Error("asked for what is no namespace", EINVAL);
      }
      descriptors.push_back(opened.back().get());
    }
    (void)send(connection, MessageKind::kJoin, {}, descriptors);
  } catch (const sys::Error& error) {  // no reason to die
    (void)send_failure(connection, error);
  }
}

// A connection of `start`: whoever is mapped inside and is not the one who made us is refused.
sys::Fd accept_start(const ChildTask& task, ChannelMessage& start) {
  const uid_t creator = sys::peer_uid(task.fds.channel);
  for (;;) {
    sys::Fd connection = sys::accept_connection(task.fds.start_socket);
    constexpr uid_t kUnmapped = 65534;  // of the host, past the mode of the state directory
    const uid_t peer = sys::peer_uid(connection.get());
    if (peer != creator && peer != kUnmapped) continue;
    std::optional<ChannelMessage> message = receive(connection.get());
    if (!message) continue;
    if (message->kind == MessageKind::kStart) {
      start = std::move(*message);
      return connection;
    }
    if (message->kind == MessageKind::kJoin) hand_out(task, connection.get(), message->text);
  }
}

// Where a failure from here on is told: to `start` when it has connected, else to the parent.
struct Voice {
  int channel;
  sys::Fd start;
};

// The message that lets it go.
ChannelMessage wait_for_start(const ChildTask& task, Voice& voice) {
  if (task.fds.start_socket < 0) return expect(task.fds.channel, MessageKind::kStart);
  if (!send(task.fds.channel, MessageKind::kReady)) sys::exit_now(1);
  (void)expect(task.fds.channel, MessageKind::kCreated);
  ChannelMessage start;
  voice.start = accept_start(task, start);
  voice.channel = voice.start.get();
  return start;
}

[[noreturn]] void execute(const ChildTask& task, const Program& program, Invocation invocation,
                          int status, ChannelMessage start) {
  if (!task.exec.filter.has_listener()) execute_program(program, std::move(invocation), status);
  const Agent agent = take_agent(std::move(start));
  execute_program(program, std::move(invocation), status, &agent);
}

Program program_of(const ChildTask& task) {
  const int channel = task.fds.channel;
  return {.plan = task.plan.process,
          .exec = task.exec,
          .proc = task.proc,
          .may_set_groups = may_set_groups(task),
          .warn = [channel](const std::string& text) {
            (void)send(channel, MessageKind::kWarning, text);
          }};
}

void run_init(const ChildTask& task, Voice& voice) {
  close_foreign(task);
  sys::reset_signals();
  prepare_identity(task);
  const Program program = program_of(task);
  // Nobody who joins our pid namespace may trace us or take our descriptors. CVE-2016-9962.
  if (!hides_late(task.plan)) sys::set_dumpable(false);

  // As the caller, who may see paths that the container's root may not.
  sys::Fd home = step_aside(task);
  std::vector<sys::Fd> sources = clone_sources(task.plan.root);
  map_ids(task, sources);
  take_setup_identity(task.plan.ids, program.may_set_groups);
  // Changing ids has set it to fs.suid_dumpable.
  if (!hides_late(task.plan)) sys::set_dumpable(false);
  // Its bounding set is not for the hooks, who may do all that root of the namespace may.
  const bool has_hooks = !task.plan.hooks.hooks.create_container.empty();
  sys::CapabilitySets sets;
  if (!has_hooks) sets = bound_program(program);
  set_names(task.plan);
  Inside inside = enter_root(task, std::move(sources), std::move(home));
  if (has_hooks) sets = bound_program(program);
  // With the network namespace at hand, and all rights in it.
  write_sysctls(task);
  take_streams(inside.terminal.get());
  inside.terminal.reset();

  if (task.plan.process.argv.empty()) {  // config.md: `process` is needed at start, not before
    (void)wait_for_start(task, voice);
    throw sys::Error("config.json: /process: is needed to start a container", EINVAL);
  }
  Invocation invocation = become_program(program, sets, inside.cwd.get());
  inside.cwd.reset();
  sys::set_dumpable(false);
  ChannelMessage start = wait_for_start(task, voice);
  if (const HooksPlan& plan = task.plan.hooks; !plan.hooks.start_container.empty()) {
    run_hooks_as(program, {.kind = "startContainer",
                           .hooks = plan.hooks.start_container,
                           .state = hook_state(plan, "created", sys::own_pid())});
  }
  execute(task, program, std::move(invocation), voice.channel, std::move(start));
}

// config.md, "execCPUAffinity": one for the start and one for the program. The cgroup has been
// entered by then, for no cgroup of version 2 changes a process's affinity beyond its cpuset.
void set_affinity(const char* which, const config::CpuMask& cpus) {
  if (cpus.empty()) return;
  sys::in_context(sys::format("{} CPU affinity", which), [&] { sys::set_cpu_affinity(cpus); });
}

void run_exec(const ChildTask& task) {
  close_foreign(task);
  sys::reset_signals();
  if (task.missed_cgroup) (void)expect(task.fds.channel, MessageKind::kGo);
  set_affinity("initial", task.plan.process.initial_cpus);
  if (task.fds.joined_time >= 0) sys::join(task.fds.joined_time, CLONE_NEWTIME);
  const Program program = program_of(task);
  take_setup_identity(task.plan.ids, program.may_set_groups);
  sys::set_dumpable(false);
  if (task.fds.root >= 0) sys::change_root(task.fds.root);
  sys::Fd terminal;
  const sys::Fd root = sys::open_path("/", O_PATH | O_DIRECTORY);
  if (task.plan.process.terminal) terminal = make_terminal(task, root.get(), false);
  take_streams(terminal.get());
  terminal.reset();
  const sys::Fd cwd = open_cwd(root.get(), task.plan.process.cwd);
  set_affinity("final", task.plan.process.final_cpus);
  Invocation invocation = become_program(program, bound_program(program), cwd.get());
  sys::set_dumpable(false);
  ChannelMessage start;
  if (task.exec.filter.has_listener()) start = expect(task.fds.channel, MessageKind::kStart);
  execute(task, program, std::move(invocation), task.fds.channel, std::move(start));
}

// Every exception of the child ends here, as a message to whoever waits.
template <typename Run>
[[noreturn]] void run_and_report(const ChildTask& task, Run&& run) noexcept {
  Voice voice{.channel = task.fds.channel, .start = {}};
  try {
    run(voice);
  } catch (const sys::Error& error) {
    try {
      (void)send_failure(voice.channel, error);
    } catch (...) {  // nobody is left to tell
    }
  } catch (...) {
    try {
      (void)send_failure(voice.channel, sys::Error("out of memory", ENOMEM));
    } catch (...) {
    }
  }
  sys::exit_now(1);
}

}  // namespace

bool waits_for_parent(const IdPlan& ids, bool missed_cgroup) {
  return ids.writer == MapWriter::kParent || ids.writer == MapWriter::kHelpers || missed_cgroup;
}

void init_main(void* argument) noexcept {
  const auto& task = *static_cast<const ChildTask*>(argument);
  run_and_report(task, [&](Voice& voice) { run_init(task, voice); });
}

void exec_main(void* argument) noexcept {
  const auto& task = *static_cast<const ChildTask*>(argument);
  run_and_report(task, [&](Voice&) { run_exec(task); });
}

}  // namespace runtime
