// SPDX-License-Identifier: Apache-2.0
// Namespaces and id maps: what is made, what is joined and in which order, who writes the maps.
#include <linux/sched.h>

#include <algorithm>
#include <array>

#include "runtime/plan/plan.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

// user_namespaces(7): the user namespace comes first, for it gives the right to join the others;
// the mount namespace last, since paths are read in ours.
constexpr std::array kJoinOrder = {CLONE_NEWUSER, CLONE_NEWIPC,    CLONE_NEWUTS, CLONE_NEWNET,
                                   CLONE_NEWPID,  CLONE_NEWCGROUP, CLONE_NEWNS};

std::size_t join_rank(int type) {
  return static_cast<std::size_t>(std::find(kJoinOrder.begin(), kJoinOrder.end(), type) -
                                  kJoinOrder.begin());
}

std::string offsets_text(const config::Linux& platform) {
  std::string text;
  for (const auto& [clock, offset] : platform.time_offsets) {
    text += sys::format("{} {} {}\n", clock, offset.secs, offset.nanosecs);
  }
  return text;
}

sys::IdMap cut_by_own(const sys::IdMap& wanted, const sys::IdMap& own, const char* field) {
  sys::IdMap pieces;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const sys::IdMap cut = sys::in_context([&] { return sys::format("/linux/{}/{}", field, i); },
                                           [&] { return sys::cut_extent(wanted[i], own); });
    pieces.insert(pieces.end(), cut.begin(), cut.end());
  }
  return pieces;
}

bool is_only(const sys::IdMap& map, uint32_t outside) {
  return map.size() == 1 && map[0].count == 1 && map[0].outside == outside;
}

// Who sets the container up: its root where there is one, else the caller if mapped, else anybody.
std::optional<uint32_t> setup_id(const sys::IdMap& map, uint32_t own) {
  const auto has_root = [](const sys::IdExtent& extent) {
    return extent.inside == 0 && extent.count > 0;
  };
  if (std::any_of(map.begin(), map.end(), has_root)) return 0;
  if (sys::maps_outside(map, own)) return std::nullopt;
  return map.front().inside;
}

}  // namespace

sys::IdMap to_map(const std::vector<config::IdMapping>& mappings) {
  sys::IdMap map;
  for (const config::IdMapping& mapping : mappings) {
    map.push_back(
        {.inside = mapping.container_id, .outside = mapping.host_id, .count = mapping.size});
  }
  return map;
}

int clone_flag(config::NamespaceType type) {
  switch (type) {
    case config::NamespaceType::kPid:
      return CLONE_NEWPID;
    case config::NamespaceType::kNetwork:
      return CLONE_NEWNET;
    case config::NamespaceType::kMount:
      return CLONE_NEWNS;
    case config::NamespaceType::kIpc:
      return CLONE_NEWIPC;
    case config::NamespaceType::kUts:
      return CLONE_NEWUTS;
    case config::NamespaceType::kUser:
      return CLONE_NEWUSER;
    case config::NamespaceType::kCgroup:
      return CLONE_NEWCGROUP;
    case config::NamespaceType::kTime:
      return CLONE_NEWTIME;
  }
  return 0;
}

bool NamespacePlan::has(int type) const {
  if (makes(type) || (type == CLONE_NEWNET && network_beside)) return true;
  return std::any_of(joins.begin(), joins.end(),
                     [&](const NamespaceJoin& join) { return join.type == type; });
}

NamespacePlan plan_namespaces(const config::RuntimeSpec& spec) {
  NamespacePlan plan;
  for (const config::Namespace& wanted : spec.linux_.namespaces) {
    const int type = clone_flag(wanted.type);
    if (type == CLONE_NEWTIME) {
      plan.new_time = wanted.path.empty();
      plan.joined_time = wanted.path;
    } else if (wanted.path.empty() && type == CLONE_NEWNET) {
      plan.network_beside = true;
    } else if (wanted.path.empty()) {
      plan.made |= static_cast<std::uint64_t>(type);
    } else {
      plan.joins.push_back({.path = wanted.path, .type = type});
    }
  }
  std::sort(plan.joins.begin(), plan.joins.end(),
            [](const NamespaceJoin& a, const NamespaceJoin& b) {
              return join_rank(a.type) < join_rank(b.type);
            });
  if (plan.new_time) plan.time_offsets = offsets_text(spec.linux_);
  return plan;
}

IdPlan plan_ids(const config::RuntimeSpec& spec, const HostFacts& facts) {
  IdPlan plan;
  const auto& wanted = spec.linux_.namespaces;
  const auto user = std::find_if(wanted.begin(), wanted.end(), [](const config::Namespace& one) {
    return one.type == config::NamespaceType::kUser;
  });
  if (user == wanted.end()) return plan;
  if (!user->path.empty()) {  // somebody else's map; its root is the only id that we can count on
    plan.setup_uid = 0;
    plan.setup_gid = 0;
    return plan;
  }
  plan.uids = to_map(spec.linux_.uid_mappings);
  plan.gids = to_map(spec.linux_.gid_mappings);
  plan.setup_uid = setup_id(plan.uids, facts.uid);
  plan.setup_gid = setup_id(plan.gids, facts.gid);
  if (facts.can_set_ids) {
    plan.writer = MapWriter::kParent;
    if (!facts.own_uids.empty()) plan.uids = cut_by_own(plan.uids, facts.own_uids, "uidMappings");
    if (!facts.own_gids.empty()) plan.gids = cut_by_own(plan.gids, facts.own_gids, "gidMappings");
  } else if (is_only(plan.uids, facts.uid) && is_only(plan.gids, facts.gid)) {
    plan.writer = MapWriter::kItself;
    plan.setup_uid.reset();  // it is that id already
    plan.setup_gid.reset();
  } else {
    plan.writer = MapWriter::kHelpers;
  }
  return plan;
}

}  // namespace runtime
