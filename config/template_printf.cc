// SPDX-License-Identifier: Apache-2.0
// Go's Sprintf, for templates.
#include <algorithm>
#include <charconv>
#include <optional>

#include "config/template_tree.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxPad = 1000;

const std::string* as_text(const Json& value) { return std::get_if<std::string>(&value.value); }

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// "%-10.3s": what stands between "%" and the verb.
struct Directive {
  bool is_left = false, is_zero = false, has_sign = false, is_sharp = false;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
};

std::size_t take_count(std::string_view format, std::size_t& at) {
  std::size_t count = 0;
  for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
    count = std::min(count * 10 + static_cast<std::size_t>(format[at] - '0'), kMaxPad);
  }
  return count;
}

Directive take_directive(std::string_view format, std::size_t& at) {
  Directive directive;
  for (; at < format.size(); ++at) {
    const char c = format[at];
    if (c == '-') {
      directive.is_left = true;
    } else if (c == '0') {
      directive.is_zero = true;
    } else if (c == '+') {
      directive.has_sign = true;
    } else if (c == '#') {
      directive.is_sharp = true;
    } else if (c != ' ') {
      break;
    }
  }
  directive.width = take_count(format, at);
  if (at < format.size() && format[at] == '.') directive.precision = take_count(format, ++at);
  return directive;
}

std::string in_base(const Json& value, char verb) {
  const auto* number = std::get_if<std::uint64_t>(&value.value);
  const auto* below = std::get_if<std::int64_t>(&value.value);
  const std::uint64_t size =
      number != nullptr ? *number : std::uint64_t{0} - static_cast<std::uint64_t>(*below);
  std::string text = verb == 'x'   ? sys::format("{:x}", size)
                     : verb == 'X' ? sys::format("{:X}", size)
                     : verb == 'o' ? sys::format("{:o}", size)
                     : verb == 'b' ? sys::format("{:b}", size)
                                   : sys::format("{}", size);
  return below != nullptr && *below < 0 ? "-" + text : text;
}

// Without width; none when the verb isn't for such a value.
std::optional<std::string> format_value(const Json& value, char verb, const Directive& directive) {
  const std::string* text = as_text(value);
  const bool is_whole = std::holds_alternative<std::uint64_t>(value.value) ||
                        std::holds_alternative<std::int64_t>(value.value);
  if (verb == 'v') {
    if (text != nullptr && directive.is_sharp) return quote_json(*text);
    return value.is_null() ? "<nil>" : display(value);
  }
  if (verb == 's' && (text != nullptr || value.value.index() >= 6)) {
    std::string shown = display(value);
    if (directive.precision) shown = shown.substr(0, *directive.precision);
    return shown;
  }
  if (verb == 'q' && text != nullptr) return quote_json(*text);
  if (verb == 't' && std::holds_alternative<bool>(value.value)) return display(value);
  if (std::string_view("dxXob").find(verb) != std::string_view::npos && is_whole) {
    std::string number = in_base(value, verb);
    return directive.has_sign && number[0] != '-' ? "+" + number : number;
  }
  if (verb == 'x' && text != nullptr) {
    std::string hex;
    for (const char c : *text) hex += sys::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
  }
  const auto number = template_number(value);
  if (number && (verb == 'f' || verb == 'g' || verb == 'e')) {
    const auto precision = static_cast<int>(directive.precision.value_or(6));
    const auto shown = static_cast<double>(*number);
    if (verb == 'f') return sys::format("{:.{}f}", shown, precision);
    if (verb == 'e') return sys::format("{:.{}e}", shown, precision);
    return directive.precision ? sys::format("{:.{}g}", shown, precision)
                               : sys::format("{}", shown);
  }
  return std::nullopt;
}

std::string with_width(std::string text, const Directive& directive, bool is_number) {
  const std::size_t length = code_points(text);
  if (length >= directive.width) return text;
  const std::size_t missing = directive.width - length;
  if (directive.is_left) return text + std::string(missing, ' ');
  if (!directive.is_zero || !is_number) return std::string(missing, ' ') + text;
  const bool is_signed = text[0] == '-' || text[0] == '+';
  return text.insert(is_signed ? 1 : 0, missing, '0');
}

std::string_view type_name(const Json& value) {
  constexpr std::string_view kNames[] = {"<nil>",
                                         "bool",
                                         "int",
                                         "int",
                                         "float64",
                                         "string",
                                         "[]interface {}",
                                         "map[string]interface {}"};
  return kNames[value.value.index()];
}

}  // namespace

std::string print_format(const TemplateArguments& arguments) {
  const std::string_view format = std::get<std::string>(arguments[0]->value);
  std::string text;
  std::size_t next = 1;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      text += format[at];
      continue;
    }
    const Directive directive = take_directive(format, ++at);
    if (at >= format.size()) {
      text += "%!(NOVERB)";
      break;
    }
    const char verb = format[at];
    if (verb == '%') {
      text += '%';
    } else if (next >= arguments.size()) {
      text += sys::format("%!{}(MISSING)", verb);
    } else {
      const Json& value = *arguments[next++];
      const auto shown = format_value(value, verb, directive);
      text += shown ? with_width(*shown, directive, template_number(value).has_value())
                    : sys::format("%!{}({}={})", verb, type_name(value), display(value));
    }
  }
  for (std::size_t i = next; i < arguments.size(); ++i) {
    text += sys::format("{}{}={}", i == next ? "%!(EXTRA " : ", ", type_name(*arguments[i]),
                        display(*arguments[i]));
    if (i + 1 == arguments.size()) text += ')';
  }
  return text;
}

}  // namespace config
