// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd.h"

#include <fcntl.h>

#include <utility>

#include "runtime/cgroup/unified.h"
#include "runtime/plan/systemd_unit.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr const char* kProgram = "tilla-systemd";

// Beside our binary, as it was built; where it is installed, seen from there or, when we run out of
// a copy in memory, by its full path.
std::string find_program() {
  const std::string own = sys::read_link("/proc/self/exe");
  const std::string directory = own.substr(0, own.rfind('/'));
  for (const std::string& place : {directory, directory + "/../libexec/tilla"}) {
    const std::string path = sys::format("{}/{}", place, kProgram);
    if (sys::open_path_if_exists(path, O_PATH)) return path;
  }
  return sys::format("{}/{}", TILLA_LIBEXEC, kProgram);
}

// Runs tilla-systemd, and returns what it says.
std::string ask_systemd(bool of_user, const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 8192;
  std::vector<std::string> argv = {find_program()};
  if (of_user) argv.emplace_back("--user");
  argv.insert(argv.end(), words.begin(), words.end());
  sys::Pipe pipe = sys::make_pipe();
  const sys::Process program = sys::spawn_program(argv, pipe.write_end.get());
  pipe.write_end.reset();
  std::string text = sys::read_some(pipe.read_end.get(), kMost);
  pipe.read_end.reset();
  if (sys::wait_child(program).code != 0) throw sys::Error("systemd: " + text, EIO);
  return text;
}

// Those that systemd doesn't know (hugetlb, rdma), and leaves as they are.
void enable_unknown(const std::string& path) {
  const auto root = open_unified_root();
  if (root) enable_controllers(root->get(), sys::RelPath::parse(path).parent(), std::nullopt);
}

template <typename Words>
std::vector<std::string> command(std::vector<std::string> first, const Words& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

}  // namespace

SystemdCgroup::SystemdCgroup(const CgroupPlan& plan, RememberCgroup remember, const sys::Log& log)
    : record_{.driver = "unified",
              .path = {},
              .unit = plan.unit.name,
              .of_user = plan.unit.of_user,
              .hierarchies = {}},
      plan_(plan),
      remember_(std::move(remember)),
      log_(&log) {}

SystemdCgroup::SystemdCgroup(config::CgroupRecord record, std::unique_ptr<Cgroup> cgroup)
    : record_(std::move(record)), cgroup_(std::move(cgroup)) {}

std::string SystemdCgroup::path() const { return cgroup_ ? cgroup_->path() : record_.unit; }

int SystemdCgroup::directory() const { return cgroup_ ? cgroup_->directory() : -1; }

// Nothing is remembered before systemd has answered, for the unit of that name may be somebody
// else's. If we are killed meanwhile the process ends, and systemd keeps no scope without any.
void SystemdCgroup::start(pid_t pid) {
  const std::string answer =
      ask(command({"start", record_.unit, std::to_string(pid)}, plan_.unit.properties));
  const std::size_t blank = answer.find(' ');
  record_.invocation = answer.substr(0, blank);
  if (blank != std::string::npos) record_.path = answer.substr(blank + 1);
  cgroup_ = open_unified(record_);
  if (cgroup_) record_.inode = sys::status_of(cgroup_->directory()).st_ino;
  remember_(record_);
  if (!cgroup_) {
    throw sys::Error(
        sys::format("systemd's cgroup \"{}\" is not below /sys/fs/cgroup", record_.path), ENOENT);
  }
  if (!plan_.writes.empty()) enable_unknown(record_.path);
  cgroup_->set_limits(plan_, *log_);
}

int SystemdCgroup::add(pid_t pid) {
  if (!cgroup_) {
    start(pid);
    return 0;
  }
  const int code = cgroup_->add(pid);
  // A user may not move processes between what root has given him and the rest; systemd may.
  if (code == EACCES || code == EPERM) {
    (void)ask({"add", record_.unit, std::to_string(pid)});
    return 0;
  }
  return code;
}

void SystemdCgroup::set_limits(const CgroupPlan& plan, const sys::Log& log) {
  if (!cgroup_) return;  // start does
  // Systemd first: what it writes is rounded.
  const std::vector<std::string> limits = systemd_limits(plan.writes);
  if (!limits.empty()) (void)ask(command({"set", record_.unit}, limits));
  cgroup_->set_limits(plan, log);
}

std::string SystemdCgroup::ask(const std::vector<std::string>& words) const {
  return ask_systemd(record_.of_user, words);
}

CurrentLimits SystemdCgroup::current_limits() const { return started().current_limits(); }

bool SystemdCgroup::can_hand_over(bool owner_has_limits, const sys::Procfs& proc) const {
  return limits_outlive_hand_over(owner_has_limits, proc);
}

int SystemdCgroup::hand_over(uid_t uid) { return started().hand_over(uid); }

Cgroup& SystemdCgroup::started() const {
  if (!cgroup_)
    throw sys::Error(sys::format("unit \"{}\" was never started", record_.unit), ENOENT);
  return *cgroup_;
}

void SystemdCgroup::set_frozen(bool frozen) { started().set_frozen(frozen); }

std::unique_ptr<Cgroup> SystemdCgroup::open_for_exec(const SubCgroup& sub, pid_t init,
                                                     const sys::Procfs& proc) const {
  auto place = started().open_for_exec(sub, init, proc);
  if (!sub.path.empty()) return place;  // systemd knows no cgroups but its own
  return std::make_unique<SystemdCgroup>(record_, std::move(place));
}

config::Json SystemdCgroup::stats() const { return started().stats(); }

std::unique_ptr<OomEvents> SystemdCgroup::watch_oom() const { return started().watch_oom(); }

bool SystemdCgroup::is_frozen() const { return cgroup_ && cgroup_->is_frozen(); }

std::vector<pid_t> SystemdCgroup::processes() const {
  return cgroup_ ? cgroup_->processes() : std::vector<pid_t>();
}

bool SystemdCgroup::kill() { return !cgroup_ || cgroup_->kill(); }

void SystemdCgroup::remove() {
  if (record_.invocation.empty()) return;
  // By ourselves first, for systemd would be patient.
  if (cgroup_) (void)cgroup_->kill();
  (void)ask({"stop", record_.invocation});
  // What the container has made below; systemd may have the name in use again.
  if (const auto left = open_unified(record_)) left->remove();
}

}  // namespace runtime
