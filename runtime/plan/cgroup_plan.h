// SPDX-License-Identifier: Apache-2.0
// The container's cgroup as the plan has it: where, by whom it is made, and what is written into
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/resources.h"

namespace runtime {

enum class CgroupManager {
  kNobody,    // the container stays in its caller's cgroup
  kCgroupfs,  // we
  kSystemd,
};

/// What to do about a limit that can't be enforced. kByCaller: called by the host's root it is an
/// error; by others, too, unless engines set it unasked.
enum class CgroupPolicy { kByCaller, kStrict, kBestEffort };

/// What the command line says about cgroups.
struct CgroupRequest {
  CgroupManager manager = CgroupManager::kCgroupfs;
  CgroupPolicy policy = CgroupPolicy::kByCaller;
  bool policy_is_given = false;     // then no annotation changes it
  std::optional<bool> is_rootless;  // --rootless; empty: the facts tell
};

/// What happens when a limit can't be enforced.
enum class Need {
  kRequired,  // an error
  kWanted,    // a warning
  kOptional,  // nothing: it would limit nothing, or something else does the same
};

/// One limit: a write into a file of the container's cgroup.
struct CgroupWrite {
  std::string place;       // what errors call it: "/linux/resources/memory/limit"
  std::string controller;  // "memory"
  std::string file;        // empty: this version of cgroups has no such limit
  std::string value;
  Need need = Need::kRequired;
  /// Where the kernel has no `file`.
  std::string other_file = {}, other_value = {};
  bool operator==(const CgroupWrite&) const = default;
};

/// What systemd is asked for.
struct SystemdUnit {
  std::string name;                     // "tilla-web.scope"
  bool of_user = false;                 // the caller's own systemd
  std::vector<std::string> properties;  // "NAME=TYPE:VALUE", for tilla-systemd
  bool operator==(const SystemdUnit&) const = default;
};

struct CgroupPlan {
  CgroupManager manager = CgroupManager::kNobody;
  /// linux.cgroupsPath; empty: chosen by the manager. "slice:prefix:name" for systemd.
  std::string path;
  std::string id;  // of the container
  bool is_rootless = false;
  std::vector<CgroupWrite> writes;
  /// What the container may open and make, for a program that the kernel asks; empty: nobody asks.
  std::vector<config::DeviceRule> devices;
  Need devices_need = Need::kOptional;
  /// The writes are of `resources`, for the drivers that don't write files of cgroup v2.
  config::Resources resources;
  std::string_view place = "/linux/resources";  // of `resources`, in errors
  CgroupPolicy policy = CgroupPolicy::kByCaller;
  SystemdUnit unit;  // if it is systemd that makes it
  /// Who on the host gets the cgroup, because the container may change what is in it. Source:
  /// config-linux.md, "Cgroup ownership".
  std::optional<uid_t> new_owner;
  /// Whether that one has the files of the limits already.
  bool owner_has_limits = false;
  /// Memory that is used already is not limited away (checkBeforeUpdate).
  bool checks_memory = false;
  bool operator==(const CgroupPlan&) const = default;
};

/// The writes for `resources`. place: where they come from, "/linux/resources".
std::vector<CgroupWrite> plan_limits(const config::Resources& resources, const std::string& place,
                                     CgroupPolicy policy, bool is_rootless);

/// The same as writes into files of cgroup v1, for the host's root. Some are refused until another
/// one is made: a limit for the memory above the one for memory and swap, a burst above the quota.
std::vector<CgroupWrite> plan_legacy_limits(const config::Resources& resources,
                                            const std::string& place, CgroupPolicy policy);

/// Fills `devices` of `plan` for `rules`, after its other members. Rootless they stay empty: the
/// kernel asks programs of the host's root alone, and nobody else makes devices.
void plan_device_rules(const std::vector<config::DeviceRule>& rules, CgroupPolicy policy,
                       CgroupPlan& plan);

/// cpu.shares (2 to 262144, 1024 is usual) as cpu.weight (1 to 10000, 100 is usual).
std::uint64_t weight_of_shares(std::uint64_t shares);
/// blkio's weight (10 to 1000) as io.weight (1 to 10000).
std::uint64_t io_weight_of(std::uint64_t weight);

}  // namespace runtime
