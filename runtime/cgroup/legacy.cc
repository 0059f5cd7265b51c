// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/legacy.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "runtime/cgroup/legacy_stats.h"
#include "runtime/cgroup/mount_lines.h"
#include "runtime/cgroup/stats_parts.h"
#include "runtime/cgroup/subtree.h"
#include "runtime/cgroup/unified_tree.h"
#include "runtime/plan/legacy_devices.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{10000};     // runc's
constexpr milliseconds kKillFreeze{500};  // what can't be frozen is killed all the same
constexpr const char* kFreezerState = "freezer.state";

bool has_pid(const std::vector<sys::Process>& processes, pid_t pid) {
  return std::ranges::find(processes, pid, &sys::Process::pid) != processes.end();
}

// The kernel's counter of events, and the file that it is about.
class LegacyOomEvents : public OomEvents {
 public:
  LegacyOomEvents(sys::Fd dir, sys::Fd events) : dir_(std::move(dir)), events_(std::move(events)) {}
  sys::CgroupWait wait(int init, milliseconds timeout) override {
    return sys::wait_for_eventfd(events_.get(), init, timeout);
  }
  // Its end is an event as well.
  bool have_come() override {
    return sys::take_eventfd(events_.get()) &&
           sys::read_cgroup_file(dir_.get(), "memory.oom_control").has_value();
  }

 private:
  sys::Fd dir_, events_;
};

}  // namespace

const LegacyPlace* LegacyCgroup::place_of(std::string_view controller) const {
  const auto found = std::ranges::find_if(places_, [&](const LegacyPlace& place) {
    return has_controller(place.hierarchy, controller);
  });
  return found == places_.end() ? nullptr : &*found;
}

int LegacyCgroup::add(pid_t pid) {
  for (const LegacyPlace& place : places_) {
    const int code = sys::write_cgroup_file(place.dir.get(), "cgroup.procs", std::to_string(pid));
    // It limits nothing there, and the container may have made the cgroup one of cgroups alone.
    if (code == 0 || place.hierarchy == kUnifiedHierarchy) continue;
    throw sys::errno_error(sys::format("enter cgroup \"{}\"", place.path), code);
  }
  return 0;
}

// ---------------------------------------------------------------------------- limits

int LegacyCgroup::write(const CgroupWrite& write) const {
  const LegacyPlace* place = place_of(write.controller);
  if (place == nullptr) return ENODEV;
  const int code = sys::write_cgroup_file(place->dir.get(), write.file, write.value);
  if (code != ENOENT || write.other_file.empty()) return code;
  return sys::write_cgroup_file(place->dir.get(), write.other_file, write.other_value);
}

void LegacyCgroup::refuse(const CgroupWrite& write, int code, const sys::Log& log) const {
  if (write.file.empty()) return refuse_limit(write, "cgroup v1 has no such files", log);
  if (place_of(write.controller) == nullptr) {
    return refuse_limit(write, "no hierarchy of cgroup v1 that is mounted here has it", log);
  }
  refuse_limit(write,
               code == ENOENT ? sys::format("this kernel has no {}", write.file)
                              : sys::format("write \"{}\" to {}: {}", write.value, write.file,
                                            std::strerror(code)),
               log);
}

// checkBeforeUpdate: the kernel would end processes until the rest fits.
void LegacyCgroup::check_memory(const CgroupPlan& plan) const {
  const LegacyPlace* place = plan.checks_memory ? place_of("memory") : nullptr;
  if (place == nullptr) return;
  refuse_memory_in_use(place->dir.get(), "memory.usage_in_bytes", *plan.resources.memory);
}

void LegacyCgroup::set_limits(const CgroupPlan& plan, const sys::Log& log) {
  check_memory(plan);
  // What doesn't go with a value that is yet to be written is tried again: a limit for the memory
  // above the one for memory and swap, a period with the quota of another.
  std::vector<CgroupWrite> again;
  const auto writes = plan_legacy_limits(plan.resources, std::string(plan.place), plan.policy);
  for (const CgroupWrite& one : writes) {
    const int code = write(one);
    if (code == EINVAL) {
      again.push_back(one);
    } else if (code != 0) {
      refuse(one, code, log);
    }
  }
  for (const CgroupWrite& one : again) {
    if (const int code = write(one)) refuse(one, code, log);
  }
  set_devices(plan, log);
}

CurrentLimits LegacyCgroup::current_limits() const {
  constexpr auto kNone = std::uint64_t{1} << 62;  // the kernel's is 2^63 less a page
  CurrentLimits current;
  const LegacyPlace* place = place_of("memory");
  if (place == nullptr) return current;
  const auto limit = read_number(place->dir.get(), "memory.limit_in_bytes");
  if (limit) current.memory = *limit < kNone ? static_cast<std::int64_t>(*limit) : -1;
  return current;
}

void LegacyCgroup::set_devices(const CgroupPlan& plan, const sys::Log& log) {
  if (plan.devices.empty()) return;
  CgroupWrite rules = {.place = std::string(plan.place) + "/devices",
                       .controller = "devices",
                       .file = "devices.list",
                       .value = {},
                       .need = plan.devices_need};
  const LegacyPlace* place = place_of("devices");
  if (place == nullptr) return refuse(rules, ENODEV, log);
  try {  // where nothing was asked for, rules that can't be had are no failure
    const LegacyDevices wanted = merge_device_rules(plan.devices);
    const auto current = sys::read_cgroup_file(place->dir.get(), rules.file);
    for (const auto& [file, value] : device_writes(current.value_or(""), wanted)) {
      rules.file = file;
      rules.value = value;
      const int code = sys::write_cgroup_file(place->dir.get(), file, value);
      if (code != 0) refuse(rules, code, log);
    }
  } catch (const sys::Error& error) {
    if (error.code() != ENOTSUP || !rules.value.empty()) throw;
    refuse_limit(rules, error.what(), log);
  }
}

// ---------------------------------------------------------------------------- the freezer

bool LegacyCgroup::freeze_for(milliseconds limit) {
  const LegacyPlace* place = place_of("freezer");
  if (place == nullptr) return false;
  return sys::freeze_legacy_cgroup(place->dir.get(), limit);
}

// Also what the container has frozen itself.
void LegacyCgroup::thaw_all() {
  const LegacyPlace* place = place_of("freezer");
  if (place == nullptr) return;
  each_cgroup(place->dir.get(),
              [](int dir) { (void)sys::write_cgroup_file(dir, kFreezerState, "THAWED"); });
}

void LegacyCgroup::set_frozen(bool frozen) {
  const LegacyPlace* place = place_of("freezer");
  if (place == nullptr) {
    throw sys::Error("no hierarchy of cgroup v1 that is mounted here has the freezer", ENOTSUP);
  }
  if (frozen && freeze_for(kGrace)) return;
  const int code = sys::write_cgroup_file(place->dir.get(), kFreezerState, "THAWED");
  if (code != 0) throw sys::errno_error(sys::format("thaw cgroup \"{}\"", place->path), code);
  if (!frozen) return;
  throw sys::Error(
      sys::format("cgroup \"{}\" is not frozen after {} s", place->path, kGrace.count() / 1000),
      EBUSY);
}

bool LegacyCgroup::is_frozen() const {
  const LegacyPlace* place = place_of("freezer");
  if (place == nullptr) return false;
  return sys::read_cgroup_file(place->dir.get(), "freezer.self_freezing")
      .value_or("0")
      .starts_with('1');
}

// ---------------------------------------------------------------------------- the end

// Of all hierarchies: whoever has left one of them keeps the others from being removed.
std::vector<pid_t> LegacyCgroup::processes() const {
  std::vector<pid_t> pids;
  for (const LegacyPlace& place : places_) {
    const std::vector<pid_t> there = processes_below(place.dir.get());
    pids.insert(pids.end(), there.begin(), there.end());
  }
  std::ranges::sort(pids);
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

// Whoever was frozen ends when it is thawed.
std::vector<sys::Process> LegacyCgroup::kill_processes() {
  constexpr int kMaxPasses = 100;     // a fork bomb that can't be frozen is not followed for ever
  constexpr int kPassesUnfrozen = 3;  // if we are killed here, nobody is left frozen mostly
  std::vector<sys::Process> reached;
  bool is_new = true;
  for (int pass = 0; is_new && pass < kMaxPasses; ++pass) {
    if (pass == kPassesUnfrozen) (void)freeze_for(kKillFreeze);
    std::vector<sys::Process> opened;
    for (const pid_t pid : processes()) {
      auto pidfd = sys::open_process(pid);
      if (pidfd) opened.push_back({.pid = pid, .pidfd = std::move(*pidfd)});
    }
    // A number that is in the cgroup after it was opened is of one that is, or that has ended.
    const std::vector<pid_t> now = processes();
    is_new = false;
    for (sys::Process& process : opened) {
      if (!std::ranges::binary_search(now, process.pid) || has_pid(reached, process.pid)) continue;
      (void)sys::send_signal(process.pidfd.get(), SIGKILL);
      reached.push_back(std::move(process));
      is_new = true;
    }
  }
  thaw_all();
  return reached;
}

bool LegacyCgroup::kill() {
  (void)kill_processes();
  return true;
}

void LegacyCgroup::remove() {
  constexpr int kTries = 10;  // somebody was forked, or has made another one below
  const Clock::time_point deadline = Clock::now() + kGrace;
  for (int i = 0; i < kTries; ++i) {
    std::string busy;
    for (const LegacyPlace& place : places_) {
      const std::size_t name = place.path.rfind('/') + 1;
      const auto parent =
          sys::open_path_if_exists(place.path.substr(0, name), O_PATH | O_DIRECTORY);
      const int code = parent ? sys::remove_cgroup_at(parent->get(), place.path.substr(name)) : 0;
      if (code == EBUSY) busy = place.path;
      if (code != 0 && code != EBUSY) {
        throw sys::errno_error(sys::format("remove cgroup \"{}\"", place.path), code);
      }
    }
    if (busy.empty()) return;
    for (const sys::Process& process : kill_processes()) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
      if (sys::wait_until_ended(process.pidfd.get(), static_cast<int>(std::max(left, 0L))))
        continue;
      throw sys::Error(sys::format("cgroup \"{}\" still has process {} {} s after SIGKILL", busy,
                                   process.pid, kGrace.count() / 1000),
                       EBUSY);
    }
  }
  throw sys::Error(sys::format("cgroup \"{}\" can't be removed: it has processes", name_), EBUSY);
}

// ---------------------------------------------------------------------------- others

std::unique_ptr<Cgroup> LegacyCgroup::open_for_exec(const SubCgroup& sub, pid_t /*init*/,
                                                    const sys::Procfs& /*proc*/) const {
  refuse_way_up(sub.path);
  each_part(sub.controllers, ',', [&](std::string_view one) {
    if (place_of(one) != nullptr) return;
    throw sys::Error(sys::format("\"{}\": no hierarchy of cgroup v1 has it", one), ENOENT);
  });
  const sys::RelPath below = sys::RelPath::parse(sub.path);
  std::vector<LegacyPlace> places;
  for (const LegacyPlace& place : places_) {
    bool is_meant = sub.controllers.empty() && place.hierarchy != kUnifiedHierarchy;
    each_part(sub.controllers, ',',
              [&](std::string_view one) { is_meant |= has_controller(place.hierarchy, one); });
    const sys::RelPath where = is_meant ? below : sys::RelPath();
    places.push_back(
        {.hierarchy = place.hierarchy,
         .path = where.empty() ? place.path : sys::format("{}/{}", place.path, where.str()),
         .dir = sys::open_beneath(place.dir.get(), where, O_RDONLY | O_DIRECTORY)});
  }
  return std::make_unique<LegacyCgroup>(name_, std::move(places));
}

// "systemd", "memory"; of "cpu,cpuacct" each, and both.
config::StringMap LegacyCgroup::shown() const {
  config::StringMap shown;
  for (const LegacyPlace& place : places_) {
    if (place.hierarchy == kUnifiedHierarchy) continue;
    const std::size_t name = place.hierarchy.find('=') + 1;  // 0 without
    shown[place.hierarchy.substr(name)] = place.path;
    each_part(place.hierarchy, ',', [&](std::string_view one) {
      if (name == 0) shown[std::string(one)] = place.path;
    });
  }
  return shown;
}

config::Json LegacyCgroup::stats() const {
  return legacy_stats([this](const char* controller) {
    const LegacyPlace* place = place_of(controller);
    return place == nullptr ? -1 : place->dir.get();
  });
}

std::unique_ptr<OomEvents> LegacyCgroup::watch_oom() const {
  const LegacyPlace* place = place_of("memory");
  if (place == nullptr) {
    throw sys::Error("no hierarchy of cgroup v1 that is mounted here has the memory controller",
                     ENOTSUP);
  }
  sys::Fd events = sys::open_oom_eventfd(place->dir.get());
  return std::make_unique<LegacyOomEvents>(sys::duplicate(place->dir.get()), std::move(events));
}

std::unique_ptr<Cgroup> open_legacy(const config::CgroupRecord& record) {
  std::vector<LegacyPlace> places;
  for (const auto& [hierarchy, path] : record.hierarchies) {
    auto dir = sys::open_path_if_exists(path, O_RDONLY | O_DIRECTORY);
    // Where something else is mounted by now nothing is ours.
    if (!dir || sys::cgroup_version(dir->get()) == sys::CgroupVersion::kNone) continue;
    places.push_back({.hierarchy = hierarchy, .path = path, .dir = std::move(*dir)});
  }
  if (places.empty()) return nullptr;
  return std::make_unique<LegacyCgroup>(record.path, std::move(places));
}

}  // namespace runtime
