// SPDX-License-Identifier: Apache-2.0
// A container's cgroups of version 1, one in every hierarchy, as one cgroup. For the host's root:
// nobody else can be given any. Where there is a hierarchy of version 2 beside them the container
// has a cgroup there as well, without limits.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/legacy_tree.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace runtime {

/// Its cgroup in one of the hierarchies.
struct LegacyPlace {
  std::string hierarchy;  // as LegacyHierarchy::name
  std::string path;       // "/sys/fs/cgroup/memory/tilla-web"
  sys::Fd dir;            // of `path`, for reading
};

class LegacyCgroup : public Cgroup {
 public:
  /// name: for people.
  LegacyCgroup(std::string name, std::vector<LegacyPlace> places)
      : name_(std::move(name)), places_(std::move(places)) {}

  std::string path() const override { return name_; }
  int directory() const override { return -1; }
  /// Throws all errors: half a move can't be taken back.
  int add(pid_t pid) override;
  void set_limits(const CgroupPlan& plan, const sys::Log& log) override;
  /// Of the memory alone: the others have files of their own.
  CurrentLimits current_limits() const override;
  void set_frozen(bool frozen) override;
  bool is_frozen() const override;
  bool kills_frozen() const override { return false; }
  std::vector<pid_t> processes() const override;
  bool kill() override;
  void remove() override;
  std::unique_ptr<Cgroup> open_for_exec(const SubCgroup& sub, pid_t init,
                                        const sys::Procfs& proc) const override;
  config::StringMap shown() const override;
  config::Json stats() const override;
  std::unique_ptr<OomEvents> watch_oom() const override;

 private:
  const LegacyPlace* place_of(std::string_view controller) const;
  int write(const CgroupWrite& write) const;
  void refuse(const CgroupWrite& write, int code, const sys::Log& log) const;
  void check_memory(const CgroupPlan& plan) const;
  void set_devices(const CgroupPlan& plan, const sys::Log& log);
  bool freeze_for(std::chrono::milliseconds limit);
  void thaw_all();
  std::vector<sys::Process> kill_processes();

  std::string name_;
  std::vector<LegacyPlace> places_;
};

/// Makes the directories, with those above them. What the kernel wants in a new cpuset is filled
/// in. Errors: one can't be made, or is in use.
std::unique_ptr<Cgroup> make_legacy(const CgroupPlan& plan,
                                    const std::vector<LegacyHierarchy>& hierarchies,
                                    const RememberCgroup& remember);

/// Empty: all of them are gone.
std::unique_ptr<Cgroup> open_legacy(const config::CgroupRecord& record);

}  // namespace runtime
