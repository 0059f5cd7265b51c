// SPDX-License-Identifier: Apache-2.0
#include "engine/container/identity.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "sys/capability.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/userns.h"

namespace engine {
namespace {

constexpr std::size_t kMaxIdFile = std::size_t{4} << 20;
constexpr std::size_t kMaxRanges = 300;  // a map has 340 extents
constexpr std::string_view kUserPrefix = "user.overlay.";
constexpr std::string_view kTrustedPrefix = "trusted.overlay.";

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

bool has_capabilities(std::initializer_list<int> numbers) {
  const sys::CapabilitySet effective = sys::own_capabilities().effective;
  return std::ranges::all_of(numbers,
                             [&](int number) { return ((effective >> number) & 1U) != 0; });
}

bool is_own_directory(const std::string& path) {
  const auto dir = sys::open_path_if_exists(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  return dir && sys::status_of(dir->get()).st_uid == sys::effective_uid();
}

std::uint64_t count_ids(const sys::IdMap& map) {
  std::uint64_t sum = 0;
  for (const sys::IdExtent& extent : map) sum += extent.count;
  return sum;
}

// What is tried, and why it can't be.
struct Attempt {
  const sys::Procfs& proc;
  const IdentityOptions& options;
  sys::IdMap uids, gids;  // of the namespace in which we were started
  bool is_forced = false;
  std::string reason;

  bool is_host() const { return sys::is_initial(uids) && sys::is_initial(gids); }
};

snapshotter::Mapping mapping_of(snapshotter::Ownership ownership, sys::IdMap uids, sys::IdMap gids,
                                std::string_view prefix) {
  return {.ownership = ownership,
          .uids = std::move(uids),
          .gids = std::move(gids),
          .overlay_prefix = std::string(prefix)};
}

std::optional<Identity> enter_root(Attempt& attempt) {
  if (sys::effective_uid() != 0) {
    attempt.reason = "called by an ordinary user";
  } else if (!attempt.is_host()) {
    attempt.reason = "root of a user namespace, not of the host";
  } else if (!has_capabilities({CAP_SYS_ADMIN})) {
    attempt.reason = "root without CAP_SYS_ADMIN, as in a container without privileges";
  } else {
    return Identity{.mode = IdentityMode::kRoot,
                    .mapping = mapping_of(snapshotter::Ownership::kMapped, attempt.uids,
                                          attempt.gids, kTrustedPrefix),
                    .passed_over = {},
                    .lease = {}};
  }
  return std::nullopt;
}

// The ids that we have already, in a namespace of our own when this one gives us no mounts.
Identity enter_nested_namespace(Attempt& attempt) {
  Identity identity = {.mode = IdentityMode::kNested,
                       .mapping = mapping_of(snapshotter::Ownership::kMapped, attempt.uids,
                                             attempt.gids, kUserPrefix),
                       .passed_over = {},
                       .lease = {}};
  if (has_capabilities({CAP_SYS_ADMIN})) return identity;
  const auto onto_itself = [](const sys::IdMap& map) {
    sys::IdMap same;
    for (const sys::IdExtent& extent : map) {
      same.push_back({.inside = extent.inside, .outside = extent.inside, .count = extent.count});
    }
    return same;
  };
  const sys::IdMap uids = onto_itself(attempt.uids), gids = onto_itself(attempt.gids);
  const sys::Fd space = sys::make_user_namespace(attempt.proc, uids, gids);
  sys::join(space.get(), CLONE_NEWUSER);
  sys::become({.uid = 0, .gid = 0, .groups = {}}, true, true);
  return identity;
}

std::optional<Identity> enter_nested(Attempt& attempt) {
  if (sys::effective_uid() != 0) {
    attempt.reason = "called by an ordinary user, not by root of a user namespace";
  } else if (attempt.is_host() && has_capabilities({CAP_SYS_ADMIN})) {
    attempt.reason = "called by the host's root";
  } else if (count_ids(attempt.uids) < kManyIds || count_ids(attempt.gids) < kManyIds) {
    attempt.reason = sys::format("the user namespace around us has {} uids and {} gids, not {}",
                                 count_ids(attempt.uids), count_ids(attempt.gids), kManyIds);
  } else if (!has_capabilities({CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_DAC_OVERRIDE})) {
    attempt.reason = "root without CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_DAC_OVERRIDE";
  } else {
    return enter_nested_namespace(attempt);
  }
  return std::nullopt;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : "\", \"") + name;
  return text + "\"";
}

std::optional<Identity> enter_range(Attempt& attempt) {
  const uid_t uid = sys::effective_uid();
  const std::vector<std::string> names = own_names(uid);
  const auto uids = parse_subordinate_ranges(read_id_file("/etc/subuid"), names);
  const auto gids = parse_subordinate_ranges(read_id_file("/etc/subgid"), names);
  if (uids.empty() || gids.empty()) {
    attempt.reason = sys::format(
        "{} has no range for {}: as root, `usermod --add-subuids 100000-165535 --add-subgids "
        "100000-165535 NAME` grants one",
        uids.empty() ? "/etc/subuid" : "/etc/subgid", join_names(names));
    return std::nullopt;
  }
  sys::KeptUserns::Options kept = {.directory = attempt.options.runtime_directory + "/userns",
                                   .uids = range_map(uid, uids),
                                   .gids = range_map(sys::effective_gid(), gids),
                                   .linger = attempt.options.linger};
  const std::uint64_t count = std::min(count_ids(kept.uids), count_ids(kept.gids)) - 1;
  if (count + 1 < kManyIds && !attempt.is_forced) {
    attempt.reason =
        sys::format("the subordinate range has {} ids, images need {}", count, kManyIds);
    return std::nullopt;
  }
  if (sys::effective_uid() != 0 && has_no_new_privileges(attempt.proc)) {
    attempt.reason = "no_new_privs is set for us, under which newuidmap has no powers";
    return std::nullopt;
  }
  Identity identity = {
      .mode = IdentityMode::kRange,
      .mapping = mapping_of(snapshotter::Ownership::kMapped, kept.uids, kept.gids, kUserPrefix),
      .passed_over = {},
      .lease = sys::KeptUserns::acquire(kept)};
  sys::enter(*identity.lease);
  return identity;
}

std::optional<Identity> enter_single(Attempt& attempt) {
  // Inside of `tilla unshare`, or in anybody's namespace of this kind.
  const bool is_there = !attempt.is_host() && sys::effective_uid() == 0 &&
                        count_ids(attempt.uids) == 1 && has_capabilities({CAP_SYS_ADMIN});
  sys::IdMap uids = attempt.uids, gids = attempt.gids;
  if (!is_there) {
    uids = {{.inside = 0, .outside = sys::effective_uid(), .count = 1}};
    gids = {{.inside = 0, .outside = sys::effective_gid(), .count = 1}};
    sys::unshare(CLONE_NEWUSER);
    sys::write_id_maps(attempt.proc, "self", uids, gids, true);
  }
  return Identity{.mode = IdentityMode::kSingle,
                  .mapping = mapping_of(snapshotter::Ownership::kRecorded, std::move(uids),
                                        std::move(gids), kUserPrefix),
                  .passed_over = {},
                  .lease = {}};
}

using Enter = std::optional<Identity> (*)(Attempt&);
struct Mode {
  IdentityMode mode;
  Enter enter;
};
constexpr Mode kModes[] = {{IdentityMode::kRoot, enter_root},
                           {IdentityMode::kNested, enter_nested},
                           {IdentityMode::kRange, enter_range},
                           {IdentityMode::kSingle, enter_single}};

// A mode that can't be is no error here: its reason goes into the list, and the next one is tried.
std::optional<Identity> try_mode(const Mode& mode, Attempt& attempt) {
  try {
    return mode.enter(attempt);
  } catch (const sys::Error& error) {
    attempt.reason = error.what();
    if (!error.hint().empty()) attempt.reason += " (" + error.hint() + ")";
    return std::nullopt;
  }
}

void check_forced(const std::string& forced) {
  if (forced.empty()) return;
  for (const Mode& mode : kModes) {
    if (name_of(mode.mode) == forced) return;
  }
  throw sys::Error(sys::format(
      "TILLA_IDENTITY is \"{}\", but can be \"root\", \"nested\", \"range\" or \"single\"",
      sys::terminal_safe(forced)));
}

}  // namespace

std::string_view name_of(IdentityMode mode) {
  switch (mode) {
    case IdentityMode::kRoot:
      return "root";
    case IdentityMode::kNested:
      return "nested";
    case IdentityMode::kRange:
      return "range";
    case IdentityMode::kSingle:
      break;
  }
  return "single";
}

std::string_view describe(IdentityMode mode) {
  switch (mode) {
    case IdentityMode::kRoot:
      return "the host's ids, as they are";
    case IdentityMode::kNested:
      return "the ids of the user namespace around us; no helper program is needed";
    case IdentityMode::kRange:
      return "our own id is root, 65536 subordinate ids follow; newuidmap runs once per login";
    case IdentityMode::kSingle:
      break;
  }
  return "our own id is root, and there is no other: owners of files are recorded beside them, and "
         "programs that change their user fail";
}

bool has_no_new_privileges(const sys::Procfs& proc) {
  return proc.read("self/status").find("\nNoNewPrivs:\t1") != std::string::npos;
}

std::string read_id_file(const std::string& path) {
  try {
    return sys::read_file(path, kMaxIdFile);
  } catch (const sys::Error&) {  // is not there, or not for us: grants nothing
    return {};
  }
}

// Not getpwuid: whoever is known to some directory service only is asked for by the names that his
// login gave him; newuidmap looks again, so that nobody gets another's.
std::vector<std::string> own_names(uid_t uid) {
  const std::string id = std::to_string(uid);
  std::vector<std::string> names = {id};
  const std::string passwd = read_id_file("/etc/passwd");
  for (std::string_view rest = passwd; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t name = line.find(':');
    if (name == std::string_view::npos || name == 0) continue;
    const std::size_t password = line.find(':', name + 1);
    if (password == std::string_view::npos) continue;
    if (line.substr(password + 1).starts_with(id + ":")) names.emplace_back(line.substr(0, name));
  }
  if (names.size() == 1) {
    for (const char* variable : {"USER", "LOGNAME"}) {
      if (std::string name = environment(variable); !name.empty()) names.push_back(std::move(name));
    }
  }
  return names;
}

Identity enter_identity(const IdentityOptions& options) {
  check_forced(options.forced);
  const sys::Procfs proc = sys::Procfs::open();
  Attempt attempt = {.proc = proc,
                     .options = options,
                     .uids = sys::own_uid_map(proc),
                     .gids = sys::own_gid_map(proc),
                     .is_forced = !options.forced.empty(),
                     .reason = {}};
  std::vector<PassedOver> passed_over;
  for (const Mode& mode : kModes) {
    if (attempt.is_forced && name_of(mode.mode) != options.forced) continue;
    if (std::optional<Identity> identity = try_mode(mode, attempt)) {
      identity->passed_over = std::move(passed_over);
      return std::move(*identity);
    }
    passed_over.push_back({.mode = mode.mode, .reason = std::move(attempt.reason)});
  }
  if (attempt.is_forced) {
    sys::Error error(sys::format("identity \"{}\", as TILLA_IDENTITY wants it, can't be had: {}",
                                 options.forced, passed_over.front().reason));
    error.set_hint("without TILLA_IDENTITY the best one that can be had is taken");
    throw error;
  }
  std::string all;
  for (const PassedOver& each : passed_over) {
    all += sys::format("; {}: {}", name_of(each.mode), each.reason);
  }
  throw sys::Error("no user namespace can be had" + all);
}

void enter_mount_namespace() {
  sys::unshare(CLONE_NEWNS);
  sys::set_root_propagation(MS_PRIVATE, true);
}

std::string runtime_directory() {
  if (const std::string xdg = environment("XDG_RUNTIME_DIR"); !xdg.empty() && xdg[0] == '/') {
    return xdg + "/tilla";
  }
  const sys::IdMap map = sys::own_uid_map(sys::Procfs::open());
  const uid_t own = sys::effective_uid();
  const uid_t uid = sys::maps_inside(map, own) ? sys::to_outside(map, own) : own;
  const std::string run = sys::format("/run/user/{}", uid);
  if (uid == 0) return "/run/tilla";
  if (is_own_directory(run)) return run + "/tilla";
  return sys::format("/tmp/tilla-{}", uid);
}

std::vector<SubordinateRange> parse_subordinate_ranges(std::string_view text,
                                                       const std::vector<std::string>& names) {
  std::vector<SubordinateRange> ranges;
  while (!text.empty() && ranges.size() < kMaxRanges) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    if (std::ranges::find(names, line.substr(0, first)) == names.end()) continue;
    SubordinateRange range;
    const auto is_number = [](std::string_view word, std::uint32_t& number) {
      const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
      return code == std::errc() && end == word.data() + word.size();
    };
    if (!is_number(line.substr(first + 1, second - first - 1), range.start)) continue;
    if (!is_number(line.substr(second + 1), range.count) || range.count == 0) continue;
    if (range.count > UINT32_MAX - range.start) continue;
    ranges.push_back(range);
  }
  return ranges;
}

sys::IdMap range_map(uid_t own, const std::vector<SubordinateRange>& ranges) {
  sys::IdMap map = {{.inside = 0, .outside = own, .count = 1}};
  std::uint32_t next = 1;
  for (const SubordinateRange& range : ranges) {
    const std::uint32_t count = std::min(range.count, kManyIds + 1 - next);
    if (count == 0) break;
    // A grant of one's own id, which is there already, would make the kernel refuse the whole map.
    if (own >= range.start && own - range.start < range.count) continue;
    map.push_back({.inside = next, .outside = range.start, .count = count});
    next += count;
  }
  return map;
}

}  // namespace engine
