// SPDX-License-Identifier: Apache-2.0
// What verbs print for people. Texts of images are somebody else's: a terminal obeys none of them.
#pragma once

#include <string_view>
#include <vector>

#include "config/human.h"
#include "config/json.h"
#include "config/template_rows.h"

namespace engine {

/// print(), with each line made safe when standard output is a terminal.
void print_text(std::string_view text);
void print_rows(const config::RowFormat& format, const std::vector<config::Json>& rows);

config::Time now();

/// Asks on a terminal, or reads the answer from wherever it comes. Docker's question.
bool is_confirmed(std::string_view warning);

}  // namespace engine
