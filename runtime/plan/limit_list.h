// SPDX-License-Identifier: Apache-2.0
// The writes into a cgroup's files, while they are planned: where each comes from, and what it
// means when it fails.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/cgroup_plan.h"

namespace runtime {

class Limits {
 public:
  static constexpr const char* kNone = "max";  // what can't fail: there is no such limit then

  Limits(std::string place, CgroupPolicy policy, bool is_rootless)
      : place_(std::move(place)), policy_(policy), is_rootless_(is_rootless) {}

  std::vector<CgroupWrite> take() { return std::move(writes_); }

  /// field: below `place`, "memory/limit". is_usual: engines set it without being asked.
  CgroupWrite& add(const std::string& field, const std::string& file, std::string value,
                   bool is_usual = false) {
    const Need need = value == kNone ? Need::kOptional : need_of(is_usual);
    writes_.push_back({.place = place_ + "/" + field,
                       .controller = file.substr(0, file.find('.')),
                       .file = file,
                       .value = std::move(value),
                       .need = need});
    return writes_.back();
  }
  /// What this version of cgroups has not.
  void add_impossible(const std::string& field, const std::string& controller) {
    writes_.push_back({.place = place_ + "/" + field,
                       .controller = controller,
                       .file = {},
                       .value = {},
                       .need = need_of(false)});
  }

 private:
  Need need_of(bool is_usual) const {
    switch (policy_) {
      case CgroupPolicy::kStrict:
        return Need::kRequired;
      case CgroupPolicy::kBestEffort:
        return Need::kWanted;
      case CgroupPolicy::kByCaller:
        break;
    }
    return is_rootless_ && is_usual ? Need::kWanted : Need::kRequired;
  }

  std::string place_;
  CgroupPolicy policy_;
  bool is_rootless_;
  std::vector<CgroupWrite> writes_;
};

/// For rdma.max, which is the same in both versions.
std::string rdma_line(const std::string& device, const config::RdmaLimit& limit);

}  // namespace runtime
