// SPDX-License-Identifier: Apache-2.0
// The cursor of json.h: from a tree to values, with a pointer in every error.
#include <limits>

#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

/// A number as it was written consists of digits, signs and letters, but of any number of them.
std::string shortened(const std::string& number) {
  constexpr size_t kMaxShown = 60;
  return number.size() <= kMaxShown ? number : number.substr(0, kMaxShown) + "...";
}

/// The number as a T, or why it is none.
template <typename T>
std::optional<std::string> convert_integer(const Json::Value& value, T& target) {
  using Limits = std::numeric_limits<T>;
  const auto out_of_range = [](std::string_view written) {
    return sys::format("{} is out of range ({} to {})", written, Limits::min(), Limits::max());
  };
  if (const auto* number = std::get_if<uint64_t>(&value)) {
    if (!std::in_range<T>(*number)) return out_of_range(std::to_string(*number));
    target = static_cast<T>(*number);
    return std::nullopt;
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (!std::in_range<T>(*number)) return out_of_range(std::to_string(*number));
    target = static_cast<T>(*number);
    return std::nullopt;
  }
  const std::string& written = std::get<JsonNumberText>(value).text;
  if (written.find_first_of(".eE") == std::string::npos) {
    return out_of_range(shortened(written));
  }
  return sys::format("{} is not a whole number", shortened(written));
}

template <typename T>
bool is_a(const Json* json) {
  return json != nullptr && std::holds_alternative<T>(json->value);
}

bool is_number(const Json* json) {
  return is_a<uint64_t>(json) || is_a<int64_t>(json) || is_a<JsonNumberText>(json);
}

std::string_view type_name(const Json& json) {
  constexpr std::string_view kNames[] = {"null",     "a boolean", "a number", "a number",
                                         "a number", "a string",  "an array", "an object"};
  return kNames[json.value.index()];
}

}  // namespace

Reader::Reader(const Json& json, const std::string& document)
    : json_(&json), document_(&document) {}

Reader::Reader(const Json* json, const Reader& parent, std::string_view key)
    : json_(json), document_(parent.document_), parent_(&parent), key_(key) {}

Reader::Reader(const Json& json, const Reader& parent, size_t index)
    : json_(&json),
      document_(parent.document_),
      parent_(&parent),
      index_(index),
      is_element_(true) {}

std::string Reader::pointer() const {
  if (parent_ == nullptr) return {};
  return parent_->pointer() + '/' + (is_element_ ? std::to_string(index_) : escape_pointer(key_));
}

void Reader::fail(std::string_view problem) const {
  const std::string place = pointer();
  throw sys::Error(place.empty() ? sys::format("{}: {}", *document_, problem)
                                 : sys::format("{}: {}: {}", *document_, place, problem));
}

void Reader::fail_type(std::string_view expected) const {
  fail(sys::format("expected {}, found {}", expected,
                   json_ == nullptr ? "nothing" : type_name(*json_)));
}

const Json::Array& Reader::array() const {
  const auto* elements = json_ != nullptr ? std::get_if<Json::Array>(&json_->value) : nullptr;
  if (elements == nullptr) fail_type("an array");
  return *elements;
}

const Json::Object& Reader::object() const {
  const auto* members = json_ != nullptr ? std::get_if<Json::Object>(&json_->value) : nullptr;
  if (members == nullptr) fail_type("an object");
  return *members;
}

Reader Reader::member(std::string_view key) const& {
  object();
  return Reader(json_->find(key), *this, key);
}

Reader Reader::required(std::string_view key) const& {
  object();
  const Json* found = json_->find(key);
  if (found == nullptr || found->is_null()) Reader(nullptr, *this, key).fail("missing");
  return Reader(found, *this, key);
}

void Reader::read(bool& target) const {
  if (!is_a<bool>(json_)) fail_type("a boolean");
  target = std::get<bool>(json_->value);
}

void Reader::read(int32_t& target) const {
  if (!is_number(json_)) fail_type("a number");
  if (const auto problem = convert_integer(json_->value, target)) fail(*problem);
}

void Reader::read(int64_t& target) const {
  if (!is_number(json_)) fail_type("a number");
  if (const auto problem = convert_integer(json_->value, target)) fail(*problem);
}

void Reader::read(uint32_t& target) const {
  if (!is_number(json_)) fail_type("a number");
  if (const auto problem = convert_integer(json_->value, target)) fail(*problem);
}

void Reader::read(uint64_t& target) const {
  if (!is_number(json_)) fail_type("a number");
  if (const auto problem = convert_integer(json_->value, target)) fail(*problem);
}

void Reader::read(std::string& target) const {
  if (!is_a<std::string>(json_)) fail_type("a string");
  target = std::get<std::string>(json_->value);
}

void Reader::read(std::vector<std::string>& target) const {
  target.clear();
  target.reserve(array().size());
  each_element([&](const Reader& element) { element.read(target.emplace_back()); });
}

void Reader::read(std::vector<uint32_t>& target) const {
  target.clear();
  target.reserve(array().size());
  each_element([&](const Reader& element) { element.read(target.emplace_back()); });
}

void Reader::read(std::map<std::string, std::string>& target) const {
  target.clear();
  each_member([&](const std::string& key, const Reader& value) { value.read(target[key]); });
}

}  // namespace config
