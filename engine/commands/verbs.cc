// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/verbs.h"

namespace engine {
namespace {

// In the order of --help. A name of two words is one of a group.
constexpr Verb kVerbs[] = {
    {"import", import_command},
    {"load", load_command},
    {"save", save_command},
    {"system check", system_check_command},
    {"system df", system_df_command},
    {"system prune", system_prune_command},
    {"version", version_command},

    {"image import", import_command, "import"},
    {"image load", load_command, "load"},
    {"image save", save_command, "save"},
};

}  // namespace

std::span<const Verb> all_verbs() { return kVerbs; }

}  // namespace engine
