// SPDX-License-Identifier: Apache-2.0
// The functions of templates: Go's own, and docker's.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "config/template_tree.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxPad = 1000;

[[noreturn]] void fail(std::string_view problem) { throw sys::Error(std::string(problem), EINVAL); }

const std::string* as_text(const Json& value) { return std::get_if<std::string>(&value.value); }

const std::string& text_at(const TemplateArguments& arguments, std::size_t i) {
  const std::string* text = as_text(*arguments[i]);
  if (text == nullptr) {
    fail(sys::format("wrong type for value; expected string; got {}", display(*arguments[i])));
  }
  return *text;
}

std::size_t index_at(const TemplateArguments& arguments, std::size_t i, std::size_t most) {
  const auto* number = std::get_if<std::uint64_t>(&arguments[i]->value);
  if (number == nullptr) {
    fail(sys::format("cannot index slice/array with {}", display(*arguments[i])));
  }
  if (*number > most) fail(sys::format("index out of range: {}", *number));
  return static_cast<std::size_t>(*number);
}

std::size_t count_at(const TemplateArguments& arguments, std::size_t i) {
  const auto* number = std::get_if<std::uint64_t>(&arguments[i]->value);
  if (number == nullptr || *number > kMaxPad) {
    fail(sys::format("a number from 0 to {} is expected; got {}", kMaxPad, display(*arguments[i])));
  }
  return static_cast<std::size_t>(*number);
}

Json call_index(const TemplateArguments& arguments) {
  const Json* value = arguments[0];
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (const auto* array = std::get_if<Json::Array>(&value->value)) {
      const std::size_t at = index_at(arguments, i, array->size());
      if (at == array->size()) fail(sys::format("index out of range: {}", at));
      value = &(*array)[at];
    } else if (std::holds_alternative<Json::Object>(value->value)) {
      const Json* found = value->find(text_at(arguments, i));
      if (found == nullptr) return {std::string()};  // a map of strings has those
      value = found;
    } else if (value->is_null()) {
      fail("index of untyped nil");
    } else {
      fail(sys::format("can't index item of {}", display(*value)));
    }
  }
  return *value;
}

Json call_slice(const TemplateArguments& arguments) {
  const std::string* text = as_text(*arguments[0]);
  const auto* array = std::get_if<Json::Array>(&arguments[0]->value);
  if (text == nullptr && array == nullptr) fail("can't slice this");
  const std::size_t size = text != nullptr ? text->size() : array->size();
  const std::size_t start = arguments.size() > 1 ? index_at(arguments, 1, size) : 0;
  const std::size_t end = arguments.size() > 2 ? index_at(arguments, 2, size) : size;
  if (start > end) fail(sys::format("invalid slice index: {} > {}", start, end));
  if (text != nullptr) return {text->substr(start, end - start)};
  Json::Array part;
  for (std::size_t i = start; i < end; ++i) part.push_back((*array)[i]);
  return {std::move(part)};
}

Json call_len(const TemplateArguments& arguments) {
  const Json& value = *arguments[0];
  if (const std::string* text = as_text(value)) return {std::uint64_t{text->size()}};
  if (const auto* array = std::get_if<Json::Array>(&value.value)) {
    return {std::uint64_t{array->size()}};
  }
  if (const auto* object = std::get_if<Json::Object>(&value.value)) {
    return {std::uint64_t{object->size()}};
  }
  if (value.is_null()) fail("len of nil pointer");
  fail(sys::format("len of {}", display(value)));
}

// Less than 0, 0, more than 0, as what they stand for compares.
int compare(const Json& left, const Json& right, bool is_ordered) {
  const auto left_number = template_number(left);
  const auto right_number = template_number(right);
  if (left_number && right_number) {
    return *left_number < *right_number ? -1 : *left_number > *right_number ? 1 : 0;
  }
  const std::string* left_text = as_text(left);
  const std::string* right_text = as_text(right);
  if (left_text != nullptr && right_text != nullptr) return left_text->compare(*right_text);
  if (is_ordered) fail("incompatible types for comparison");
  if (left.value.index() != right.value.index() && !left.is_null() && !right.is_null()) {
    fail("incompatible types for comparison");
  }
  return left == right ? 0 : 1;
}

Json call_compare(std::string_view name, const TemplateArguments& arguments) {
  if (name == "eq") {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (compare(*arguments[0], *arguments[i], false) == 0) return {true};
    }
    return {false};
  }
  if (name == "ne") return {compare(*arguments[0], *arguments[1], false) != 0};
  const int order = compare(*arguments[0], *arguments[1], true);
  if (name == "lt") return {order < 0};
  if (name == "le") return {order <= 0};
  return {name == "gt" ? order > 0 : order >= 0};
}

// As Go's Sprint, or Sprintln: blanks between two of which neither is a string, or between all.
std::string print_all(const TemplateArguments& arguments, bool is_line) {
  std::string text;
  bool was_text = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_text = as_text(*arguments[i]) != nullptr;
    if (i > 0 && (is_line || (!is_text && !was_text))) text += ' ';
    text += arguments[i]->is_null() ? "<nil>" : display(*arguments[i]);
    was_text = is_text;
  }
  return is_line ? text + '\n' : text;
}

Json call_join(const TemplateArguments& arguments) {
  const auto* list = std::get_if<Json::Array>(&arguments[0]->value);
  if (list == nullptr && !arguments[0]->is_null()) fail("join needs a list and a separator");
  const std::string& separator = text_at(arguments, 1);
  std::string text;
  if (list == nullptr) return {text};
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (i > 0) text += separator;
    text += display((*list)[i]);
  }
  return {std::move(text)};
}

Json call_split(const TemplateArguments& arguments) {
  const std::string& text = text_at(arguments, 0);
  const std::string& separator = text_at(arguments, 1);
  Json::Array parts;
  std::size_t start = 0;
  while (!separator.empty()) {
    const std::size_t end = text.find(separator, start);
    if (end == text.npos) break;
    parts.push_back({text.substr(start, end - start)});
    start = end + separator.size();
  }
  parts.push_back({text.substr(start)});
  return {std::move(parts)};
}

enum class Case { kLower, kUpper, kTitle };

Json change_case(std::string text, Case to) {
  bool is_start = true;
  for (char& c : text) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && to == Case::kLower) c = static_cast<char>(c - 'A' + 'a');
    if (is_lower && (to == Case::kUpper || (to == Case::kTitle && is_start))) {
      c = static_cast<char>(c - 'a' + 'A');
    }
    is_start = !(is_lower || is_upper || (c >= '0' && c <= '9') || c == '_' || c == '\'');
  }
  return {std::move(text)};
}

Json call_truncate(const TemplateArguments& arguments) {
  const std::string& text = text_at(arguments, 0);
  const std::size_t most = count_at(arguments, 1);
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    const bool is_start = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (is_start && count++ == most) break;
  }
  return {text.substr(0, end)};
}

struct Function {
  std::string_view name;
  std::size_t least, most;  // arguments
};
constexpr std::size_t kAny = 1000;
constexpr Function kFunctions[] = {
    {"and", 1, kAny}, {"or", 1, kAny},    {"not", 1, 1},       {"eq", 2, kAny},
    {"ne", 2, 2},     {"lt", 2, 2},       {"le", 2, 2},        {"gt", 2, 2},
    {"ge", 2, 2},     {"index", 1, kAny}, {"slice", 1, 3},     {"len", 1, 1},
    {"json", 1, 1},   {"print", 0, kAny}, {"printf", 1, kAny}, {"println", 0, kAny},
    {"split", 2, 2},  {"join", 2, 2},     {"title", 1, 1},     {"lower", 1, 1},
    {"upper", 1, 1},  {"pad", 3, 3},      {"truncate", 2, 2}};

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::find(kFunctions, name, &Function::name);
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace

// Big enough for both of our whole numbers, and for what people write with a fraction.
std::optional<long double> template_number(const Json& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value.value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return *number;
  const auto* written = std::get_if<JsonNumberText>(&value.value);
  if (written == nullptr) return std::nullopt;
  double number = 0;
  std::from_chars(written->text.data(), written->text.data() + written->text.size(), number);
  return number;
}

bool is_template_function(std::string_view name) { return find_function(name) != nullptr; }

Json call_template_function(std::string_view name, const TemplateArguments& arguments) {
  const Function& function = *find_function(name);
  if (arguments.size() < function.least || arguments.size() > function.most) {
    fail(sys::format("wrong number of args for {}: want {}{} got {}", name,
                     function.most == function.least ? "" : "at least ", function.least,
                     arguments.size()));
  }
  if (name == "and" || name == "or") return *arguments.back();
  if (name == "not") return {!is_true(*arguments[0])};
  if (name == "index") return call_index(arguments);
  if (name == "slice") return call_slice(arguments);
  if (name == "len") return call_len(arguments);
  if (name == "json") return {write_json(*arguments[0], "")};
  if (name == "print") return {print_all(arguments, false)};
  if (name == "println") return {print_all(arguments, true)};
  if (name == "printf") {
    (void)text_at(arguments, 0);
    return {print_format(arguments)};
  }
  if (name == "split") return call_split(arguments);
  if (name == "join") return call_join(arguments);
  if (name == "lower") return change_case(text_at(arguments, 0), Case::kLower);
  if (name == "upper") return change_case(text_at(arguments, 0), Case::kUpper);
  if (name == "title") return change_case(text_at(arguments, 0), Case::kTitle);
  if (name == "truncate") return call_truncate(arguments);
  if (name == "pad") {
    const std::string& text = text_at(arguments, 0);
    if (text.empty()) return {text};
    return {std::string(count_at(arguments, 1), ' ') + text +
            std::string(count_at(arguments, 2), ' ')};
  }
  return call_compare(name, arguments);
}

bool is_true(const Json& value) {
  if (value.is_null()) return false;
  if (const auto* flag = std::get_if<bool>(&value.value)) return *flag;
  if (const auto number = template_number(value)) return *number != 0;
  if (const std::string* text = as_text(value)) return !text->empty();
  if (const auto* array = std::get_if<Json::Array>(&value.value)) return !array->empty();
  return !std::get<Json::Object>(value.value).empty();
}

namespace {

std::string display_inner(const Json& value) { return value.is_null() ? "<nil>" : display(value); }

}  // namespace

std::string display(const Json& value) {
  if (value.is_null()) return "<no value>";
  if (const std::string* text = as_text(value)) return *text;
  if (const auto* array = std::get_if<Json::Array>(&value.value)) {
    std::string text = "[";
    for (const Json& element : *array) {
      if (text.size() > 1) text += ' ';
      text += display_inner(element);
    }
    return text + ']';
  }
  if (const auto* object = std::get_if<Json::Object>(&value.value)) {
    std::vector<const JsonMember*> members;
    for (const JsonMember& member : *object) members.push_back(&member);
    std::ranges::stable_sort(members, {}, &JsonMember::key);
    std::string text = "map[";
    for (const JsonMember* member : members) {
      if (text.size() > 4) text += ' ';
      text += member->key + ':' + display_inner(member->value);
    }
    return text + ']';
  }
  return write_json(value, "");
}

}  // namespace config
