// SPDX-License-Identifier: Apache-2.0
// The grammar of flags, which is docker's, that is spf13/pflag's: "--name value", "--name=value",
// "-n value", "-nvalue", "-n=value", "-abc"; a bool alone or with "=true" or "=false"; "--" ends
// them, and a lone "-" is a word.
#pragma once

#include <string>
#include <vector>

#include "engine/commands/cli.h"

namespace engine {

/// Sets what the flags among `words` say, in their order, and returns the other words.
/// ends_at_positional: all words from the first that is no flag on are returned as they are.
/// Errors: UsageError in pflag's words; the command line adds where to look.
std::vector<std::string> parse_flags(const std::vector<Flag>& flags, bool ends_at_positional,
                                     const std::vector<std::string>& words);

}  // namespace engine
