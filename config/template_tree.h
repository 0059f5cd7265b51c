// SPDX-License-Identifier: Apache-2.0
// A template taken apart: what template_parse.cc makes and template_execute.cc walks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json.h"
#include "config/template.h"

namespace config {

/// Throws `template: :LINE:COLUMN: problem` for byte `at` of `source`.
[[noreturn]] void fail_template(std::string_view source, std::size_t at, std::string_view problem);

struct TemplatePipeline;

struct TemplateOperand {
  enum class Kind { kDot, kVariable, kLiteral, kFunction, kPipeline };
  Kind kind = Kind::kDot;
  std::string name;                     // of a variable or a function
  Json literal;                         //
  std::vector<TemplatePipeline> inner;  // of kPipeline: one
  std::vector<std::string> fields;      // .A.B behind it
  std::size_t at = 0, end = 0;          // its text in the source
};

/// A function and its arguments, or one operand alone.
struct TemplateCommand {
  std::vector<TemplateOperand> words;
};

struct TemplatePipeline {
  std::vector<std::string> variables;  // that it declares or sets
  bool is_declaration = false;
  std::vector<TemplateCommand> commands;
  std::size_t at = 0;
};

struct TemplateNode {
  enum class Kind { kText, kAction, kIf, kWith, kRange, kBreak, kContinue };
  Kind kind = Kind::kText;
  std::string text;
  TemplatePipeline pipeline;
  std::vector<TemplateNode> body, otherwise;
  std::size_t at = 0;
};

struct Template::Tree {
  std::string source;
  std::vector<TemplateNode> nodes;
};

std::vector<TemplateNode> parse_template(std::string_view source);

/// What a function gets and gives. Errors: a text without place, as a sys::Error.
using TemplateArguments = std::vector<const Json*>;
bool is_template_function(std::string_view name);
Json call_template_function(std::string_view name, const TemplateArguments& arguments);
/// None for what is no number. Big enough for both of our whole numbers.
std::optional<long double> template_number(const Json& value);
bool is_true(const Json& value);
/// As Go's %v writes it: [a b], map[k:v].
std::string display(const Json& value);
/// Go's Sprintf; the first is a string. Errors: none: Go writes %!d(string=x) into the text, and so
/// does this.
std::string print_format(const TemplateArguments& arguments);

}  // namespace config
