// SPDX-License-Identifier: Apache-2.0
// Makes JSON objects member by member, in the order of the calls, leaving out what Go's `omitempty`
// leaves out. A struct is written by whoever declares `Json to_json(const Struct&)` beside it.
#pragma once

#include <concepts>
#include <type_traits>

#include "config/json.h"

namespace config {

inline Json to_json(bool value) { return {value}; }
inline Json to_json(const std::string& value) { return {value}; }
template <std::integral T>
Json to_json(T value) {
  if constexpr (std::is_signed_v<T>) {
    return {static_cast<int64_t>(value)};
  } else {
    return {static_cast<uint64_t>(value)};
  }
}

template <typename T>
Json to_json(const std::vector<T>& list) {
  Json::Array elements;
  elements.reserve(list.size());
  for (const T& element : list) elements.push_back(to_json(element));
  return {std::move(elements)};
}

template <typename T>
Json to_json(const std::map<std::string, T>& map) {
  Json::Object members;
  for (const auto& [key, value] : map) members.push_back({key, to_json(value)});
  return {std::move(members)};
}

class JsonObject {
 public:
  template <typename T>
  JsonObject& add(std::string_view key, const T& value) {
    return add_json(key, to_json(value));
  }
  JsonObject& add_json(std::string_view key, Json value) {
    members_.push_back({std::string(key), std::move(value)});
    return *this;
  }

  /// Go's omitempty: no false, no zero, no empty text, list or map.
  template <typename T>
  JsonObject& add_unless_empty(std::string_view key, const T& value) {
    return value == T() ? *this : add(key, value);
  }
  template <typename T>
  JsonObject& add_unless_empty(std::string_view key, const std::optional<T>& value) {
    return value ? add(key, *value) : *this;
  }

  Json take() { return {std::move(members_)}; }

 private:
  Json::Object members_;
};

}  // namespace config
