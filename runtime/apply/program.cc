// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string_view>

#include "runtime/apply/labels.h"
#include "runtime/apply/passwd.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/scheduling.h"
#include "sys/seccomp.h"
#include "sys/terminal.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxPasswd = std::size_t{1} << 20;
constexpr sys::CapabilitySet kSysAdmin = sys::CapabilitySet{1} << CAP_SYS_ADMIN;

// INV-6: the image's /etc/passwd is hostile: a regular file below the root, of bounded size, or
// nothing. Merely opening something else may block or do something, so it is looked at first.
std::string find_home(uid_t uid, const sys::Procfs& proc) {
  const sys::Fd root = sys::open_path("/", O_PATH | O_DIRECTORY);
  try {  // whatever is wrong with it, the answer is "/"
    const std::optional<sys::Fd> passwd =
        sys::open_in_root_if_exists(root.get(), sys::RelPath::parse("etc/passwd"), O_PATH);
    if (passwd && S_ISREG(sys::status_of(passwd->get()).st_mode)) {
      const sys::Fd file = sys::reopen(proc, passwd->get(), O_RDONLY);
      std::string home = home_in(sys::read_all(file.get(), kMaxPasswd), uid);
      if (!home.empty()) return home;
    }
  } catch (const sys::Error&) {
  }
  return "/";
}

void set_limits(const ProcessPlan& plan) {
  for (const LimitStep& limit : plan.limits) {
    try {  // EPERM says too little
      sys::set_rlimit(0, limit.resource, limit.soft, limit.hard);
    } catch (sys::Error& error) {
      error.add_context(
          sys::format("limit {} soft {} hard {}", limit.name, limit.soft, limit.hard));
      if (error.code() == EPERM) {
        error.set_hint("raising a hard limit needs CAP_SYS_RESOURCE, which the caller has not");
      }
      throw;
    }
  }
}

// With the limits in force, which may permit it, and the rights of root, which may as well.
void set_scheduling(const ProcessPlan& plan) {
  if (plan.scheduler) {
    sys::in_context([&] { return sys::format("scheduler {}", plan.scheduler->policy_name); },
                    [&] { sys::set_scheduler(plan.scheduler->attributes); });
  }
  if (plan.io_priority) {
    sys::in_context([&] { return sys::format("I/O priority {}", plan.io_class); },
                    [&] { sys::set_io_priority(*plan.io_priority); });
  }
  if (plan.memory_policy) {
    sys::in_context(
        [&] { return sys::format("memory policy {}", plan.memory_policy->name); },
        [&] { sys::set_memory_policy(plan.memory_policy->mode, plan.memory_policy->nodes); });
  }
  if (plan.personality) sys::set_personality(*plan.personality);
}

// So that a program that is not root can reopen /dev/stdout; files that refuse are left as they
// are.
void own_streams(const ProcessPlan& plan) {
  for (int fd = 0; fd <= 2; ++fd) {
    if (!sys::is_open(fd)) continue;
    const struct stat status = sys::status_of(fd);
    const bool is_null = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
    if (status.st_uid == plan.uid || is_null) continue;
    (void)sys::change_owner(fd, plan.uid, status.st_gid);
  }
}

sys::CapabilitySets limited_to(sys::CapabilitySets wanted, sys::CapabilitySet held) {
  wanted.bounding &= held;
  wanted.permitted &= held;
  wanted.effective &= held;
  wanted.inheritable &= held;
  wanted.ambient &= held;
  return wanted;
}

// What can't be granted is a warning (config.md, "capabilities").
sys::CapabilitySets grantable(const Program& program) {
  const sys::CapabilitySets& wanted = program.plan.capabilities;
  const sys::CapabilitySet held = sys::own_capabilities().permitted;
  const sys::CapabilitySet refused = (wanted.permitted | wanted.bounding) & ~held;
  for (int number = 0; refused >> number != 0; ++number) {
    if (((refused >> number) & 1U) == 0) continue;
    program.warn(
        sys::format("capability {} can't be granted, ignoring", sys::capability_name(number)));
    if (number == 63) break;
  }
  return limited_to(wanted, held);
}

void join_keyring(const Program& program) {
  const std::string& label = program.plan.labels.selinux;
  if (!label.empty()) {
    sys::in_context("can't set process label", [&] { sys::set_key_label(program.proc, label); });
  }
  if (!sys::join_new_session_keyring()) {
    program.warn(
        "no session keyring: the user's quota of keys is used up, or they are forbidden, ignoring");
  }
  if (!label.empty()) sys::set_key_label(program.proc, {});
}

[[noreturn]] void fail_exec(const std::string& name, const std::string& reason, int code) {
  throw sys::Error(sys::format("exec: \"{}\": {}", name, reason), code);
}

// Callers tell 126 from 127 by these very words; see docs/create-sequence.md.
std::string reason_of(const std::string& path, int code) {
  if (code == ENOENT) return sys::format("stat {}: no such file or directory", path);
  if (code == ENOTDIR) return sys::format("stat {}: not a directory", path);
  if (code == EACCES || code == EPERM) return "permission denied";
  if (code == ELOOP) return "a loop of symlinks, or a magic link of /proc";
  if (code == ENOEXEC) return "exec format error";
  return std::string(sys::errno_error("", code).what()).substr(2);  // without the ": "
}

// 0, or why `path` can't be executed by who we are now. INV-3: a magic link, such as
// /proc/self/exe, leads to the host's files and is never a program.
int refusal_of(int root, const std::string& path) {
  const bool is_absolute = path.starts_with('/');
  try {
    const sys::Fd file = sys::open_in_root(
        root, sys::RelPath::parse(is_absolute ? path : sys::current_directory() + "/" + path),
        O_PATH);
    const mode_t mode = sys::status_of(file.get()).st_mode;
    if (S_ISDIR(mode)) return EISDIR;
    if (!S_ISREG(mode)) return EACCES;
  } catch (const sys::Error& error) {
    return error.code();
  }
  return sys::check_executable(path);
}

void check_program_in(int root, const std::string& path) {
  const int code = refusal_of(root, path);
  if (code == EISDIR) fail_exec(path, "is a directory: permission denied", EACCES);
  if (code != 0) fail_exec(path, reason_of(path, code), code);
}

std::string_view search_path(const std::vector<std::string>& env) {
  for (const std::string& entry : env) {
    if (entry.starts_with("PATH=")) return std::string_view(entry).substr(5);
  }
  return {};
}

std::string find_program(const ProcessPlan& plan) {
  const std::string& name = plan.argv.at(0);
  const sys::Fd root = sys::open_path("/", O_PATH | O_DIRECTORY);
  if (name.find('/') != std::string::npos) {
    check_program_in(root.get(), name);
    return name;
  }
  int denied = 0;
  std::string_view rest = search_path(plan.env);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view dir = end == 0 ? "." : rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string path = sys::format("{}/{}", dir, name);
    const int code = refusal_of(root.get(), path);
    if (code == 0) return path;
    if (code == EACCES) denied = code;
  }
  if (denied != 0) fail_exec(name, "permission denied", denied);
  fail_exec(name, "executable file not found in $PATH", ENOENT);
}

// The words of the stub before those of the program (sys/stub.h), and descriptors for it: it closes
// them itself, as soon as it has no more use for them.
void give_to_stub(std::vector<std::string>& argv, const Program& program, int status,
                  int attributes) {
  const auto give = [](int fd) {
    if (fd < 0) return std::string("-");
    sys::set_cloexec(fd, false);
    return std::to_string(fd);
  };
  const sys::ExecLabels& labels = program.plan.labels;
  const std::string apparmor =
      labels.apparmor.empty() ? std::string() : sys::apparmor_command(labels.apparmor);
  argv.insert(argv.begin(), {give(status), give(program.exec.stub_filter),
                             std::to_string(program.exec.stub_flags), give(attributes), apparmor,
                             labels.selinux});
}

void load_filter(const config::CompiledFilter& filter, int status, const Agent* agent) {
  if (!filter.has_listener()) {
    sys::install_seccomp_filter(filter.program, filter.kernel_flags);
  } else if (agent == nullptr) {
    sys::install_seccomp_filter(filter.program, filter.flags_without_listener());
  } else {
    sys::install_notifying_filter(
        filter.program, filter.kernel_flags,
        {.agent = agent->socket.get(), .message = agent->state, .status = status});
  }
}

}  // namespace

void check_program(const std::string& path) {
  check_program_in(sys::open_path("/", O_PATH | O_DIRECTORY).get(), path);
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void take_streams(int terminal) {
  sys::start_session();
  if (terminal < 0) return;
  sys::take_controlling_terminal(terminal);
  for (int fd = 0; fd <= 2; ++fd) sys::duplicate_onto(terminal, fd);
}

sys::CapabilitySets bound_program(const Program& program) {
  if (program.plan.new_keyring) join_keyring(program);
  const sys::CapabilitySets sets = grantable(program);
  sys::limit_bounding_set(sets.bounding);  // needs CAP_SETPCAP
  return sets;
}

Invocation become_program(const Program& program, const sys::CapabilitySets& sets, int cwd) {
  const ProcessPlan& plan = program.plan;
  set_limits(plan);
  set_scheduling(plan);
  own_streams(plan);
  // As root, who may enter what the user may not; if even root may not, the user tries below.
  bool is_inside = sys::change_directory(cwd);
  sys::become({.uid = plan.uid, .gid = plan.gid, .groups = plan.groups}, program.may_set_groups,
              true);
  if (!is_inside && !sys::change_directory(cwd)) {
    throw sys::Error(sys::format("chdir to \"{}\": permission denied", plan.cwd), EACCES);
  }
  if (plan.no_new_privileges) sys::set_no_new_privileges();
  sys::CapabilitySets now = sets;
  if (!program.exec.filter.program.empty() && !plan.no_new_privileges) {
    // Loading a filter without no_new_privs takes CAP_SYS_ADMIN; it goes right after.
    now.permitted |= kSysAdmin;
    now.effective |= kSysAdmin;
  }
  sys::set_capabilities(now);
  sys::set_umask(plan.umask);
  if (!plan.labels.empty()) try_labels(plan.labels, program.proc);
  Invocation invocation = {.path = find_program(plan), .argv = plan.argv, .env = plan.env};
  if (plan.find_home) invocation.env.push_back("HOME=" + find_home(plan.uid, program.proc));
  return invocation;
}

void execute_program(const Program& program, Invocation invocation, int status,
                     const Agent* agent) {
  const ProcessPlan& plan = program.plan;
  const ExecPlan& exec = program.exec;
  auto& [path, argv, env] = invocation;
  sys::Fd attributes;
  if (exec.stub >= 0) {
    if (!plan.labels.empty()) {
      attributes = program.proc.open_file(sys::kAttributes, O_PATH | O_DIRECTORY);
    }
    argv.insert(argv.begin(), path);
    give_to_stub(argv, program, status, attributes.get());
  } else {
    sys::set_exec_labels(program.proc, plan.labels);
  }
  const std::vector<char*> argv_pointers = pointers_to(argv);
  const std::vector<char*> env_pointers = pointers_to(env);

  // From here on the profile decides what this process may do.
  if (!exec.filter.program.empty()) {
    load_filter(exec.filter, status, agent);
    if (!plan.no_new_privileges) {
      sys::set_capabilities(limited_to(plan.capabilities, sys::own_capabilities().permitted));
    }
  }
  const int code =
      exec.stub >= 0
          ? sys::execute(exec.stub, "", argv_pointers.data(), env_pointers.data())
          : sys::execute(AT_FDCWD, path.c_str(), argv_pointers.data(), env_pointers.data());
  if (exec.stub >= 0) throw sys::errno_error("exec the sealed stub", code);
  throw sys::Error(sys::format("exec: \"{}\": {}", plan.argv[0], reason_of(path, code)), code);
}

}  // namespace runtime
