// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/verbs.h"

namespace engine {
namespace {

// In the order of --help. A name of two words is one of a group.
constexpr Verb kVerbs[] = {
    {"version", version_command},
};

}  // namespace

std::span<const Verb> all_verbs() { return kVerbs; }

}  // namespace engine
