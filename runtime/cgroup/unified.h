// SPDX-License-Identifier: Apache-2.0
// A cgroup of version 2, whoever made its directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/unified_tree.h"
#include "sys/fd.h"
#include "sys/open.h"

namespace runtime {

class UnifiedCgroup : public Cgroup {
 public:
  /// dir: open on `place` below `root`, for reading.
  UnifiedCgroup(sys::Fd root, sys::RelPath place, sys::Fd dir)
      : root_(std::move(root)), place_(std::move(place)), dir_(std::move(dir)) {}

  std::string path() const override { return "/" + place_.str(); }
  int directory() const override { return dir_.get(); }
  int add(pid_t pid) override;
  void set_limits(const CgroupPlan& plan, const sys::Log& log) override;
  CurrentLimits current_limits() const override;
  bool can_hand_over(bool owner_has_limits, const sys::Procfs& proc) const override;
  int hand_over(uid_t uid) override;
  void set_frozen(bool frozen) override;
  bool is_frozen() const override;
  std::vector<pid_t> processes() const override;
  bool kill() override;
  void remove() override;
  std::unique_ptr<Cgroup> open_for_exec(const SubCgroup& sub, pid_t init,
                                        const sys::Procfs& proc) const override;
  config::Json stats() const override;
  std::unique_ptr<OomEvents> watch_oom() const override;

 private:
  void end_processes();
  void set_devices(const CgroupPlan& plan, const sys::Log& log);

  sys::Fd root_;
  sys::RelPath place_;
  sys::Fd dir_;
};

/// Makes the directory, with those above it, and enables the controllers on the way.
/// Errors: it can't be made, or is in use. With `may_do_without` nothing is returned where we may
/// not make one: that is so at each start of a user without a delegated cgroup, and an exception
/// costs 0.1 ms.
std::unique_ptr<Cgroup> make_unified(const CgroupPlan& plan, UnifiedTree tree,
                                     const RememberCgroup& remember, bool may_do_without);

/// As Cgroup::can_hand_over, of any cgroup of version 2.
bool limits_outlive_hand_over(bool owner_has_limits, const sys::Procfs& proc);

/// Empty: it is gone, or another has its name.
std::unique_ptr<Cgroup> open_unified(const config::CgroupRecord& record);

/// Enables in `root` and in every cgroup from there down to `parent` the controllers that there
/// are. What can't be enabled is seen when a limit is set. own: ours, where we make room for that.
void enable_controllers(int root, const sys::RelPath& parent,
                        const std::optional<sys::RelPath>& own);

}  // namespace runtime
