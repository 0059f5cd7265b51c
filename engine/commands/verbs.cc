// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/verbs.h"

namespace engine {
namespace {

// In the order of --help. A name of two words is one of a group.
constexpr Verb kVerbs[] = {
    {"commit", commit_command},
    {"export", export_command},
    {"history", history_command},
    {"images", images_command},
    {"import", import_command},
    {"info", info_command},
    {"inspect", inspect_command},
    {"load", load_command},
    {"rmi", rmi_command},
    {"save", save_command},
    {"system check", system_check_command},
    {"system df", system_df_command},
    {"system prune", system_prune_command},
    {"tag", tag_command},
    {"version", version_command},

    {"image history", history_command, "history"},
    {"image import", import_command, "import"},
    {"image inspect", image_inspect_command},
    {"image ls", images_command, "images"},
    {"image list", images_command, "images"},
    {"image prune", image_prune_command},
    {"image rm", rmi_command, "rmi"},
    {"image tag", tag_command, "tag"},
    {"image load", load_command, "load"},
    {"image save", save_command, "save"},
};

}  // namespace

std::span<const Verb> all_verbs() { return kVerbs; }

}  // namespace engine
