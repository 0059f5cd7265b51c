// SPDX-License-Identifier: Apache-2.0
// The checks of `tilla doctor`. Each finds out by use wherever it can, changes nothing, and looks
// for the cause when something is refused. Run before an identity is entered: they are about what
// this user can do here.
#pragma once

#include <string>

#include "engine/doctor/finding.h"

namespace engine {

void check_kernel(Findings& findings);
void check_user_namespaces(Findings& findings);
/// What becomes of a user namespace: the other namespaces and mounts in it.
void check_isolation(Findings& findings);
void check_subordinate_ids(Findings& findings);
void check_network(Findings& findings);
void check_cgroups(Findings& findings);
void check_runtime_directory(Findings& findings);
void check_programs(Findings& findings);
/// store: its path; need not exist.
void check_store(Findings& findings, const std::string& store);
/// What makes root file systems there. The last one: it takes on an identity for good.
void check_drivers(Findings& findings, const std::string& store);

/// All of them, in the order in which people should read them.
Findings examine_host(const std::string& store);

}  // namespace engine
