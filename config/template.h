// SPDX-License-Identifier: Apache-2.0
// The part of Go's text/template that `--format` is used with. Source: pkg.go.dev/text/template;
// docker/cli, "templates/templates.go".
//
// There is: {{.A.B}} {{$}} {{$x := ...}} {{if}} {{else if}} {{else}} {{with}} {{range $k, $v :=
// ...}}
// {{break}} {{continue}} {{/* comment */}} {{- -}}, pipes, parentheses, strings, numbers, and the
// functions and or not eq ne lt le gt ge index slice len print printf println json split join title
// lower upper pad truncate. There is no define, template, block and call.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/json.h"

namespace config {

class Template {
 public:
  /// Errors: `template: :1:7: what is wrong`, line and column.
  static Template parse(std::string_view text);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// The text for `data`. Errors: a field that isn't there, a function's wrong argument, with its
  /// place; more than 16 MiB; more than a million steps. INV-12.
  std::string execute(const Json& data) const;
  /// The same for a row of titles: functions that would change or measure a text leave it as it is.
  std::string execute_titles(const Json& titles) const;

 private:
  struct Tree;
  explicit Template(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

}  // namespace config
