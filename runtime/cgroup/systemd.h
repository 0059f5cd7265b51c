// SPDX-License-Identifier: Apache-2.0
// A cgroup of version 2 that systemd makes: a scope with the container's first process in it. What
// is to be said to systemd, tilla-systemd says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/cgroup/cgroup.h"

namespace runtime {

class SystemdCgroup : public Cgroup {
 public:
  /// One that is there as soon as `add` has been told of its first process: systemd keeps no scope
  /// without any. log: lives longer than this.
  SystemdCgroup(const CgroupPlan& plan, RememberCgroup remember, const sys::Log& log);
  /// One that is there.
  SystemdCgroup(config::CgroupRecord record, std::unique_ptr<Cgroup> cgroup);

  std::string path() const override;
  int directory() const override;
  int add(pid_t pid) override;
  /// Before the scope is there: when it is.
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
  void start(pid_t pid);
  std::string ask(const std::vector<std::string>& words) const;
  Cgroup& started() const;

  config::CgroupRecord record_;     // without an invocation systemd has not made it
  std::unique_ptr<Cgroup> cgroup_;  // empty: the same
  // Until it is started:
  CgroupPlan plan_;
  RememberCgroup remember_;
  const sys::Log* log_ = nullptr;
};

}  // namespace runtime
