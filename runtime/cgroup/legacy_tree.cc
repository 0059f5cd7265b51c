// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/legacy_tree.h"

#include <algorithm>
#include <optional>

#include "runtime/cgroup/mount_lines.h"
#include "runtime/cgroup/unified_tree.h"

namespace runtime {
namespace {

constexpr const char* kSystemd = "name=systemd";

struct MountLine {
  std::string_view root, place, type, options;
};

// ID PARENT DEVICE ROOT PLACE OPTIONS [TAG...] - TYPE SOURCE OPTIONS
MountLine parse_mount(std::string_view line) {
  MountLine mount = {.root = field(line, 4), .place = field(line, 5), .type = {}, .options = {}};
  const std::size_t end = line.find(" - ");
  if (end == std::string_view::npos) return mount;
  const std::string_view rest = line.substr(end + 3);
  mount.type = field(rest, 1);
  mount.options = field(rest, 3);
  return mount;
}

// name: of one hierarchy's, as /proc/PID/cgroup has it. A mount names all of its controllers.
bool is_mount_of(const MountLine& mount, std::string_view name) {
  if (name == kUnifiedHierarchy) return mount.type == "cgroup2";
  return mount.type == "cgroup" && has_controller(mount.options, name.substr(0, name.find(',')));
}

std::optional<LegacyHierarchy> find_mount(std::string_view name, std::string_view own,
                                          const std::vector<MountLine>& mounts) {
  for (const MountLine& mount : mounts) {
    if (!is_mount_of(mount, name)) continue;
    const auto place = place_below(own, mount.root);
    if (!place) continue;
    return LegacyHierarchy{
        .name = std::string(name), .mount_point = std::string(mount.place), .own = *place};
  }
  return std::nullopt;
}

}  // namespace

bool has_controller(std::string_view hierarchy, std::string_view controller) {
  bool has = false;
  each_part(hierarchy, ',', [&](std::string_view one) { has |= one == controller; });
  return has;
}

std::vector<LegacyHierarchy> legacy_hierarchies(const std::string& mountinfo,
                                                const std::string& cgroup) {
  std::vector<MountLine> mounts;
  each_line(mountinfo, [&](std::string_view line) {
    if (line.find(" - cgroup") != std::string_view::npos) mounts.push_back(parse_mount(line));
  });
  std::vector<LegacyHierarchy> found;
  bool has_legacy = false;
  each_line(cgroup, [&](std::string_view line) {  // ID:CONTROLLERS:PATH
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return;
    std::string_view name = line.substr(first + 1, second - first - 1);
    if (name.empty()) name = kUnifiedHierarchy;
    if (name.starts_with("name=") && name != kSystemd) return;  // nobody knows what for
    auto one = find_mount(name, line.substr(second + 1), mounts);
    if (!one) return;
    has_legacy |= name != kUnifiedHierarchy;
    found.push_back(std::move(*one));
  });
  if (!has_legacy) found.clear();
  return found;
}

std::vector<LegacyHierarchy> find_legacy_hierarchies(const sys::Procfs& proc) {
  return legacy_hierarchies(proc.read("self/mountinfo", kMaxMountinfo), proc.read("self/cgroup"));
}

}  // namespace runtime
