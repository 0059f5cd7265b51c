// SPDX-License-Identifier: Apache-2.0
#include "sys/capability.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/idmap.h"

namespace sys {
namespace {

constexpr int kHighest = 63;

bool contains(CapabilitySet set, int number) { return ((set >> number) & 1U) != 0; }

uint32_t low(CapabilitySet set) { return static_cast<uint32_t>(set); }
uint32_t high(CapabilitySet set) { return static_cast<uint32_t>(set >> 32); }

std::string ids_of(const IdMap& map) {
  std::string text;
  for (const IdExtent& extent : map) {
    if (!text.empty()) text += ", ";
    text += std::to_string(extent.inside);
    if (extent.count > 1) text += format(" to {}", extent.inside + (extent.count - 1));
  }
  return text.empty() ? "none" : text;
}

// EINVAL is what the kernel says of an id that the user namespace has not.
Error identity_error(const std::string& call, const char* map_file,
                     const std::vector<uint32_t>& wanted) {
  Error error = errno_error(call);
  if (error.code() != EINVAL) return error;
  try {  // there may be no /proc in here; then there is no hint
    const IdMap map = parse_id_map(Procfs::open().read(format("self/{}", map_file)));
    const auto missing =
        std::ranges::find_if(wanted, [&](uint32_t id) { return !maps_inside(map, id); });
    if (missing == wanted.end()) return error;
    error.set_hint(format("id {} is not mapped in the container's user namespace; mapped are: {}",
                          *missing, ids_of(map)));
  } catch (const Error&) {
  }
  return error;
}

}  // namespace

std::optional<int> capability_number(const std::string& name) {
  cap_value_t value = 0;
  // libcap takes numbers as names too; the specification doesn't.
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return std::nullopt;
  if (::cap_from_name(name.c_str(), &value) < 0) return std::nullopt;
  // It also stops at the first character that belongs to no name, and ignores case.
  if (capability_name(static_cast<int>(value)) != name) return std::nullopt;
  return static_cast<int>(value);
}

std::string capability_name(int number) {
  const std::unique_ptr<char, int (*)(void*)> name(::cap_to_name(static_cast<cap_value_t>(number)),
                                                   &::cap_free);
  std::string text = name ? name.get() : std::to_string(number);
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

std::vector<std::string> all_capability_names() {
  std::vector<std::string> names;
  for (int number = 0; number <= CAP_LAST_CAP; ++number) names.push_back(capability_name(number));
  return names;
}

CapabilitySets own_capabilities() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) < 0) throw errno_error("capget");
  const auto join = [](uint32_t first, uint32_t second) {
    return static_cast<CapabilitySet>(first) | (static_cast<CapabilitySet>(second) << 32);
  };
  CapabilitySets sets;
  sets.effective = join(data[0].effective, data[1].effective);
  sets.permitted = join(data[0].permitted, data[1].permitted);
  sets.inheritable = join(data[0].inheritable, data[1].inheritable);
  return sets;
}

void limit_bounding_set(CapabilitySet keep) {
  for (int number = 0; number <= kHighest; ++number) {
    if (contains(keep, number)) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    const int code = errno;
    const int present = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (present < 0) break;  // past the last one that this kernel knows
    if (present == 0) continue;
    throw errno_error(format("drop {} from the bounding set", capability_name(number)), code);
  }
}

void set_capabilities(const CapabilitySets& sets) {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  data[0] = {.effective = low(sets.effective),
             .permitted = low(sets.permitted),
             .inheritable = low(sets.inheritable)};
  data[1] = {.effective = high(sets.effective),
             .permitted = high(sets.permitted),
             .inheritable = high(sets.inheritable)};
  if (::syscall(SYS_capset, &header, data) < 0) throw errno_error("capset");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
    throw errno_error("clear the ambient capabilities");
  }
  for (int number = 0; number <= kHighest; ++number) {
    if (!contains(sets.ambient, number)) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0) {
      throw errno_error(format("raise {} in the ambient set", capability_name(number)));
    }
  }
}

void become(const Identity& identity, bool may_set_groups, bool keep_capabilities) {
  if (keep_capabilities && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
    throw errno_error("PR_SET_KEEPCAPS");
  }
  if (!may_set_groups && !identity.groups.empty()) {
    throw Error("setgroups: denied in this user namespace, so there are no additional groups",
                EPERM);
  }
  if (may_set_groups && ::setgroups(identity.groups.size(), identity.groups.data()) < 0) {
    throw identity_error("setgroups", "gid_map", identity.groups);
  }
  if (::setresgid(identity.gid, identity.gid, identity.gid) < 0) {
    throw identity_error(format("setresgid {}", identity.gid), "gid_map", {identity.gid});
  }
  if (::setresuid(identity.uid, identity.uid, identity.uid) < 0) {
    throw identity_error(format("setresuid {}", identity.uid), "uid_map", {identity.uid});
  }
  if (keep_capabilities && ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) {
    throw errno_error("PR_SET_KEEPCAPS");
  }
}

}  // namespace sys
