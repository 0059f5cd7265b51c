// SPDX-License-Identifier: Apache-2.0
#include "config/user_lookup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

constexpr std::uint32_t kNobodysId = UINT32_MAX;  // "leave it", to setuid(2)

/// Calls `visit` with the fields of each line that has at least `count`, until it returns false.
template <std::size_t count>
void visit_lines(std::string_view text,
                 const std::function<bool(const std::array<std::string_view, count>&)>& visit) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    std::array<std::string_view, count> fields;
    std::size_t filled = 0;
    for (; filled < count; ++filled) {
      const std::size_t colon = line.find(':');
      fields[filled] = line.substr(0, colon);
      if (colon == std::string_view::npos) {
        ++filled;
        break;
      }
      line.remove_prefix(colon + 1);
    }
    if (filled == count && !visit(fields)) return;
  }
}

struct PasswdLine {
  std::string name, home;
  std::uint32_t uid = 0, gid = 0;
};

/// The first line of that name, or else of that number. One whose ids are no ids is no line.
std::optional<PasswdLine> find_passwd(std::string_view passwd, std::string_view user) {
  std::optional<PasswdLine> by_name, by_number;
  std::uint32_t number = 0;
  const bool is_number = parse_id(user, number);
  visit_lines<6>(passwd, [&](const std::array<std::string_view, 6>& fields) {
    PasswdLine line;
    if (!parse_id(fields[2], line.uid) || !parse_id(fields[3], line.gid)) return true;
    line.name = fields[0];
    line.home = fields[5];
    if (fields[0] == user && !user.empty()) by_name = line;
    if (is_number && line.uid == number && !by_number) by_number = line;
    return !by_name.has_value();
  });
  return by_name ? by_name : by_number;
}

std::optional<std::uint32_t> find_group(std::string_view group, std::string_view wanted) {
  std::optional<std::uint32_t> found;
  visit_lines<3>(group, [&](const std::array<std::string_view, 3>& fields) {
    std::uint32_t gid = 0;
    if (fields[0] == wanted && !wanted.empty() && parse_id(fields[2], gid)) found = gid;
    return !found.has_value();
  });
  if (found) return found;
  std::uint32_t number = 0;
  if (parse_id(wanted, number)) return number;
  return std::nullopt;
}

std::uint32_t need_group(std::string_view group, std::string_view wanted) {
  const auto gid = find_group(group, wanted);
  if (!gid) {
    throw sys::Error(sys::format("unable to find group {}: no matching entries in group file",
                                 sys::terminal_safe(wanted)));
  }
  return *gid;
}

std::vector<std::uint32_t> groups_of(std::string_view group, std::string_view user) {
  std::vector<std::uint32_t> groups;
  visit_lines<4>(group, [&](const std::array<std::string_view, 4>& fields) {
    std::uint32_t gid = 0;
    if (!parse_id(fields[2], gid)) return true;
    std::string_view members = fields[3];
    while (!members.empty()) {
      const std::string_view member = members.substr(0, members.find(','));
      members.remove_prefix(std::min(members.size(), member.size() + 1));
      if (member == user) groups.push_back(gid);
    }
    return true;
  });
  return groups;
}

void set_user(const UserRequest& request, std::string_view user, FoundUser& found) {
  const auto line = find_passwd(request.passwd, user.empty() ? "0" : user);
  if (line) {
    found.uid = line->uid;
    found.gid = line->gid;
    found.name = line->name;
    found.home = line->home;
  } else if (!user.empty() && !parse_id(user, found.uid)) {
    throw sys::Error(sys::format("unable to find user {}: no matching entries in passwd file",
                                 sys::terminal_safe(user)));
  }
}

}  // namespace

bool parse_id(std::string_view text, std::uint32_t& id) {
  std::uint32_t value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value == kNobodysId) return false;
  id = value;
  return true;
}

FoundUser find_user(const UserRequest& request) {
  const std::size_t colon = request.user.find(':');
  const std::string_view user = request.user.substr(0, colon);
  FoundUser found;
  set_user(request, user, found);
  if (colon != std::string_view::npos && colon + 1 < request.user.size()) {
    found.gid = need_group(request.group, request.user.substr(colon + 1));
  } else if (!found.name.empty()) {
    found.groups = groups_of(request.group, found.name);
  }
  for (const std::string& added : request.added_groups) {
    found.groups.push_back(need_group(request.group, added));
  }
  found.groups.push_back(found.gid);
  std::ranges::sort(found.groups);
  const auto twice = std::ranges::unique(found.groups);
  found.groups.erase(twice.begin(), twice.end());
  return found;
}

}  // namespace config
