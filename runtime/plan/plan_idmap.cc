// SPDX-License-Identifier: Apache-2.0
// Which ids the files of an idmapped bind get.
// Source: runtime-spec config.md, "idmap" and "ridmap"; crun(1), "idmap mount options".
#include "runtime/plan/plan.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

sys::IdMap map_of(const std::vector<config::IdmapRange>& ranges,
                  const std::vector<config::IdMapping>& container) {
  const sys::IdMap around = to_map(container);
  sys::IdMap map;
  for (const config::IdmapRange& range : ranges) {
    const sys::IdExtent extent = {.inside = range.mapping.container_id,
                                  .outside = range.mapping.host_id,
                                  .count = range.mapping.size};
    if (!range.is_relative) {
      map.push_back(extent);
      continue;
    }
    for (sys::IdExtent piece : sys::cut_extent(extent, around)) {
      piece.outside = sys::to_outside(around, piece.outside);
      map.push_back(piece);
    }
  }
  return map;
}

}  // namespace

std::optional<IdmapStep> plan_idmap(const config::Mount& mount, const config::Linux& platform,
                                    std::size_t index) {
  const config::MountOptions options = config::parse_mount_options(mount.options);
  if (!options.idmap && !options.ridmap && mount.uid_mappings.empty()) return std::nullopt;
  if (options.copy_symlink) {
    throw sys::Error(
        sys::format("/mounts/{}/options: idmap and copy-symlink exclude each other", index),
        EINVAL);
  }
  IdmapStep step = {.recursive = options.ridmap,
                    .uids = to_map(mount.uid_mappings),
                    .gids = to_map(mount.gid_mappings)};
  if (const auto ranges = config::parse_idmap_ranges(options.idmap_ranges)) {
    sys::in_context([&] { return sys::format("/mounts/{}/options: idmap", index); },
                    [&] {
                      step.uids = map_of(ranges->uids, platform.uid_mappings);
                      step.gids = map_of(ranges->gids, platform.gid_mappings);
                    });
  }
  return step;
}

}  // namespace runtime
