// SPDX-License-Identifier: Apache-2.0
// A user namespace that nobody lives in, for its maps. Source: user_namespaces(7).
#pragma once

#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/procfs.h"

namespace sys {

/// Makes a child of our user namespace with these maps. It lasts as long as its descriptor, or
/// whoever is in it.
/// Errors: those of write_id_maps for a caller with CAP_SETUID and CAP_SETGID, else those of
/// write_id_maps_by_helpers.
Fd make_user_namespace(const Procfs& proc, const IdMap& uids, const IdMap& gids);

}  // namespace sys
