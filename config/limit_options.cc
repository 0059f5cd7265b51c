// SPDX-License-Identifier: Apache-2.0
// --memory, --cpus, --ulimit and the like: numbers and sizes. Source: github.com/docker/go-units.
#include <algorithm>
#include <array>
#include <charconv>

#include "config/container_options.h"
#include "config/names.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

constexpr std::int64_t kCpuPeriod = 100'000;                    // microseconds, docker's for --cpus
constexpr std::uint64_t kLeastMemory = std::uint64_t{6} << 20;  // docker's: less can't start
constexpr std::int64_t kNano = 1'000'000'000;

[[noreturn]] void fail(std::string_view flag, const std::string& word, std::string_view why) {
  throw sys::Error(sys::format("invalid argument \"{}\" for \"--{}\" flag: {}",
                               sys::terminal_safe(word), flag, why));
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && code == std::errc() && end == text.data() + text.size();
}

std::optional<std::int64_t> number_of(std::string_view flag, const std::string& word) {
  if (word.empty()) return std::nullopt;
  std::int64_t number = 0;
  if (!parse_number(word, number)) fail(flag, word, "it is no number");
  return number;
}

std::optional<std::int64_t> bytes_of(std::string_view flag, const std::string& word,
                                     bool may_be_endless = false) {
  if (word.empty()) return std::nullopt;
  if (may_be_endless && word == "-1") return -1;
  const std::optional<std::uint64_t> bytes = parse_bytes(word);
  if (!bytes || *bytes > INT64_MAX) fail(flag, word, "it is no size, as 512m or 2g are");
  return static_cast<std::int64_t>(*bytes);
}

/// "1.5" in billionths; at most nine digits behind the point.
std::int64_t billionths(const std::string& word) {
  const std::size_t point = std::min(word.find('.'), word.size());
  std::int64_t whole = 0, part = 0;
  if (point > 0 && !parse_number(std::string_view(word).substr(0, point), whole)) return -1;
  if (point < word.size()) {
    std::string digits = word.substr(point + 1);
    if (digits.size() > 9) return -1;
    digits.resize(9, '0');
    if (!parse_number(digits, part)) return -1;
  } else if (point == 0) {
    return -1;
  }
  return whole < 0 || part < 0 || whole > 100'000 ? -1 : whole * kNano + part;
}

MemoryResources read_memory(const ContainerFlags& flags) {
  MemoryResources memory;
  memory.limit = bytes_of("memory", flags.memory);
  if (memory.limit && *memory.limit > 0 &&
      static_cast<std::uint64_t>(*memory.limit) < kLeastMemory) {
    fail("memory", flags.memory, "6 MB is the least allowed");
  }
  memory.reservation = bytes_of("memory-reservation", flags.memory_reservation);
  memory.swap = bytes_of("memory-swap", flags.memory_swap, true);
  if (memory.swap && !memory.limit) {
    fail("memory-swap", flags.memory_swap, "--memory must be set with it");
  }
  if (memory.swap && *memory.swap >= 0 && *memory.swap < *memory.limit) {
    fail("memory-swap", flags.memory_swap, "it counts memory too, so that it can't be less");
  }
  // Docker's: as much swap again.
  if (memory.limit && !memory.swap && *memory.limit <= INT64_MAX / 2) {
    memory.swap = *memory.limit * 2;
  }
  return memory;
}

CpuResources read_cpu(const ContainerFlags& flags) {
  CpuResources cpu;
  const auto positive = [](std::string_view flag, const std::string& word) {
    const std::optional<std::int64_t> number = number_of(flag, word);
    if (number && *number < 0) fail(flag, word, "it is negative");
    return number ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*number))
                  : std::nullopt;
  };
  cpu.shares = positive("cpu-shares", flags.cpu_shares);
  cpu.period = positive("cpu-period", flags.cpu_period);
  cpu.quota = number_of("cpu-quota", flags.cpu_quota);
  cpu.cpus = flags.cpuset_cpus;
  cpu.mems = flags.cpuset_mems;
  if (flags.cpus.empty()) return cpu;
  if (cpu.period || cpu.quota) {
    fail("cpus", flags.cpus, "it can't go with --cpu-period and --cpu-quota");
  }
  const std::int64_t nanos = billionths(flags.cpus);
  if (nanos < 0) fail("cpus", flags.cpus, "it is no decimal number, as 1.5 is");
  if (nanos == 0) return cpu;
  cpu.period = kCpuPeriod;
  cpu.quota = std::max<std::int64_t>(nanos / (kNano / kCpuPeriod), 1000);  // the kernel's least
  return cpu;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::string_view kUnits = "kmgtp";
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  std::string_view rest = lower;
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
  std::string_view unit = rest.substr(digits);
  if (unit.ends_with("ib") && unit.size() == 3) {
    unit.remove_suffix(2);
  } else if (unit.ends_with('b')) {
    unit.remove_suffix(1);
  }
  int shift = 0;
  if (unit.size() > 1) return std::nullopt;
  if (unit.size() == 1) {
    const std::size_t power = kUnits.find(unit.front());
    if (power == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<int>(power) + 1);
  }
  // "1.5g" by integers: what is behind the point is a part of a known power of ten.
  const std::string_view number = rest.substr(0, digits);
  const std::size_t point = std::min(number.find('.'), number.size());
  std::uint64_t whole = 0, part = 0, scale = 1;
  if (!parse_number(number.substr(0, point), whole)) return std::nullopt;
  if (point < number.size()) {
    const std::string_view behind = number.substr(point + 1).substr(0, 3);
    if (number.find('.', point + 1) != std::string_view::npos || !parse_number(behind, part)) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < behind.size(); ++i) scale *= 10;
  }
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (whole > kMost >> shift) return std::nullopt;
  return (whole << shift) + (part << shift) / scale;
}

Rlimit parse_ulimit(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) fail("ulimit", word, "it is not TYPE=SOFT[:HARD]");
  std::string type = "RLIMIT_" + word.substr(0, equals);
  std::ranges::transform(type, type.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  if (std::ranges::find(kRlimitTypes, type) == std::end(kRlimitTypes)) {
    fail("ulimit", word, "there is no such limit");
  }
  const auto value_of = [&](std::string_view text) -> std::uint64_t {
    if (text == "-1" || text == "unlimited") return UINT64_MAX;
    std::uint64_t value = 0;
    if (!parse_number(text, value)) fail("ulimit", word, "its value is no number");
    return value;
  };
  const std::string_view values = std::string_view(word).substr(equals + 1);
  const std::size_t colon = values.find(':');
  Rlimit limit = {.type = type, .soft = value_of(values.substr(0, colon)), .hard = 0};
  limit.hard = colon == std::string_view::npos ? limit.soft : value_of(values.substr(colon + 1));
  if (limit.soft > limit.hard) fail("ulimit", word, "the soft limit is beyond the hard one");
  return limit;
}

Resources read_resources(const ContainerFlags& flags) {
  Resources resources;
  if (const MemoryResources memory = read_memory(flags); memory != MemoryResources()) {
    resources.memory = memory;
  }
  if (const CpuResources cpu = read_cpu(flags); cpu != CpuResources()) resources.cpu = cpu;
  if (const auto pids = number_of("pids-limit", flags.pids_limit)) {
    if (*pids != 0) resources.pids = PidsResources{.limit = *pids < 0 ? -1 : *pids};  // as docker
  }
  return resources;
}

}  // namespace config
