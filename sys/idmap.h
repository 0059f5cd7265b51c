// SPDX-License-Identifier: Apache-2.0
// Id maps of user namespaces. Source: user_namespaces(7), newuidmap(1), subuid(5).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/procfs.h"

namespace sys {

/// `count` ids from `inside` on are the parent namespace's ids from `outside` on.
struct IdExtent {
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t count = 0;
  bool operator==(const IdExtent&) const = default;
};
using IdMap = std::vector<IdExtent>;

/// The lines that uid_map and gid_map take.
std::string to_text(const IdMap& map);
/// Reads what the kernel prints. Errors: anything that is no such table.
IdMap parse_id_map(const std::string& text);
/// The map of the caller's own namespace.
IdMap own_uid_map(const Procfs& proc);
IdMap own_gid_map(const Procfs& proc);
/// True in the initial user namespace, where every id is itself.
bool is_initial(const IdMap& map);
/// Whether `id`, as the parent namespace counts, is among those that the map hands out.
bool maps_outside(const IdMap& map, uint32_t id);

/// Whether `id` is one of the map's own namespace.
bool maps_inside(const IdMap& map, uint32_t id);

/// Cuts `wanted` where its outside ids, which are ids in `around`, cross from one extent of that
/// map into the next: the kernel refuses a nested extent that spans two. Errors: EPERM, an id that
/// `around` hasn't.
IdMap cut_extent(const IdExtent& wanted, const IdMap& around);

/// What `id`, which the map has, is outside.
uint32_t to_outside(const IdMap& map, uint32_t id);

/// Writes the maps of process `who` ("self", or a pid). Needs CAP_SETUID and CAP_SETGID over the
/// parent namespace, or is the own single id (then the kernel wants setgroups denied first).
/// Errors: EPERM when an outside id is not ours, or is the parent namespace's 0 and nobody has
/// CAP_SETFCAP there.
void write_id_maps(const Procfs& proc, const std::string& who, const IdMap& uids, const IdMap& gids,
                   bool deny_setgroups);

/// Has newuidmap and newgidmap write the maps of process `pid`, side by side.
/// Errors: ENOENT when they are not installed, EPERM with the helper's own words.
void write_id_maps_by_helpers(pid_t pid, const IdMap& uids, const IdMap& gids);

}  // namespace sys
