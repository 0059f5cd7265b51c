// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/systemd_unit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

#include "config/cpu_list.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::string_view kAnnotation = "org.systemd.property.";
constexpr std::uint64_t kInfinity = UINT64_MAX;
constexpr std::uint64_t kSecond = 1000000;  // in microseconds

// ---------------------------------------------------------------------------- names

[[noreturn]] void refuse_path(const std::string& path, const std::string& why) {
  throw sys::Error(sys::format("config.json: /linux/cgroupsPath: \"{}\": {}", path, why), EINVAL);
}

// systemd.unit(5): what a name is made of. Backslashes belong to what systemd-escape writes.
bool is_unit_name(std::string_view name) {
  constexpr std::size_t kMost = 255;
  const auto is_allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') ||
           std::string_view(":-_.\\@").find(letter) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMost && std::ranges::all_of(name, is_allowed);
}

// '+', which an id may have and a unit's name may not.
std::string escaped(const std::string& id) {
  std::string text;
  for (const char letter : id) text += letter == '+' ? "\\x2b" : std::string(1, letter);
  return text;
}

struct UnitNames {
  std::string slice, scope;
};

UnitNames unit_names(const CgroupPlan& plan) {
  UnitNames names = {.slice = {}, .scope = "tilla-" + escaped(plan.id) + ".scope"};
  if (!plan.path.empty()) {
    const std::size_t first = plan.path.find(':');
    const std::size_t second = first == std::string::npos ? first : plan.path.find(':', first + 1);
    if (second == std::string::npos)
      refuse_path(plan.path, "systemd as the manager wants \"slice:prefix:name\"");
    const std::string prefix = plan.path.substr(first + 1, second - first - 1);
    const std::string name = plan.path.substr(second + 1);
    if (name.empty()) refuse_path(plan.path, "the name, after the second colon, is empty");
    names = {.slice = plan.path.substr(0, first),
             .scope = sys::format("{}{}{}.scope", prefix, prefix.empty() ? "" : "-", name)};
  }
  if (names.slice.empty()) names.slice = plan.is_rootless ? "user.slice" : "system.slice";
  if (!is_unit_name(names.scope)) {
    refuse_path(plan.path, sys::format("\"{}\" is no name of a unit", names.scope));
  }
  if (!is_unit_name(names.slice) || !names.slice.ends_with(".slice")) {
    refuse_path(plan.path, sys::format("\"{}\" is no name of a slice", names.slice));
  }
  return names;
}

// ---------------------------------------------------------------------------- annotations

struct KnownProperty {
  std::string_view name, type;
};

// What an annotation may set: when the scope ends, and what it is ordered by. Nothing that grants
// (devices, limits, users) and nothing that runs a program.
constexpr std::array<KnownProperty, 12> kAnnotated = {{{"After", "as"},
                                                       {"Before", "as"},
                                                       {"CollectMode", "s"},
                                                       {"DefaultDependencies", "b"},
                                                       {"Description", "s"},
                                                       {"Documentation", "as"},
                                                       {"KillMode", "s"},
                                                       {"KillSignal", "i"},
                                                       {"RuntimeMaxUSec", "t"},
                                                       {"SendSIGHUP", "b"},
                                                       {"SendSIGKILL", "b"},
                                                       {"TimeoutStopUSec", "t"}}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes a quoted text off the front of `text`; escapes are for nobody here.
std::optional<std::string> take_quoted(std::string_view& text) {
  text = trimmed(text);
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return std::nullopt;
  const std::size_t end = text.find(text.front(), 1);
  if (end == std::string_view::npos) return std::nullopt;
  std::string inner(text.substr(1, end - 1));
  if (inner.find_first_of("\\\n") != std::string::npos) return std::nullopt;
  text = trimmed(text.substr(end + 1));
  return inner;
}

std::optional<std::string> parse_list(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = trimmed(text.substr(1, text.size() - 2));
  std::string lines;
  while (!text.empty()) {
    const auto item = take_quoted(text);
    if (!item || item->empty()) return std::nullopt;
    lines += (lines.empty() ? "" : "\n") + *item;
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text = trimmed(text.substr(1));
  }
  return lines;
}

// A value in GVariant's text form, as the word's value. Empty: it is not of that type.
// Source: https://docs.gtk.org/glib/gvariant-text-format.html
std::optional<std::string> parse_value(std::string_view text, std::string_view type) {
  text = trimmed(text);
  if (type == "as") return parse_list(text);
  if (type == "s") {
    auto inner = take_quoted(text);
    return text.empty() ? inner : std::nullopt;
  }
  if (type == "b") {
    if (text != "true" && text != "false") return std::nullopt;
    return std::string(text);
  }
  for (const std::string_view prefix : {"uint64 ", "int64 ", "uint32 ", "int32 "}) {
    if (text.starts_with(prefix)) text = trimmed(text.substr(prefix.size()));
  }
  const auto number = parse_number(text);
  if (!number || (type == "i" && *number > INT_MAX)) return std::nullopt;
  return std::to_string(*number);
}

// org.systemd.property.NAME; runc also takes times in seconds, NAMESec.
std::string annotated_property(const std::string& annotation, const std::string& value) {
  const auto refuse = [&](const std::string& why) {
    throw sys::Error(sys::format("config.json: /annotations/{}: {}", annotation, why), EINVAL);
  };
  std::string name = annotation.substr(kAnnotation.size());
  const bool in_seconds = name.ends_with("Sec") && !name.ends_with("USec");
  if (in_seconds) name.replace(name.size() - 3, 3, "USec");
  const auto known = std::ranges::find(kAnnotated, name, &KnownProperty::name);
  if (known == kAnnotated.end()) refuse("this property of systemd's is not passed on");
  auto parsed = parse_value(value, known->type);
  if (parsed && in_seconds) {
    const std::uint64_t seconds = *parse_number(*parsed);
    parsed = seconds > kInfinity / kSecond ? std::nullopt
                                           : std::optional(std::to_string(seconds * kSecond));
  }
  if (!parsed) refuse(sys::format("\"{}\" is not of type \"{}\"", value, known->type));
  return sys::format("{}={}:{}", name, known->type, *parsed);
}

// ---------------------------------------------------------------------------- limits

std::optional<std::uint64_t> limit_number(std::string_view text) {
  return text == "max" ? std::optional(kInfinity) : parse_number(text);
}

void add_number(std::vector<std::string>& words, const char* name,
                std::optional<std::uint64_t> number) {
  if (number) words.push_back(sys::format("{}=t:{}", name, *number));
}

// systemd keeps hundredths of a processor: rounded up, so that ours, written afterwards, fits.
void add_quota(std::vector<std::string>& words, const std::string& value) {
  constexpr std::uint64_t kHundredth = kSecond / 100;
  const std::size_t blank = value.find(' ');
  const auto quota = limit_number(value.substr(0, blank));
  const auto period =
      blank == std::string::npos ? std::nullopt : parse_number(value.substr(blank + 1));
  if (!quota || (period && *period == 0)) return;
  std::uint64_t per_second = kInfinity;
  if (*quota != kInfinity) {
    if (*quota > kInfinity / kSecond) return;
    per_second = *quota * kSecond / period.value_or(100000);
    per_second = (per_second + kHundredth - 1) / kHundredth * kHundredth;
  }
  add_number(words, "CPUQuotaPerSecUSec", per_second);
  add_number(words, "CPUQuotaPeriodUSec", period);
}

// systemd writes it to io.bfq.weight as well, where 101 to 10000 become 100 to 1000 (BFQ_WEIGHT of
// its cgroup-util.h).
void add_io_weight(std::vector<std::string>& words, std::optional<std::uint64_t> weight) {
  constexpr std::uint64_t kUsual = 100;
  if (weight && *weight > kUsual) weight = kUsual + (*weight - kUsual) * 11;
  add_number(words, "IOWeight", weight);
}

// Bit n of byte m is number 8 * m + n.
void add_set(std::vector<std::string>& words, const char* name, const std::string& list) {
  const auto mask = config::parse_cpu_list(list);
  if (!mask) return;
  std::string digits;
  for (const unsigned long word : *mask) {
    for (unsigned shift = 0; shift < sizeof(word) * CHAR_BIT; shift += CHAR_BIT) {
      digits += sys::format("{:02x}", (word >> shift) & 0xFFU);
    }
  }
  words.push_back(sys::format("{}=ay:{}", name, digits));
}

struct LimitProperty {
  std::string_view file;
  const char* name;
};

constexpr std::array<LimitProperty, 7> kNumbers = {{{"memory.max", "MemoryMax"},
                                                    {"memory.low", "MemoryLow"},
                                                    {"memory.high", "MemoryHigh"},
                                                    {"memory.min", "MemoryMin"},
                                                    {"memory.swap.max", "MemorySwapMax"},
                                                    {"cpu.weight", "CPUWeight"},
                                                    {"io.weight", "IOWeight"}}};

}  // namespace

std::vector<std::string> systemd_limits(const std::vector<CgroupWrite>& writes) {
  std::vector<std::string> words;
  for (const CgroupWrite& write : writes) {
    const auto known = std::ranges::find(kNumbers, write.file, &LimitProperty::file);
    if (known != kNumbers.end()) add_number(words, known->name, limit_number(write.value));
    if (write.file == "cpu.idle" && write.value == "1") words.emplace_back("CPUWeight=t:0");
    if (write.file == "cpu.max") add_quota(words, write.value);
    // Of devices it keeps none.
    if (write.file == "io.bfq.weight") add_io_weight(words, parse_number(write.value));
    if (write.file == "cpuset.cpus") add_set(words, "AllowedCPUs", write.value);
    if (write.file == "cpuset.mems") add_set(words, "AllowedMemoryNodes", write.value);
    if (write.file == "pids.max") {
      // systemd refuses 0; what the kernel is told later is not rounded.
      const auto number = limit_number(write.value);
      add_number(words, "TasksMax", number == std::uint64_t{0} ? 1 : number);
    }
  }
  return words;
}

SystemdUnit plan_systemd_unit(const CgroupPlan& plan, const config::StringMap& annotations) {
  const UnitNames names = unit_names(plan);
  SystemdUnit unit = {.name = names.scope, .of_user = plan.is_rootless, .properties = {}};
  unit.properties = {
      sys::format("Description=s:container {}", plan.id),
      "Slice=s:" + names.slice,
      "Delegate=b:true",  // its inside is ours
      "DefaultDependencies=b:false",
      "CollectMode=s:inactive-or-failed",  // nothing of it stays, however it ended
      "MemoryAccounting=b:true",
      "CPUAccounting=b:true",
      "IOAccounting=b:true",
      "TasksAccounting=b:true",
  };
  for (std::string& word : systemd_limits(plan.writes)) unit.properties.push_back(std::move(word));
  for (const auto& [name, value] : annotations) {  // the last of a name is the one that counts
    if (name.starts_with(kAnnotation)) unit.properties.push_back(annotated_property(name, value));
  }
  return unit;
}

}  // namespace runtime
