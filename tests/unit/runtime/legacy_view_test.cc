// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/legacy_view.h"

#include <catch2/catch.hpp>

using runtime::MountKind;
using runtime::MountStep;
using runtime::RootPlan;

namespace {

MountStep step_on(const char* target, const char* type, MountKind kind) {
  MountStep step;
  step.target = sys::RelPath::parse(target);
  step.type = type;
  step.kind = kind;
  return step;
}

RootPlan plan_with_cgroups(MountKind kind) {
  RootPlan plan;
  plan.mounts = {step_on("proc", "proc", MountKind::kProc),
                 step_on("sys/fs/cgroup", "cgroup", kind),
                 step_on("dev", "tmpfs", MountKind::kFilesystem)};
  plan.mounts[1].attr_set = config::kMountAttrRdonly | config::kMountAttrNosuid;
  plan.devices_before = 3;
  plan.early_masks_before = 1;
  return plan;
}

}  // namespace

TEST_CASE("legacy view: a directory with the container's own, which is closed at last",
          "[runtime][cgroup]") {
  RootPlan plan = plan_with_cgroups(GENERATE(MountKind::kCgroup, MountKind::kBind));
  runtime::show_legacy_cgroups({{"memory", "/host/memory/a"}, {"pids", "/host/pids/a"}}, plan);
  REQUIRE(plan.mounts.size() == 6);
  CHECK(plan.mounts[1].type == "tmpfs");
  CHECK(plan.mounts[1].attr_set == config::kMountAttrNosuid);
  CHECK(plan.mounts[2].source == "/host/memory/a");
  CHECK(plan.mounts[2].target.str() == "sys/fs/cgroup/memory");
  CHECK((plan.mounts[2].attr_set & config::kMountAttrRdonly) != 0);
  CHECK(plan.mounts[4].kind == MountKind::kRemount);
  CHECK(plan.mounts[4].attr_set == config::kMountAttrRdonly);
  CHECK(plan.mounts[5].target.str() == "dev");
}

TEST_CASE("legacy view: what comes before a mount comes before the same one", "[runtime][cgroup]") {
  RootPlan plan = plan_with_cgroups(MountKind::kCgroup);
  runtime::show_legacy_cgroups({{"memory", "/host/memory/a"}, {"pids", "/host/pids/a"}}, plan);
  CHECK(plan.devices_before == 6);
  CHECK(plan.early_masks_before == 1);
}

TEST_CASE("legacy view: cgroup2 is what was asked for", "[runtime][cgroup]") {
  RootPlan plan;
  plan.mounts = {step_on("sys/fs/cgroup", "cgroup2", MountKind::kCgroup)};
  const RootPlan before = plan;
  runtime::show_legacy_cgroups({{"memory", "/host/memory/a"}}, plan);
  CHECK(plan == before);
}
