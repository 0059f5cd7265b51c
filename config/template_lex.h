// SPDX-License-Identifier: Apache-2.0
// The words of a template's actions, for template_parse.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/json.h"

namespace config {

struct TemplateToken {
  enum class Kind {
    kText,      // outside of actions
    kOpen,      // {{
    kClose,     // }}
    kDot,       // . alone
    kField,     // .Name
    kVariable,  // $ or $name
    kName,      // a function or a keyword
    kLiteral,   // a string, a number, a character
    kPipe,
    kLeft,
    kRight,
    kComma,
    kDeclare,  // :=
    kSet,      // =
    kEnd
  };
  Kind kind = Kind::kEnd;
  std::string text;
  Json literal;
  std::size_t at = 0, end = 0;
  bool is_attached = false;  // to the token before it, without a blank
};

/// Errors: as those of Template::parse.
std::vector<TemplateToken> lex_template(std::string_view source);

}  // namespace config
