// SPDX-License-Identifier: Apache-2.0
// The cgroup's part of `describe`.
#include "runtime/plan/plan.h"
#include "sys/format.h"

namespace runtime {
namespace {

const char* name_of(CgroupManager manager) {
  switch (manager) {
    case CgroupManager::kNobody:
      return "nobody";
    case CgroupManager::kCgroupfs:
      return "cgroupfs";
    case CgroupManager::kSystemd:
      break;
  }
  return "systemd";
}

std::string write_text(const CgroupWrite& write) {
  if (write.file.empty()) return sys::format("no {} for {}\n", write.controller, write.place);
  std::string line = sys::format("cgroup {} is \"{}\"", write.file, write.value);
  if (!write.other_file.empty()) {
    line += sys::format(", or {} \"{}\"", write.other_file, write.other_value);
  }
  if (write.need == Need::kWanted) line += ", else a warning";
  if (write.need == Need::kOptional) line += ", if it can be";
  return line + "\n";
}

}  // namespace

std::string describe(const CgroupPlan& plan) {
  std::string text;
  if (!plan.path.empty()) {
    text += sys::format("cgroup \"{}\" made by {}\n", plan.path, name_of(plan.manager));
  }
  for (const CgroupWrite& write : plan.writes) text += write_text(write);
  if (plan.checks_memory) text += "memory in use is not limited away\n";
  return text;
}

}  // namespace runtime
