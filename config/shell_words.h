// SPDX-License-Identifier: Apache-2.0
// Words of a Dockerfile's instruction, as docker's own small shell reads them: quotes, backslashes,
// variables. Nothing is ever run. Source: buildkit, frontend/dockerfile/shell/lex.go.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace config {

/// What a variable holds; none when it is not set.
using Variables = std::function<std::optional<std::string>(std::string_view name)>;

/// One word, in quotes or not, with what is in it replaced: $NAME, ${NAME}, ${NAME:-word},
/// ${NAME-word}, ${NAME:+word}, ${NAME+word}, ${NAME:?message}. Nothing is replaced in single
/// quotes. `line` holds `word` and is what an error points into. Errors: a quote or a brace without
/// its end, with a caret; results beyond 1 MiB.
std::string expand_word(std::string_view line, std::string_view word, const Variables& variables);

/// The words of `text` by blanks, quotes kept in them. A backslash takes the next character along.
std::vector<std::string_view> split_words(std::string_view text);

/// `text` (a part of `line`) as a JSON array of strings: docker's exec form. None when it is not
/// one, for then it is the shell form.
std::optional<std::vector<std::string>> parse_exec_form(std::string_view text);

}  // namespace config
