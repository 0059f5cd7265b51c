// SPDX-License-Identifier: Apache-2.0
#include "config/default_seccomp.h"

#include <algorithm>
#include <string_view>

namespace config {
namespace {

struct ProfileRule {
  std::string_view names;       // with blanks between them
  std::uint32_t errno_ret = 0;  // 0: permitted
  SeccompArg arg = {};
  bool has_arg = false;
  std::string_view arches = {};  // of which one must be the filter's; empty: any
  std::string_view with_capability = {}, without_capability = {};
};

constexpr ProfileRule kRules[] = {
#include "config/default_seccomp_rules.inc"
};

struct Architecture {
  std::string_view name;    // as images have it
  std::string_view arches;  // as the rules have them
  std::vector<std::string> filter;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    words.emplace_back(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return words;
}

bool is_among(std::string_view word, const std::vector<std::string>& words) {
  return std::ranges::find(words, word) != words.end();
}

Architecture find_architecture(const std::string& name) {
  if (name == "amd64") {
    return {"amd64", "x86_64 x32 x86", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}};
  }
  if (name == "arm64") return {"arm64", "aarch64 arm", {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}};
  return {name, "", {}};  // the runtime's own
}

bool applies(const ProfileRule& rule, const std::vector<std::string>& arches,
             const std::vector<std::string>& capabilities) {
  if (!rule.with_capability.empty() && !is_among(rule.with_capability, capabilities)) return false;
  if (!rule.without_capability.empty() && is_among(rule.without_capability, capabilities)) {
    return false;
  }
  if (rule.arches.empty()) return true;
  return std::ranges::any_of(split(rule.arches),
                             [&](const std::string& arch) { return is_among(arch, arches); });
}

}  // namespace

Seccomp default_seccomp(const std::string& architecture,
                        const std::vector<std::string>& capabilities) {
  const Architecture machine = find_architecture(architecture);
  const std::vector<std::string> arches = split(machine.arches);
  Seccomp profile;
  profile.default_action = SeccompAction::kErrno;
  profile.default_errno_ret = 1;  // EPERM, as docker's
  profile.architectures = machine.filter;
  for (const ProfileRule& rule : kRules) {
    if (!applies(rule, arches, capabilities)) continue;
    SeccompRule& added = profile.syscalls.emplace_back();
    added.names = split(rule.names);
    added.action = rule.errno_ret == 0 ? SeccompAction::kAllow : SeccompAction::kErrno;
    if (rule.errno_ret != 0) added.errno_ret = rule.errno_ret;
    if (rule.has_arg) added.args = {rule.arg};
  }
  return profile;
}

}  // namespace config
