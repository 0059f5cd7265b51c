// SPDX-License-Identifier: Apache-2.0
// The verbs: the options of each, and the command that they come to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/commands/command_line.h"
#include "runtime/commands/grammar.h"

namespace runtime {

/// A line for each of them, for help.
std::string list_verbs();

/// words: what follows the verb. Empty: there is no such verb.
std::optional<Command> parse_verb(std::string_view name, Words words);

}  // namespace runtime
