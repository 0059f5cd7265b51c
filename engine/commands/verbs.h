// SPDX-License-Identifier: Apache-2.0
// All verbs. Each is a function that gives its Command, in a file of the verb's name; the table of
// them is in verbs.cc.
#pragma once

#include <span>

#include "engine/commands/cli.h"

namespace engine {

Command attach_command();
Command commit_command();
Command create_command();
Command diff_command();
Command doctor_command();
Command exec_command();
Command export_command();
Command history_command();
Command image_inspect_command();
Command image_prune_command();
Command images_command();
Command import_command();
Command info_command();
Command inspect_command();
Command kill_command();
Command load_command();
Command logs_command();
Command mount_command();
Command network_down_command();
Command network_up_command();
Command pause_command();
Command port_command();
Command ps_command();
Command rename_command();
Command restart_command();
Command rm_command();
Command rmi_command();
Command run_command();
Command save_command();
Command start_command();
Command stop_command();
Command system_check_command();
Command system_df_command();
Command system_prune_command();
Command tag_command();
Command umount_command();
Command unpause_command();
Command unshare_command();
Command version_command();
Command wait_command();
Command volume_create_command();
Command volume_inspect_command();
Command volume_ls_command();
Command volume_prune_command();
Command volume_rm_command();

std::span<const Verb> all_verbs();

}  // namespace engine
