// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/verbs.h"

namespace engine {
namespace {

// In the order of --help. A name of two words is one of a group.
constexpr Verb kVerbs[] = {
    {"attach", attach_command},
    {"commit", commit_command},
    {"create", create_command},
    {"diff", diff_command},
    {"doctor", doctor_command},
    {"exec", exec_command},
    {"export", export_command},
    {"history", history_command},
    {"images", images_command},
    {"import", import_command},
    {"info", info_command},
    {"inspect", inspect_command},
    {"kill", kill_command},
    {"load", load_command},
    {"logs", logs_command},
    {"mount", mount_command},
    {"pause", pause_command},
    {"port", port_command},
    {"ps", ps_command},
    {"rename", rename_command},
    {"restart", restart_command},
    {"rm", rm_command},
    {"rmi", rmi_command},
    {"run", run_command},
    {"save", save_command},
    {"start", start_command},
    {"stop", stop_command},
    {"system check", system_check_command},
    {"system df", system_df_command},
    {"system prune", system_prune_command},
    {"tag", tag_command},
    {"umount", umount_command},
    {"unpause", unpause_command},
    {"unshare", unshare_command},
    {"version", version_command},
    {"volume create", volume_create_command},
    {"volume inspect", volume_inspect_command},
    {"volume ls", volume_ls_command},
    {"volume prune", volume_prune_command},
    {"volume rm", volume_rm_command},
    {"wait", wait_command},

    {"container attach", attach_command, "attach"},
    {"container exec", exec_command, "exec"},
    {"container kill", kill_command, "kill"},
    {"container logs", logs_command, "logs"},
    {"container pause", pause_command, "pause"},
    {"container rename", rename_command, "rename"},
    {"container restart", restart_command, "restart"},
    {"container start", start_command, "start"},
    {"container stop", stop_command, "stop"},
    {"container unpause", unpause_command, "unpause"},
    {"container wait", wait_command, "wait"},
    {"container create", create_command, "create"},
    {"container diff", diff_command, "diff"},
    {"container port", port_command, "port"},
    {"container ls", ps_command, "ps"},
    {"container list", ps_command, "ps"},
    {"container rm", rm_command, "rm"},
    {"container run", run_command, "run"},
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

    {"network-down", network_down_command, {}, true},
    {"network-up", network_up_command, {}, true},
};

}  // namespace

std::span<const Verb> all_verbs() { return kVerbs; }

}  // namespace engine
