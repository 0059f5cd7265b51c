// SPDX-License-Identifier: Apache-2.0
// The part of validate() that is about linux.sysctl: only what belongs to a namespace of the
// container's may be set.
#include <algorithm>
#include <map>

#include "config/json.h"
#include "config/problems.h"
#include "config/sysctl.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr size_t kMaxValue = 4095;  // the kernel reads a page with its NUL

/// Empty: fine. The kernel takes a text up to its first line's end, and nothing at all as no write.
std::string problem_of_value(std::string_view value) {
  if (value.empty()) return "empty";
  if (value.size() > kMaxValue) return sys::format("longer than {} bytes", kMaxValue);
  if (value.find('\n') < value.size() - 1) return "more than one line";
  return {};
}

std::string problem_of_name(const RuntimeSpec& spec, const std::string& path) {
  const auto type = sysctl_namespace(path);
  if (!type) return "belongs to the host and to no namespace";
  if (path == "kernel/hostname") return "is for the field hostname to say";
  if (std::ranges::find(spec.linux_.namespaces, *type, &Namespace::type) ==
      spec.linux_.namespaces.end()) {
    return sys::format("there is no {} namespace to set it in", name_of(*type));
  }
  return {};
}

}  // namespace

void check_sysctl(Problems& problems, const RuntimeSpec& spec) {
  std::map<std::string, std::string> seen;
  for (const auto& [name, value] : spec.linux_.sysctl) {
    const std::string place = "/linux/sysctl/" + escape_pointer(name);
    const auto path = sysctl_path(name);
    if (!path) {
      problems.add(place, "not the name of a sysctl");
      continue;
    }
    const auto [other, is_new] = seen.emplace(*path, name);
    if (!is_new)
      problems.add(place, sys::format("the same as {}", quote_for_message(other->second)));
    const std::string problem = problem_of_name(spec, *path);
    if (!problem.empty()) problems.add(place, problem);
    if (*path == "kernel/domainname" && !spec.domainname.empty() && spec.domainname != value) {
      problems.add(place, "the field domainname says something else");
    }
    const std::string value_problem = problem_of_value(value);
    if (!value_problem.empty()) problems.add(place, value_problem);
    problems.check_text(place, value);
  }
}

}  // namespace config
