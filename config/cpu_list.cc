// SPDX-License-Identifier: Apache-2.0
#include "config/cpu_list.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace config {
namespace {

constexpr unsigned kMaxCpu = 65535;
constexpr unsigned kWordBits = std::numeric_limits<unsigned long>::digits;

std::optional<unsigned> to_cpu(std::string_view text) {
  unsigned cpu = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  if (code != std::errc() || end != text.data() + text.size() || cpu > kMaxCpu) return std::nullopt;
  return cpu;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<CpuMask> parse_cpu_list(std::string_view text) {
  CpuMask mask;
  for (bool is_last = false; !is_last;) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, comma));
    is_last = comma == text.size();
    text.remove_prefix(is_last ? comma : comma + 1);
    const size_t dash = std::min(part.find('-'), part.size());
    const auto first = to_cpu(part.substr(0, dash));
    const auto last = dash == part.size() ? first : to_cpu(part.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    mask.resize(std::max<size_t>(mask.size(), *last / kWordBits + 1));
    for (unsigned cpu = *first; cpu <= *last; ++cpu) {
      mask[cpu / kWordBits] |= 1UL << (cpu % kWordBits);
    }
  }
  return mask;
}

}  // namespace config
