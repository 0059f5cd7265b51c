// SPDX-License-Identifier: Apache-2.0
// Subordinate ids: whether there are any, and whether they can be had. Source: subuid(5),
// newuidmap(1).
#include <linux/capability.h>
#include <sched.h>

#include <algorithm>
#include <optional>

#include "engine/container/identity.h"
#include "engine/doctor/checks.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/idmap.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/trial.h"
#include "sys/userns.h"

namespace engine {
namespace {

constexpr std::string_view kConsequence =
    "containers have one id, and programs that change their user fail";

struct Helper {
  const char* program;
  const char* file;
  int capability;
  const char* capability_name;
};
constexpr Helper kHelpers[] = {{"newuidmap", "/etc/subuid", CAP_SETUID, "cap_setuid"},
                               {"newgidmap", "/etc/subgid", CAP_SETGID, "cap_setgid"}};

Finding lacking(std::string id, std::string text, std::string fix) {
  return {.id = std::move(id),
          .subject = "subordinate ids",
          .health = Health::kDegraded,
          .text = sys::format("{}: {}", text, kConsequence),
          .fix = std::move(fix)};
}

/// What the lines call the owners of their ranges, each once.
std::vector<std::string> owners_in(std::string_view text) {
  std::vector<std::string> owners;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::string owner(line.substr(0, line.find(':')));
    if (std::ranges::find(owners, owner) == owners.end()) owners.push_back(std::move(owner));
  }
  return owners;
}

bool overlap(const SubordinateRange& a, const SubordinateRange& b) {
  return a.start < std::uint64_t{b.start} + b.count && b.start < std::uint64_t{a.start} + a.count;
}

/// Somebody else who has been granted some of `ours`.
std::optional<std::string> other_owner(const std::string& text,
                                       const std::vector<SubordinateRange>& ours,
                                       const std::vector<std::string>& names) {
  for (const std::string& owner : owners_in(text)) {
    if (std::ranges::find(names, owner) != names.end()) continue;
    for (const SubordinateRange& theirs : parse_subordinate_ranges(text, {owner})) {
      const auto is_shared = [&](const SubordinateRange& each) { return overlap(each, theirs); };
      if (std::ranges::any_of(ours, is_shared)) return owner;
    }
  }
  return std::nullopt;
}

/// The first range of 65536 ids behind everything that was granted.
std::uint64_t first_free(const std::string& text) {
  std::uint64_t free = 100000;
  for (const SubordinateRange& range : parse_subordinate_ranges(text, owners_in(text))) {
    free = std::max(free, std::uint64_t{range.start} + range.count);
  }
  return free;
}

std::string grant(std::string_view flag, const std::string& text, const std::string& name) {
  const std::uint64_t first = first_free(text);
  return sys::format("usermod --add-{} {}-{} {}", flag, first, first + kManyIds - 1, name);
}

/// False when the rest can't be tried.
bool check_range(Findings& findings, const Helper& helper, const std::vector<std::string>& names) {
  const std::string text = read_id_file(helper.file);
  const auto ranges = parse_subordinate_ranges(text, names);
  const std::string_view flag = helper.capability == CAP_SETUID ? "subuids" : "subgids";
  const std::string kind = helper.capability == CAP_SETUID ? "subuid" : "subgid";
  if (ranges.empty()) {
    findings.push_back(lacking(kind + "-missing",
                               sys::format("{} grants this user nothing", helper.file),
                               grant(flag, text, names.back())));
    return false;
  }
  std::uint64_t count = 0;
  for (const SubordinateRange& range : ranges) count += range.count;
  if (count + 1 < kManyIds) {
    findings.push_back(lacking(
        kind + "-small",
        sys::format("{} grants this user {} ids, images need {}", helper.file, count, kManyIds),
        grant(flag, text, names.back())));
    return false;
  }
  if (const auto other = other_owner(text, ranges, names)) {
    findings.push_back(
        {.id = kind + "-shared",
         .subject = "subordinate ids",
         .health = Health::kDegraded,
         .text = sys::format("{} grants \"{}\" some of the same ids: his containers and ours can "
                             "reach each other's files and processes",
                             helper.file, *other),
         .fix = grant(flag, text, *other) +
                sys::format("   # and take his old line out of {}", helper.file)});
  }
  return true;
}

bool check_helper(Findings& findings, const Helper& helper) {
  const std::optional<std::string> path = sys::find_program(helper.program);
  if (!path) {
    findings.push_back(lacking(sys::format("{}-missing", helper.program),
                               sys::format("there is no program {}", helper.program),
                               "apt-get install uidmap   # or: dnf install shadow-utils"));
    return false;
  }
  switch (sys::file_powers(*path, helper.capability)) {
    case sys::FilePowers::kYes:
      return true;
    case sys::FilePowers::kNone:
      findings.push_back(lacking(
          sys::format("{}-powerless", helper.program),
          sys::format("{} is neither set-user-id root nor has it {}: it was copied without them",
                      *path, helper.capability_name),
          sys::format("setcap {}=ep {}", helper.capability_name, *path)));
      return false;
    case sys::FilePowers::kNosuid:
      break;
  }
  findings.push_back(
      lacking(sys::format("{}-nosuid", helper.program),
              sys::format("{} is on a file system mounted nosuid, where it has no "
                          "powers",
                          *path),
              sys::format("mount -o remount,suid \"$(findmnt -no TARGET -T {})\"", *path)));
  return false;
}

void check_use(Findings& findings, const std::vector<std::string>& names) {
  const auto map = [&](const Helper& helper, uid_t own) {
    return range_map(own, parse_subordinate_ranges(read_id_file(helper.file), names));
  };
  const sys::IdMap uids = map(kHelpers[0], sys::effective_uid());
  try {
    const sys::Fd space =
        sys::make_user_namespace(sys::Procfs::open(), uids, map(kHelpers[1], sys::effective_gid()));
    std::uint64_t count = 0;
    for (const sys::IdExtent& extent : uids) count += extent.count;
    findings.push_back({.id = "subordinate-ids",
                        .subject = "subordinate ids",
                        .health = Health::kGood,
                        .text = sys::format("{} of them can be had", count - 1)});
  } catch (const sys::Error& error) {
    findings.push_back(lacking("subordinate-ids-refused", error.what(), error.hint()));
  }
}

}  // namespace

void check_subordinate_ids(Findings& findings) {
  if (sys::effective_uid() == 0) {
    findings.push_back({.id = "root",
                        .subject = "subordinate ids",
                        .health = Health::kGood,
                        .text = "root needs none"});
    return;
  }
  if (has_no_new_privileges(sys::Procfs::open())) {
    findings.push_back(lacking("no-new-privileges",
                               "no_new_privs is set for us, under which newuidmap has no powers",
                               "start the program or unit around us without it "
                               "(systemd: NoNewPrivileges=no)"));
    return;
  }
  const std::vector<std::string> names = own_names(sys::effective_uid());
  bool can_be_tried = true;
  for (const Helper& helper : kHelpers) {
    can_be_tried &= check_range(findings, helper, names);
    can_be_tried &= check_helper(findings, helper);
  }
  if (can_be_tried && !sys::try_in_namespaces(CLONE_NEWUSER, [] {})) check_use(findings, names);
}

}  // namespace engine
