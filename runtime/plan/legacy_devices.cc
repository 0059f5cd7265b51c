// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/legacy_devices.h"

#include <algorithm>

#include "runtime/plan/device_filter.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::string_view kLetters = "rwm";
constexpr int64_t kAll = -1;
constexpr const char* kEverything = "a *:* rwm";  // devices.list, where the rest is allowed

struct Node {
  char type;  // "b" or "c"
  int64_t major, minor;
  bool operator==(const Node&) const = default;
};

struct Exception {
  Node node;
  std::string letters;
};

// In the order of the rules, each node once, none without letters.
using Exceptions = std::vector<Exception>;

std::string letters_of(const config::DeviceRule& rule) {
  return rule.access.empty() ? std::string(kLetters) : rule.access;
}

std::string number_text(int64_t number) { return number == kAll ? "*" : std::to_string(number); }

std::string text_of(const Node& node, const std::string& letters) {
  return sys::format("{} {}:{} {}", node.type, number_text(node.major), number_text(node.minor),
                     letters);
}

bool covers(int64_t wide, int64_t narrow) { return wide == kAll || wide == narrow; }

bool covers(const Node& wide, const Node& narrow) {
  return wide.type == narrow.type && covers(wide.major, narrow.major) &&
         covers(wide.minor, narrow.minor);
}

bool overlaps(const Node& one, const Node& other) {
  return one.type == other.type &&
         (covers(one.major, other.major) || covers(other.major, one.major)) &&
         (covers(one.minor, other.minor) || covers(other.minor, one.minor));
}

// In the kernel's order, each once.
std::string ordered(const std::string& letters) {
  std::string text;
  for (const char letter : kLetters) {
    if (letters.find(letter) != std::string::npos) text += letter;
  }
  return text;
}

std::string without(const std::string& letters, const std::string& taken) {
  std::string left;
  for (const char letter : letters) {
    if (taken.find(letter) == std::string::npos) left += letter;
  }
  return left;
}

void add(Exceptions& exceptions, const Node& node, const std::string& letters) {
  auto found = std::ranges::find(exceptions, node, &Exception::node);
  if (found == exceptions.end()) found = exceptions.insert(found, {.node = node, .letters = {}});
  found->letters += letters;
  found->letters = ordered(found->letters);
}

void take_off(Exceptions& exceptions, const Node& node, const std::string& letters) {
  for (auto& [other, held] : exceptions) {
    std::string left = without(held, letters);
    if (left == held || !overlaps(node, other)) continue;
    if (!covers(node, other)) {
      throw sys::Error(sys::format("cgroup v1 can't take \"{}\" out of \"{}\"",
                                   text_of(node, letters), text_of(other, held)),
                       ENOTSUP);
    }
    held = std::move(left);
  }
  std::erase_if(exceptions, [](const Exception& one) { return one.letters.empty(); });
}

// A rule for "a" is about both types.
std::vector<Node> nodes_of(const config::DeviceRule& rule) {
  const int64_t major = rule.major.value_or(kAll), minor = rule.minor.value_or(kAll);
  if (rule.type == "a") return {{'b', major, minor}, {'c', major, minor}};
  return {{rule.type == "b" ? 'b' : 'c', major, minor}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

bool has(const std::vector<std::string>& lines, const std::string& line) {
  return std::ranges::find(lines, line) != lines.end();
}

}  // namespace

LegacyDevices merge_device_rules(const std::vector<config::DeviceRule>& rules) {
  LegacyDevices devices;
  Exceptions exceptions;
  for (const config::DeviceRule& rule : rules) {
    if (is_about_all(rule)) {
      devices.allows_rest = rule.allow;
      exceptions.clear();
      continue;
    }
    for (const Node& node : nodes_of(rule)) {
      if (rule.allow == devices.allows_rest) {
        take_off(exceptions, node, letters_of(rule));
      } else {
        add(exceptions, node, letters_of(rule));
      }
    }
  }
  for (const auto& [node, letters] : exceptions) {
    devices.exceptions.push_back(text_of(node, letters));
  }
  return devices;
}

std::vector<std::pair<std::string, std::string>> device_writes(const std::string& current,
                                                               const LegacyDevices& wanted) {
  const std::vector<std::string> before = lines_of(current);
  std::vector<std::pair<std::string, std::string>> writes;
  const char* const to_add = wanted.allows_rest ? "devices.deny" : "devices.allow";
  // Where the rest is allowed, the list doesn't tell the exceptions.
  const bool is_unknown = wanted.allows_rest || has(before, kEverything);
  if (is_unknown) {
    writes.emplace_back(wanted.allows_rest ? "devices.allow" : "devices.deny", "a");
  } else {
    for (const std::string& line : before) {
      if (!has(wanted.exceptions, line)) writes.emplace_back("devices.deny", line);
    }
  }
  for (const std::string& line : wanted.exceptions) {
    if (is_unknown || !has(before, line)) writes.emplace_back(to_add, line);
  }
  return writes;
}

}  // namespace runtime
