// SPDX-License-Identifier: Apache-2.0
// exec: one more process in a container, with every restriction of it (INV-7).
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>

#include <algorithm>
#include <charconv>

#include "runtime/apply/agent.h"
#include "runtime/apply/channel.h"
#include "runtime/apply/labels.h"
#include "runtime/apply/resctrl.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/foreground.h"
#include "runtime/commands/new_container.h"
#include "runtime/commands/status.h"
#include "runtime/plan/namespace_kinds.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"
#include "sys/stub.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxProcess = std::size_t{1} << 20;

// INV-6: digits alone, all of them, and no more than 32 bits. CVE-2026-30892, CVE-2024-40635.
uint32_t parse_id(std::string_view text, std::string_view what) {
  uint32_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool is_whole = code == std::errc() && end == text.data() + text.size();
  if (!is_whole || id == UINT32_MAX) {
    throw sys::Error(sys::format("--user: \"{}\" is not a numeric {}", text, what), EINVAL);
  }
  return id;
}

void set_user(config::User& user, const std::string& text) {
  const std::size_t colon = text.find(':');
  user.uid = parse_id(std::string_view(text).substr(0, colon), "user id");
  if (colon != std::string::npos) {
    user.gid = parse_id(std::string_view(text).substr(colon + 1), "group id");
  }
}

void set_environment(std::vector<std::string>& env, const std::string& entry) {
  const std::string key = entry.substr(0, entry.find('=') + 1);
  std::erase_if(env, [&](const std::string& old) { return old.starts_with(key); });
  env.push_back(entry);
}

void add_capabilities(config::Process& process, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  for (const std::string& name : names) {  // never inheritable: CVE-2022-29162
    process.capabilities->bounding.push_back(name);
    process.capabilities->permitted.push_back(name);
    process.capabilities->effective.push_back(name);
  }
}

config::Process process_from_flags(const ExecOptions& options, const config::RuntimeSpec& spec) {
  if (!spec.process) throw sys::Error("the container has no process to take after", EINVAL);
  if (options.args.empty()) throw sys::Error("no command, and no --process", EINVAL);
  config::Process process = *spec.process;
  process.args = options.args;
  process.terminal = options.tty;
  process.console_size.reset();
  if (!options.cwd.empty()) process.cwd = options.cwd;
  for (const std::string& entry : options.env) set_environment(process.env, entry);
  if (!options.user.empty()) set_user(process.user, options.user);
  for (const std::int64_t gid : options.additional_gids) {
    process.user.additional_gids.push_back(static_cast<uint32_t>(gid));
  }
  add_capabilities(process, options.caps);
  if (options.no_new_privs) process.no_new_privileges = true;
  return process;
}

// INV-7: whoever names no label gets the container's.
void choose_labels(config::Process& process, const ExecOptions& options,
                   const config::RuntimeSpec& spec) {
  if (!options.apparmor.empty()) process.apparmor_profile = options.apparmor;
  if (!options.process_label.empty()) process.selinux_label = options.process_label;
  if (!spec.process) return;
  if (process.apparmor_profile.empty()) process.apparmor_profile = spec.process->apparmor_profile;
  if (process.selinux_label.empty()) process.selinux_label = spec.process->selinux_label;
}

config::Process choose_process(const ExecOptions& options, const config::RuntimeSpec& spec) {
  config::Process process =
      options.process_file.empty()
          ? process_from_flags(options, spec)
          : config::parse_process(sys::read_file(options.process_file, kMaxProcess),
                                  options.process_file);
  if (options.tty) process.terminal = true;
  choose_labels(process, options, spec);
  return process;
}

void check_process(const config::Process& process) {
  const std::vector<std::string> problems = config::validate_process(process);
  if (!problems.empty()) throw sys::Error(problems.front(), EINVAL);
  if (process.args.empty()) throw sys::Error("/process/args: at least one is needed", EINVAL);
}

bool shares_our_users(const config::Record& record) {
  return std::ranges::find(record.namespaces, config::NamespaceType::kUser) ==
         record.namespaces.end();
}

// The namespaces of the init that aren't ours already, and how they are entered.
struct Target {
  NamespacePlan namespaces;
  std::vector<sys::Join> joins;
  std::vector<sys::Fd> owned;  // what `joins` refers to
  sys::Fd time, root;
};

// The init can't be looked into from outside until it has executed its program, so it is asked.
void ask_init(const ContainerDirectory& directory, int types, bool needs_root, Target& target) {
  std::vector<int> wanted;
  std::string names;
  const auto want = [&](int type, const char* name) {
    wanted.push_back(type);
    names += (names.empty() ? "" : " ") + std::string(name);
  };
  for (const NamespaceKind& kind : kNamespaceKinds) {
    if ((types & kind.type) != 0) want(kind.type, kind.file);
  }
  if (needs_root) want(0, kRootToJoin);
  const std::optional<sys::Fd> init = sys::connect_at(directory.fd(), kStartSocket);
  std::optional<ChannelMessage> answer;
  if (init && send(init->get(), MessageKind::kJoin, names)) answer = receive(init->get());
  if (!answer) throw sys::Error("cannot exec in a stopped container", ESRCH);
  if (answer->kind == MessageKind::kFailed) {
    throw sys::Error(answer->text, answer->code, answer->hint);
  }
  if (answer->descriptors.size() != wanted.size()) {
    throw sys::Error("the init answers with other descriptors than it was asked for", EPROTO);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    sys::Fd& given = answer->descriptors[i];
    if (wanted[i] == 0) {
      target.root = std::move(given);
    } else if (wanted[i] == CLONE_NEWTIME) {
      target.time = std::move(given);
    } else {
      target.joins.push_back(
          {.fd = given.get(), .types = wanted[i], .name = "the container's namespaces"});
      target.owned.push_back(std::move(given));
    }
  }
}

void open_from_outside(const config::Record& record, int init_pidfd, int types, bool needs_root,
                       const sys::Procfs& proc, Target& target) {
  if ((types & CLONE_NEWTIME) != 0) {  // not while memory is shared: the child does it itself
    target.time = proc.open_magic_link(sys::format("{}/ns/time", record.pid), O_RDONLY);
    types &= ~CLONE_NEWTIME;
  }
  if (needs_root) {
    target.root = proc.open_magic_link(sys::format("{}/root", record.pid), O_PATH | O_DIRECTORY);
  }
  if (types != 0) {
    target.joins.push_back(
        {.fd = init_pidfd, .types = types, .name = "the container's namespaces"});
  }
  // What was opened by number is the init's only if it still is the init.
  if (!open_init(record, proc)) throw sys::Error("cannot exec in a stopped container", ESRCH);
}

Target target_of(const config::Record& record, int init_pidfd, bool has_started,
                 const ContainerDirectory& directory, const sys::Procfs& proc) {
  Target target;
  int types = 0;
  for (const config::NamespaceType type : record.namespaces) types |= clone_flag(type);
  if ((types & CLONE_NEWUSER) != 0 && sys::namespace_id_of(proc, sys::own_pid(), "user") ==
                                          sys::namespace_id_of(proc, record.pid, "user")) {
    types &= ~CLONE_NEWUSER;  // setns(2) refuses the one that we are in
  }
  for (const config::NamespaceType type : record.namespaces) {
    if ((clone_flag(type) & types) == 0) continue;
    target.namespaces.joins.push_back({.path = {}, .type = clone_flag(type)});
  }
  const bool needs_root = (types & CLONE_NEWNS) == 0 || record.no_pivot;
  if (has_started) {
    open_from_outside(record, init_pidfd, types, needs_root, proc, target);
  } else {
    ask_init(directory, types, needs_root, target);
  }
  return target;
}

Plan exec_plan(const config::Process& process, const config::RuntimeSpec& spec,
               const HostFacts& facts, const ExecOptions& options) {
  Plan plan;
  plan.process = plan_process(process, spec, facts, plan.warnings);
  plan.process.preserved_fds = options.preserve_fds;  // as runc: LISTEN_FDS is for the container
  return plan;
}

// Its own, or with --cgroup one below it: "[CONTROLLER,...:]PATH".
std::unique_ptr<Cgroup> cgroup_to_enter(const ContainerDirectory& directory,
                                        const std::string& option, pid_t init,
                                        const sys::Procfs& proc) {
  auto cgroup = cgroup_of(directory);
  if (!cgroup && option.empty()) return nullptr;
  const std::size_t colon = option.find(':');
  const SubCgroup sub = {.path = option.substr(colon + 1),
                         .controllers = colon == std::string::npos ? "" : option.substr(0, colon)};
  return sys::in_context("--cgroup", [&] {
    if (!cgroup) throw sys::Error("the container has no cgroup of its own", ENOENT);
    return cgroup->open_for_exec(sub, init, proc);
  });
}

}  // namespace

int perform(const Context& context, const ExecOptions& options) {
  sys::Fd signals;
  if (!options.detach) signals = sys::divert_signals();
  sys::Fd console;
  const sys::Process program = sys::in_context(sys::format("exec in \"{}\"", options.id), [&] {
    ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
    const std::optional<config::Record> record = directory.read_record();
    Status status = status_of(directory, record, context.proc);
    if (status == Status::kCreated) {  // until its init has answered it shall not be started
      directory.lock();
      status = status_of(directory, record, context.proc);
    }
    const std::optional<sys::Fd> init =
        record && status != Status::kStopped ? open_init(*record, context.proc) : std::nullopt;
    if (!init) throw sys::Error("cannot exec in a stopped container", ESRCH);
    if (status == Status::kPaused && !options.ignore_paused) {
      throw sys::Error("cannot exec in a paused container (use --ignore-paused to override)",
                       EBUSY);
    }
    if (shares_our_users(*record)) sys::run_from_sealed_copy(context.proc);
    const config::RuntimeSpec spec =
        config::parse_runtime_spec(directory.read_config(), "config.json");
    const config::Process process = choose_process(options, spec);
    check_process(process);
    check_console(process.terminal, !options.console_socket.empty(), options.detach);
    check_agent(spec.linux_.seccomp);
    check_labels({.apparmor = process.apparmor_profile, .selinux = process.selinux_label}, {},
                 context.proc);
    const HostFacts facts = gather_facts(context.proc);
    Plan plan = exec_plan(process, spec, facts, options);
    for (const std::string& warning : plan.warnings) context.log.warning(warning);

    Target target =
        target_of(*record, init->get(), status != Status::kCreated, directory, context.proc);
    directory.unlock();
    plan.namespaces = target.namespaces;
    const IdPlan ids = plan_ids(spec, facts);
    const bool has_user = plan.namespaces.has(CLONE_NEWUSER);
    plan.ids.setup_uid = has_user ? ids.setup_uid : std::nullopt;
    plan.ids.setup_gid = has_user ? ids.setup_gid : std::nullopt;
    const PreparedExec exec = prepare_exec(plan.process, ids, ids.writer != MapWriter::kNobody,
                                           cache_directory(context), context.proc, context.log);
    sys::Fd console_socket;
    if (!options.console_socket.empty()) console_socket = sys::connect_path(options.console_socket);
    const auto cgroup = cgroup_to_enter(directory, options.cgroup, record->pid, context.proc);
    const ChildTask task = {.plan = plan,
                            .exec = exec.plan,
                            .proc = context.proc,
                            .fds = {.console_socket = console_socket.get(),
                                    .joined_time = target.time.get(),
                                    .root = target.root.get()},
                            .command_line = context.command_line,
                            .cgroup = cgroup.get(),
                            .needs_cgroup = true};  // INV-7
    // Cloned processes stay in it, which leaves no moment outside.
    if (const auto step = plan_intel_rdt(spec.linux_, options.id)) {
      join_resctrl(open_resctrl().get(), *step);
    }
    Launch launch(task, exec_main, target.joins, context.log);
    if (has_agent(plan.process.seccomp)) {
      (void)send_start(
          launch.channel(),
          call_agent(*plan.process.seccomp, recorded_state(*record, status), launch.process().pid));
    }
    launch.wait_until_running();
    tell_pid(launch.process(), options.pid_file, options.pidfd_socket);
    console = launch.take_console();
    return launch.release();
  });
  if (options.detach) return 0;
  try {
    return stay_in_foreground(program, signals, std::move(console));
  } catch (const sys::Error&) {  // nobody would be told how it ends
    (void)sys::send_signal(program.pidfd.get(), SIGKILL);
    (void)sys::wait_child(program);
    throw;
  }
}

}  // namespace runtime
