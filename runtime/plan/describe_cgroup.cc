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

std::string number_text(const std::optional<int64_t>& number) {
  return number.value_or(-1) == -1 ? "*" : std::to_string(*number);
}

// In runc's words: "allow c 1:3 rwm".
std::string rules_text(const std::vector<config::DeviceRule>& rules) {
  std::string text;
  for (const config::DeviceRule& rule : rules) {
    text += sys::format("{}{} {} {}:{} {}", text.empty() ? "" : ", ", rule.allow ? "allow" : "deny",
                        rule.type, number_text(rule.major), number_text(rule.minor),
                        rule.access.empty() ? "rwm" : rule.access);
  }
  return text;
}

}  // namespace

std::string describe(const CgroupPlan& plan) {
  std::string text;
  if (!plan.path.empty()) {
    text += sys::format("cgroup \"{}\" made by {}\n", plan.path, name_of(plan.manager));
  }
  if (!plan.unit.name.empty()) {
    text += sys::format("unit \"{}\" of {}\n", plan.unit.name,
                        plan.unit.of_user ? "the user's systemd" : "systemd");
    for (const std::string& word : plan.unit.properties) text += "property " + word + "\n";
  }
  for (const CgroupWrite& write : plan.writes) text += write_text(write);
  if (!plan.devices.empty()) text += sys::format("devices: {}\n", rules_text(plan.devices));
  if (plan.checks_memory) text += "memory in use is not limited away\n";
  return text;
}

}  // namespace runtime
