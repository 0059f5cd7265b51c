// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/legacy_view.h"

#include <sys/mount.h>

#include <iterator>

namespace runtime {
namespace {

bool is_mount_of_cgroups(const MountStep& step) {
  return step.type == "cgroup" &&
         (step.kind == MountKind::kBind || step.kind == MountKind::kCgroup);
}

// INV-13: what is in it can't be written, and nothing of the host's is in it.
std::vector<MountStep> steps_of(const MountStep& whole, const config::StringMap& cgroups,
                                const std::string& label) {
  MountStep directory = whole;
  directory.kind = MountKind::kFilesystem;
  directory.type = directory.source = "tmpfs";
  directory.recursive = false;
  directory.parameters = {"mode=755"};
  if (!label.empty()) directory.parameters.push_back("context=" + label);
  for (std::uint64_t* set : {&directory.attr_set, &directory.rec_attr_set}) {
    *set &= ~config::kMountAttrRdonly;
  }
  std::vector<MountStep> steps = {directory};
  for (const auto& [name, path] : cgroups) {
    MountStep bind = whole;
    bind.kind = MountKind::kBind;
    bind.source = path;
    bind.target = sys::RelPath::parse(whole.target.str() + "/" + name);
    bind.recursive = false;
    bind.propagation = {{.type = MS_PRIVATE, .recursive = false}};
    bind.parameters.clear();
    steps.push_back(std::move(bind));
  }
  MountStep closed = directory;
  closed.kind = MountKind::kRemount;
  closed.type = "cgroup";
  closed.attr_set = config::kMountAttrRdonly;
  closed.attr_clear = closed.rec_attr_set = closed.rec_attr_clear = 0;
  closed.propagation.clear();
  closed.parameters.clear();
  steps.push_back(std::move(closed));
  return steps;
}

}  // namespace

void show_legacy_cgroups(const config::StringMap& cgroups, RootPlan& plan) {
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    if (!is_mount_of_cgroups(plan.mounts[i])) continue;
    std::vector<MountStep> steps = steps_of(plan.mounts[i], cgroups, plan.label);
    const std::size_t more = steps.size() - 1;
    const auto place = plan.mounts.begin() + static_cast<std::ptrdiff_t>(i);
    plan.mounts.insert(plan.mounts.erase(place), std::make_move_iterator(steps.begin()),
                       std::make_move_iterator(steps.end()));
    for (std::size_t* before : {&plan.devices_before, &plan.early_masks_before}) {
      if (*before > i) *before += more;
    }
    i += more;
  }
}

}  // namespace runtime
