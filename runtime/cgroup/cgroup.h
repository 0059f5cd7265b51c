// SPDX-License-Identifier: Apache-2.0
// A container's cgroup, whatever the host's kernel has of them: UnifiedCgroup (v2, made by us or by
// systemd) and LegacyCgroup (v1) do what this says. docs/cgroups.md tells where it is made.
#pragma once

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/json.h"
#include "config/state.h"
#include "runtime/plan/cgroup_plan.h"
#include "sys/cgroup.h"
#include "sys/log.h"
#include "sys/procfs.h"

namespace runtime {

/// Tells of processes that are ended for want of memory.
class OomEvents {
 public:
  virtual ~OomEvents() = default;
  /// Until there may be some, or the process of pidfd `init` has ended.
  virtual sys::CgroupWait wait(int init, std::chrono::milliseconds timeout) = 0;
  /// Whether there were some since it was asked last.
  virtual bool have_come() = 0;
};

/// What `exec --cgroup` names.
struct SubCgroup {
  std::string path = {};         // empty: the container's own
  std::string controllers = {};  // of cgroup v1, "cpu,memory": those that it is for; empty: all
};

/// Limits that share a file with others, or are counted with them. Empty: not to be had.
struct CurrentLimits {
  std::optional<std::int64_t> cpu_quota = {};  // microseconds; -1: none
  std::optional<std::uint64_t> cpu_period = {};
  std::optional<std::int64_t> memory = {};  // bytes; -1: none
};

class Cgroup {
 public:
  virtual ~Cgroup() = default;

  /// For people: "/user.slice/tilla-web".
  virtual std::string path() const = 0;
  /// A directory that clone3(2) puts a child into; -1: there is none, `add` has to do it.
  virtual int directory() const = 0;
  /// Moves a process in. Returns 0, or the errno of the refusal.
  virtual int add(pid_t pid) = 0;
  /// Carries out the plan's limits, in order. Errors: a required one that can't be enforced, by its
  /// place in the document and its controller; for a wanted one that is a warning.
  virtual void set_limits(const CgroupPlan& plan, const sys::Log& log) = 0;

  /// What an update that asks for a part alone has to know.
  virtual CurrentLimits current_limits() const { return {}; }

  /// Whether the container can be given its cgroup to make others in, and its limits still hold.
  /// The first argument: whether it is the owner of the files that they are in.
  virtual bool can_hand_over(bool, const sys::Procfs&) const { return false; }
  /// Gives the cgroup and those of its files that make cgroups and move processes to `uid`. Returns
  /// 0, or the errno of the refusal. Source: cgroup-v2 of the kernel's documentation, "Delegation".
  virtual int hand_over(uid_t) { return EOPNOTSUPP; }

  /// Stops or continues all processes, and waits until it is so.
  virtual void set_frozen(bool frozen) = 0;
  virtual bool is_frozen() const = 0;
  /// Whether frozen processes end by SIGKILL; else they have to be thawed for that.
  virtual bool kills_frozen() const { return true; }
  /// All processes in it and in cgroups below it.
  virtual std::vector<pid_t> processes() const = 0;
  /// SIGKILL for all of them at once, those that are being forked included. False: this kernel has
  /// nothing for that.
  virtual bool kill() = 0;
  /// Ends what is left in it and removes it with all below. That it is gone already is fine.
  /// Errors: processes that live ten seconds after SIGKILL.
  virtual void remove() = 0;
  /// Where one more process goes: the cgroup at `place` below this one; and if that is this one
  /// and can't have processes, having others below it, the one of `init`.
  /// Errors: a path that leads elsewhere.
  virtual std::unique_ptr<Cgroup> open_for_exec(const SubCgroup& place, pid_t init,
                                                const sys::Procfs& proc) const = 0;

  /// What the container sees where it mounts cgroups, of version 1: paths by name, "memory". Empty:
  /// what the kernel shows.
  virtual config::StringMap shown() const { return {}; }
  /// What it has used, as the `data` of runc's "stats" event.
  virtual config::Json stats() const = 0;
  virtual std::unique_ptr<OomEvents> watch_oom() const = 0;
};

/// Told of the place before anything is made there, so that whoever cleans up finds it; of one that
/// systemd makes, afterwards.
using RememberCgroup = std::function<void(const config::CgroupRecord&)>;

/// Makes the container's cgroup. Empty: it stays in its caller's, since no cgroup can be had here
/// and nothing was asked for that needs one. Errors: something was.
std::unique_ptr<Cgroup> make_cgroup(const CgroupPlan& plan, const sys::Procfs& proc,
                                    const sys::Log& log, const RememberCgroup& remember);

/// The cgroup of a container that was made before. Empty: it is gone.
std::unique_ptr<Cgroup> open_cgroup(const config::CgroupRecord& record);

/// For drivers: a limit that can't be enforced, as an Error or as a warning.
/// reason: why, "this kernel has no such controller".
void refuse_limit(const CgroupWrite& write, const std::string& reason, const sys::Log& log);
/// For checkBeforeUpdate: the kernel would end processes until the rest fits.
/// dir, file: what the cgroup uses. Errors: EBUSY when that is more than the limit.
void refuse_memory_in_use(int dir, const std::string& file, const config::MemoryResources& memory);

}  // namespace runtime
