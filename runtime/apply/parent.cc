// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/parent.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <span>

#include "config/seccomp_evaluate.h"
#include "config/seccomp_notify.h"
#include "runtime/apply/filter_cache.h"
#include "runtime/plan/namespace_kinds.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/network_namespace.h"
#include "sys/open.h"
#include "sys/socket.h"
#include "sys/stub.h"
#include "sys/userns.h"

namespace runtime {
namespace {

constexpr bool holds(sys::CapabilitySet set, int number) { return ((set >> number) & 1U) != 0; }

sys::Fd open_namespace(const std::string& path, int type) {
  return sys::in_context(
      sys::format("{} namespace \"{}\"", kind_of_namespace(type).name, path), [&] {
        sys::Fd file = sys::open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        const int found = sys::namespace_type(file.get());
        if (found != type) {
          throw sys::Error(sys::format("is a {} namespace", kind_of_namespace(found).name), EINVAL);
        }
        return file;
      });
}

bool permits_execveat(const config::CompiledFilter& filter) {
  seccomp_data call = {};
  call.nr = SYS_execveat;
#if defined(__x86_64__)
  call.arch = AUDIT_ARCH_X86_64;
#else
  call.arch = AUDIT_ARCH_AARCH64;
#endif
  const std::uint32_t answer =
      config::evaluate_filter(filter.program, call) & SECCOMP_RET_ACTION_FULL;
  return answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG ||
         answer == SECCOMP_RET_USER_NOTIF;
}

// The child inherits it, and could not write it itself in every order that it goes through.
class OomScore {
 public:
  OomScore(const std::optional<int>& wanted, const sys::Procfs& proc) : proc_(proc) {
    if (!wanted) return;
    saved_ = proc.read("self/oom_score_adj");
    try {  // EACCES says too little
      proc.write("self/oom_score_adj", std::to_string(*wanted));
    } catch (sys::Error& error) {
      error.add_context(sys::format("oom score {}", *wanted));
      error.set_hint("lowering the score below what it was needs CAP_SYS_RESOURCE");
      throw;
    }
  }
  ~OomScore() {
    if (saved_.empty()) return;
    try {
      proc_.write("self/oom_score_adj", saved_);
    } catch (const sys::Error&) {  // our own score is no reason to fail
    }
  }
  OomScore(const OomScore&) = delete;
  OomScore& operator=(const OomScore&) = delete;

 private:
  const sys::Procfs& proc_;
  std::string saved_;
};

// Others in a joined pid namespace read the child's command line, which is ours: paths of the host,
// and the environment of an exec. Emptied while the child is cloned.
class HiddenWords {
 public:
  explicit HiddenWords(std::span<char> words) : words_(words), saved_(words.begin(), words.end()) {
    std::ranges::fill(words_, '\0');
  }
  ~HiddenWords() { std::ranges::copy(saved_, words_.begin()); }
  HiddenWords(const HiddenWords&) = delete;
  HiddenWords& operator=(const HiddenWords&) = delete;

 private:
  std::span<char> words_;
  std::string saved_;
};

void write_maps(const Plan& plan, const sys::Procfs& proc, pid_t child) {
  const IdPlan& ids = plan.ids;
  sys::in_context("id maps", [&] {
    if (ids.writer == MapWriter::kParent) {
      sys::write_id_maps(proc, std::to_string(child), ids.uids, ids.gids, false);
    } else if (ids.writer == MapWriter::kHelpers) {
      sys::write_id_maps_by_helpers(child, ids.uids, ids.gids);
    }
  });
}

}  // namespace

HostFacts gather_facts(const sys::Procfs& proc) {
  HostFacts facts;
  facts.uid = sys::effective_uid();
  facts.gid = sys::effective_gid();
  const sys::CapabilitySet held = sys::own_capabilities().effective;
  if (held == 0) return facts;
  facts.can_set_ids = holds(held, CAP_SETUID) && holds(held, CAP_SETGID);
  facts.own_uids = sys::own_uid_map(proc);
  facts.own_gids = sys::own_gid_map(proc);
  facts.is_host_root = facts.uid == 0 && sys::is_initial(facts.own_uids);
  facts.can_raise_limits = holds(held, CAP_SYS_RESOURCE) && sys::is_initial(facts.own_uids);
  return facts;
}

PreparedExec prepare_exec(const ProcessPlan& process, const IdPlan& ids, bool own_user_namespace,
                          const std::string& cache_directory, const sys::Procfs& proc,
                          const sys::Log& log) {
  PreparedExec prepared;
  if (process.seccomp) {
    prepared.plan.filter = load_or_compile(*process.seccomp, cache_directory, log);
  }
  // A namespace that was joined has a map that we don't know: assume the worst.
  const bool knows_map = own_user_namespace && ids.writer != MapWriter::kNobody;
  if (sys::runtime_binary_is_reachable(proc, knows_map, ids.uids)) {
    prepared.stub = sys::make_sealed_stub();
    prepared.plan.stub = prepared.stub.get();
    config::CompiledFilter& filter = prepared.plan.filter;
    // A profile that forbids what the stub does is loaded by the stub.
    if (!filter.program.empty() && process.no_new_privileges &&
        (!process.labels.empty() || !permits_execveat(filter))) {
      config::CompiledFilter notifying;
      if (filter.has_listener()) {  // which the stub has no means to hand over
        const config::NotifyParts parts = config::split_notify(*process.seccomp);
        notifying = load_or_compile(parts.notifying, cache_directory, log);
        filter = load_or_compile(parts.other, cache_directory, log);
      }
      prepared.stub_filter = sys::sealed_memory_file("filter", filter.program);
      prepared.plan.stub_filter = prepared.stub_filter.get();
      prepared.plan.stub_flags = filter.kernel_flags;
      filter = std::move(notifying);
    }
  }
  return prepared;
}

OpenJoins open_joins(const NamespacePlan& plan, const sys::Procfs& proc) {
  OpenJoins open;
  for (const NamespaceJoin& join : plan.joins) {
    sys::Fd file = open_namespace(join.path, join.type);
    // We are in it already: setns(2) refuses that for the user namespace, and for the others once
    // we have joined a user namespace that doesn't own them.
    if (sys::namespace_id_of(proc, sys::own_pid(), kind_of_namespace(join.type).file) ==
        sys::namespace_id(file.get())) {
      open.ours |= join.type;
      continue;
    }
    open.joins.push_back(
        {.fd = file.get(),
         .types = join.type,
         .name = sys::format("{} namespace \"{}\"", kind_of_namespace(join.type).name, join.path)});
    open.owned.push_back(std::move(file));
  }
  if (!plan.joined_time.empty()) open.time = open_namespace(plan.joined_time, CLONE_NEWTIME);
  return open;
}

void check_source_fds(const RootPlan& plan) {
  for (const MountStep& step : plan.mounts) {
    if (!step.source_fd || sys::survives_exec(*step.source_fd)) continue;
    throw sys::Error(sys::format("{}: source \"{}\": descriptor {} was not open when we started",
                                 step.label, step.source, *step.source_fd),
                     EBADF);
  }
}

void refuse_own_sysctls(const std::vector<SysctlStep>& sysctls, const OpenJoins& joins) {
  for (const SysctlStep& step : sysctls) {
    if ((joins.ours & step.type) == 0) continue;
    throw sys::Error(
        sys::format(
            "config.json: /linux/sysctl: \"{}\" would be set in the {} namespace that we run "
            "in, which the bundle names",
            step.name, kind_of_namespace(step.type).name),
        EPERM);
  }
}

Launch::Launch(ChildTask task, sys::ChildEntry entry, const std::vector<sys::Join>& joins,
               const sys::Log& log)
    : plan_(task.plan), proc_(task.proc), log_(log) {
  sys::SocketPair pair = sys::make_channel();
  channel_ = std::move(pair.first);
  task.fds.channel = pair.second.get();
  bool joins_processes = false;
  for (const sys::Join& join : joins) joins_processes |= (join.types & CLONE_NEWPID) != 0;
  // Somebody else's processes see the child from its first moment. With a user namespace of its
  // own they have no power over it, and an undumpable child could not be given its maps.
  const bool hides = joins_processes && !plan_.namespaces.makes(CLONE_NEWUSER);
  std::optional<sys::NetworkNamespaceMaker> network;
  if (plan_.namespaces.network_beside) network.emplace(task.proc);
  {
    const OomScore score(plan_.process.oom_score_adj, task.proc);
    if (plan_.process.raises_limits) {  // the child inherits what it may not raise itself
      for (const LimitStep& limit : plan_.process.limits) {
        sys::raise_hard_rlimit(limit.resource, limit.hard);
      }
    }
    if (hides) sys::set_dumpable(false);
    const HiddenWords hidden(task.command_line);
    sys::CloneOptions options = {.namespaces = plan_.namespaces.made, .joins = joins};
    if (task.cgroup != nullptr) {
      options.namespaces &=
          ~std::uint64_t{CLONE_NEWCGROUP};  // the child makes it, once it is there
      options.cgroup = task.cgroup->directory();
      options.missed_cgroup = &task.missed_cgroup;
      task.missed_cgroup = options.cgroup < 0;
    }
    process_ = sys::clone_child(options, entry, &task);
    if (hides) sys::set_dumpable(true);
  }
  pair.second.reset();
  try {  // the destructor does not run for an object that was never made
    sys::Fd user;
    if (network && plan_.namespaces.makes(CLONE_NEWUSER)) {
      user = task.proc.open_magic_link(sys::format("{}/ns/user", process_.pid), O_RDONLY);
    }
    if (task.missed_cgroup) enter_cgroup(task);
    write_maps(plan_, task.proc, process_.pid);
    if (waits_for_parent(plan_.ids, task.missed_cgroup)) {
      (void)send(channel_.get(), MessageKind::kGo);  // a dead child is noticed when it is awaited
    }
    map_ids();
    sys::Fd made;
    if (network) {  // while the child mounts
      int owner = user.get();
      for (const sys::Join& join : joins) {
        if ((join.types & CLONE_NEWUSER) != 0) owner = join.fd;
      }
      made = network->make(
          {.user = owner, .channel = channel_.get(), .message = encode(MessageKind::kNetwork)});
    }
    if (!plan_.net_devices.empty()) move_devices(made.get(), joins);
  } catch (...) {
    (void)sys::send_signal(process_.pidfd.get(), SIGKILL);
    (void)sys::wait_child(process_);
    // When the child failed first, that is the reason, and ours but a consequence.
    (void)next(MessageKind::kFailed);
    throw;
  }
}

void Launch::enter_cgroup(const ChildTask& task) {
  const int code = task.cgroup->add(process_.pid);
  if (code == 0) return;
  const sys::Error error =
      sys::errno_error(sys::format("enter cgroup \"{}\"", task.cgroup->path()), code);
  if (task.needs_cgroup) throw error;
  for (const CgroupWrite& write : plan_.cgroup.writes) refuse_limit(write, error.what(), log_);
  log_.warning(sys::format("{}, staying in the caller's", error.what()));
  is_outside_cgroup_ = true;
}

Launch::~Launch() {
  if (!process_.pidfd) return;
  try {
    (void)sys::send_signal(process_.pidfd.get(), SIGKILL);
    (void)sys::wait_child(process_);
  } catch (const sys::Error&) {  // it is gone already
  }
}

sys::Process Launch::release() {
  if (devices_) devices_->keep();
  return std::move(process_);
}

// made_network: -1 when one is joined.
void Launch::move_devices(int made_network, const std::vector<sys::Join>& joins) {
  int network = made_network;
  for (const sys::Join& join : joins) {
    if ((join.types & CLONE_NEWNET) != 0) network = join.fd;
  }
  if (network < 0) {
    throw sys::Error(
        "config.json: /linux/netDevices: the network namespace that the bundle names is the one "
        "that we run in",
        EINVAL);
  }
  sys::in_context("config.json: /linux/netDevices",
                  [&] { devices_.emplace(plan_.net_devices, network, proc_); });
  (void)send(channel_.get(), MessageKind::kDevices);  // a dead child is noticed later
}

// One bind after the other, as the child has cloned them.
void Launch::map_ids() {
  for (const MountStep& step : plan_.root.mounts) {
    if (!step.idmap) continue;
    const std::optional<ChannelMessage> request = next(MessageKind::kIdmap);
    if (!request || request->descriptors.size() != 2) {
      throw sys::Error("the container's first process ended while it was set up");
    }
    sys::in_context(step.label, [&] {
      sys::Fd made;
      if (!step.idmap->uids.empty()) {
        made = sys::make_user_namespace(proc_, step.idmap->uids, step.idmap->gids);
      }
      const sys::Fd& users = made ? made : request->descriptors[1];
      sys::set_mount_idmap(request->descriptors[0].get(), users.get(), step.idmap->recursive);
    });
    (void)send(channel_.get(), MessageKind::kIdmapped);
  }
}

// Empty: the child has closed the channel.
std::optional<ChannelMessage> Launch::next(MessageKind until) {
  constexpr int kMost = 1000;
  for (int count = 0;; ++count) {
    std::optional<ChannelMessage> message = receive(channel_.get());
    if (!message) return std::nullopt;
    if (count == kMost) throw sys::Error("the child talks too much", EPROTO);
    switch (message->kind) {
      case MessageKind::kWarning:
        log_.warning(message->text);
        break;
      case MessageKind::kConsole:
        if (message->descriptors.empty()) throw sys::Error("a console without a terminal", EPROTO);
        console_ = std::move(message->descriptors.front());
        break;
      case MessageKind::kFailed:
        throw sys::Error(message->text, message->code, message->hint);
      default:
        if (message->kind != until) throw sys::Error("a message out of turn", EPROTO);
        return message;
    }
  }
}

void Launch::wait_until(MessageKind kind) {
  if (next(kind)) return;
  const sys::ExitStatus status = sys::wait_child(process_);
  process_.pidfd.reset();
  throw sys::Error(sys::format(
      "the container's first process ended with status {} while it was set up", status.code));
}

void Launch::wait_until_running() {
  (void)next(MessageKind::kFailed);
  check_executed(proc_, process_.pid);
}

void check_executed(const sys::Procfs& proc, pid_t pid) {
  const auto times = sys::process_times(proc, pid);
  if (!times || times->has_executed) return;
  throw sys::Error("the program was not executed, and its process could not say why", EPERM,
                   "a seccomp profile that denies execve, sendmsg and exit_group alike does that");
}

}  // namespace runtime
