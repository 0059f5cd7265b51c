// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/unified.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include "runtime/cgroup/mount_lines.h"
#include "runtime/cgroup/stats_parts.h"
#include "runtime/cgroup/subtree.h"
#include "runtime/cgroup/unified_stats.h"
#include "runtime/plan/device_filter.h"
#include "sys/bpf.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{10};  // runc's
constexpr std::size_t kMaxDelegateList = 4096;

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

// Waits for a line of cgroup.events, "frozen 1". False: not within the grace.
bool wait_until(int dir, std::string_view line) {
  const auto events = sys::open_at_if_exists(dir, "cgroup.events", O_RDONLY);
  if (!events) return true;  // gone, and nobody in it
  const Clock::time_point deadline = Clock::now() + kGrace;
  for (;;) {
    sys::rewind(events->get());
    if (sys::read_all(events->get(), 4096).find(line) != std::string::npos) return true;
    if (!sys::wait_for_cgroup_event(events->get(), left_until(deadline))) return false;
  }
}

std::string missing_controller(const CgroupWrite& write, const std::string& path,
                               bool is_rootless) {
  return sys::format("the {} controller is not enabled for cgroup \"{}\"{}", write.controller, path,
                     is_rootless ? ", an administrator can delegate it: docs/cgroups.md" : "");
}

class UnifiedOomEvents : public OomEvents {
 public:
  explicit UnifiedOomEvents(sys::Fd events) : events_(std::move(events)) { kills_ = count(); }
  sys::CgroupWait wait(int init, std::chrono::milliseconds timeout) override {
    return sys::wait_for_cgroup(events_.get(), init, timeout);
  }
  bool have_come() override {
    const std::uint64_t before = std::exchange(kills_, count());
    return kills_ != before;
  }

 private:
  std::uint64_t count() const {
    try {
      sys::rewind(events_.get());
      return value_of(sys::read_all(events_.get(), 4096), "oom_kill");
    } catch (const sys::Error& error) {  // a cgroup that was removed tells nothing new
      if (error.code() != ENODEV) throw;
      return kills_;
    }
  }

  sys::Fd events_;
  std::uint64_t kills_ = 0;
};

}  // namespace

int UnifiedCgroup::add(pid_t pid) {
  return sys::write_cgroup_file(dir_.get(), "cgroup.procs", std::to_string(pid));
}

void UnifiedCgroup::set_limits(const CgroupPlan& plan, const sys::Log& log) {
  if (plan.checks_memory) {
    refuse_memory_in_use(dir_.get(), "memory.current", *plan.resources.memory);
  }
  for (const CgroupWrite& write : plan.writes) {
    if (write.file.empty()) {
      refuse_limit(write, "cgroup v2 has no such limit", log);
      continue;
    }
    int code = sys::write_cgroup_file(dir_.get(), write.file, write.value);
    if (code == ENOENT && !write.other_file.empty()) {
      code = sys::write_cgroup_file(dir_.get(), write.other_file, write.other_value);
    }
    if (code == 0) continue;
    refuse_limit(write,
                 code == ENOENT ? missing_controller(write, path(), plan.is_rootless)
                                : sys::format("write \"{}\" to {}: {}", write.value, write.file,
                                              std::strerror(code)),
                 log);
  }
  set_devices(plan, log);
}

void UnifiedCgroup::set_devices(const CgroupPlan& plan, const sys::Log& log) {
  if (plan.devices.empty()) {
    if (!plan.resources.devices.empty() && log.is_debug()) {
      log.debug("/linux/resources/devices: not the host's root, ignoring");
    }
    return;
  }
  try {  // where nothing was asked for, a kernel that refuses is no failure
    sys::set_device_program(dir_.get(), compile_device_rules(plan.devices));
  } catch (const sys::Error& error) {
    const CgroupWrite rules = {.place = "/linux/resources/devices",
                               .controller = "devices",
                               .file = {},
                               .value = {},
                               .need = plan.devices_need};
    refuse_limit(rules, error.what(), log);
  }
}

CurrentLimits UnifiedCgroup::current_limits() const {
  CurrentLimits current;
  const auto limit_of = [](std::string_view text) {
    return text == "max" ? std::int64_t{-1} : static_cast<std::int64_t>(number(text));
  };
  if (const auto text = sys::read_cgroup_file(dir_.get(), "cpu.max")) {  // "max 100000\n"
    std::string_view rest = *text;
    current.cpu_quota = limit_of(take(rest, ' '));
    current.cpu_period = number(take(rest, '\n'));
  }
  if (const auto text = sys::read_cgroup_file(dir_.get(), "memory.max")) {
    std::string_view rest = *text;
    current.memory = limit_of(take(rest, '\n'));
  }
  return current;
}

bool UnifiedCgroup::can_hand_over(bool owner_has_limits, const sys::Procfs& proc) const {
  return limits_outlive_hand_over(owner_has_limits, proc);
}

int UnifiedCgroup::hand_over(uid_t uid) {
  std::string names = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
  if (const auto list = sys::open_path_if_exists("/sys/kernel/cgroup/delegate", O_RDONLY)) {
    names = sys::read_all(list->get(), kMaxDelegateList);
  }
  int code = sys::give_cgroup_file(dir_.get(), "", uid);
  each_line(names, [&](std::string_view name) {
    if (code == 0) code = sys::give_cgroup_file(dir_.get(), std::string(name), uid);
  });
  return code;
}

void UnifiedCgroup::set_frozen(bool frozen) {
  if (const int code = sys::write_cgroup_file(dir_.get(), "cgroup.freeze", frozen ? "1" : "0")) {
    throw sys::errno_error(sys::format("freeze cgroup \"{}\"", path()), code);
  }
  if (wait_until(dir_.get(), frozen ? "frozen 1" : "frozen 0")) return;
  if (frozen) (void)sys::write_cgroup_file(dir_.get(), "cgroup.freeze", "0");
  throw sys::Error(sys::format("cgroup \"{}\" is not {} after {} s", path(),
                               frozen ? "frozen" : "thawed", kGrace.count()),
                   EBUSY);
}

bool UnifiedCgroup::is_frozen() const {
  return sys::read_cgroup_file(dir_.get(), "cgroup.freeze").value_or("0").starts_with('1');
}

std::vector<pid_t> UnifiedCgroup::processes() const { return processes_below(dir_.get()); }

bool UnifiedCgroup::kill() {
  const int code = sys::write_cgroup_file(dir_.get(), "cgroup.kill", "1");
  if (code == 0 || code == ENODEV) return true;  // gone
  if (code == ENOENT || code == EOPNOTSUPP) return false;
  throw sys::errno_error(sys::format("kill cgroup \"{}\"", path()), code);
}

void UnifiedCgroup::end_processes() {
  if (!kill()) {
    for (const pid_t pid : processes()) {
      const auto pidfd = sys::open_process(pid);
      if (pidfd) (void)sys::send_signal(pidfd->get(), SIGKILL);
    }
  }
  if (wait_until(dir_.get(), "populated 0")) return;
  throw sys::Error(
      sys::format("cgroup \"{}\" still has processes {} s after SIGKILL", path(), kGrace.count()),
      EBUSY);
}

void UnifiedCgroup::remove() {
  const auto parent =
      sys::open_beneath_if_exists(root_.get(), place_.parent(), O_PATH | O_DIRECTORY);
  if (!parent) return;
  // Mostly it is empty. Else somebody was forked, or has made another one below, while we looked.
  constexpr int kTries = 10;
  int code = sys::remove_cgroup_at(parent->get(), place_.name());
  for (int i = 0; code == EBUSY && i < kTries; ++i) {
    end_processes();
    code = sys::remove_cgroup_at(parent->get(), place_.name());
  }
  if (code != 0) throw sys::errno_error(sys::format("remove cgroup \"{}\"", path()), code);
}

std::unique_ptr<Cgroup> UnifiedCgroup::open_for_exec(const SubCgroup& sub, pid_t init,
                                                     const sys::Procfs& proc) const {
  sys::RelPath place = below(place_, sub.path);
  refuse_way_up(sub.path);
  if (sub.path.empty() &&
      !sys::read_cgroup_file(dir_.get(), "cgroup.subtree_control").value_or("").empty()) {
    // With controllers for those below it can't have processes: systemd in a container does that.
    const auto found = place_of_process(proc, std::to_string(init), root_.get());
    if (!found || !(found->str() + "/").starts_with(place_.str() + "/")) {
      throw sys::Error("the container's first process has left its cgroup", ESRCH);
    }
    place = *found;
  }
  sys::Fd dir = sys::open_beneath(root_.get(), place, O_RDONLY | O_DIRECTORY);
  return std::make_unique<UnifiedCgroup>(sys::duplicate(root_.get()), std::move(place),
                                         std::move(dir));
}

config::Json UnifiedCgroup::stats() const { return unified_stats(dir_.get()); }

std::unique_ptr<OomEvents> UnifiedCgroup::watch_oom() const {
  auto events = sys::open_at_if_exists(dir_.get(), "memory.events", O_RDONLY);
  if (events) return std::make_unique<UnifiedOomEvents>(std::move(*events));
  throw sys::Error(sys::format("the memory controller is not enabled for cgroup \"{}\"", path()),
                   ENOTSUP);
}

bool limits_outlive_hand_over(bool owner_has_limits, const sys::Procfs& proc) {
  return !owner_has_limits || has_nsdelegate(proc.read("self/mountinfo", kMaxMountinfo));
}

std::unique_ptr<Cgroup> open_unified(const config::CgroupRecord& record) {
  auto root = open_unified_root();
  if (!root) return nullptr;
  const auto place = sys::RelPath::parse(record.path);
  if (place.empty()) return nullptr;  // never the root, with all that there is
  auto dir = sys::open_beneath_if_exists(root->get(), place, O_RDONLY | O_DIRECTORY);
  if (!dir || (record.inode != 0 && sys::status_of(dir->get()).st_ino != record.inode)) {
    return nullptr;
  }
  return std::make_unique<UnifiedCgroup>(std::move(*root), place, std::move(*dir));
}

}  // namespace runtime
