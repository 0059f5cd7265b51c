// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/stats_parts.h"

#include <algorithm>
#include <charconv>

#include "config/json_object.h"
#include "sys/cgroup.h"

namespace runtime {

using config::Json;
using config::JsonObject;

std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::uint64_t number(std::string_view text) {
  if (text.starts_with("max")) return kUnlimited;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<std::uint64_t> read_number(int dir, const std::string& file) {
  const auto text = sys::read_cgroup_file(dir, file);
  if (!text) return std::nullopt;
  return number(*text);
}

std::uint64_t value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (take(line, ' ') == key) return number(line);
  }
  return 0;
}

Json all_values(std::string_view text) {
  Json::Object values;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string key(take(line, ' '));
    values.push_back({key, {number(line)}});
  }
  return {std::move(values)};
}

Json memory_entry(std::uint64_t limit, std::uint64_t usage, std::uint64_t most,
                  std::uint64_t failures) {
  return JsonObject()
      .add("limit", limit)
      .add_unless_empty("usage", usage)
      .add_unless_empty("max", most)
      .add("failcnt", failures)
      .take();
}

Json pids_entry(int dir) {
  JsonObject object;
  if (const auto current = read_number(dir, "pids.current")) object.add("current", *current);
  const std::uint64_t limit = read_number(dir, "pids.max").value_or(kUnlimited);
  if (limit != kUnlimited) object.add("limit", limit);
  return object.take();
}

Json device_entry(std::uint64_t major, std::uint64_t minor, const char* operation,
                  std::uint64_t value) {
  return JsonObject()
      .add_unless_empty("major", major)
      .add_unless_empty("minor", minor)
      .add("op", std::string(operation))
      .add_unless_empty("value", value)
      .take();
}

}  // namespace runtime
