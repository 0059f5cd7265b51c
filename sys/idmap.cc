// SPDX-License-Identifier: Apache-2.0
#include "sys/idmap.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdint>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"

namespace sys {
namespace {

constexpr std::size_t kMaxWords = 8192;

std::vector<std::string> helper_command(const char* program, pid_t pid, const IdMap& map) {
  std::vector<std::string> argv = {program, std::to_string(pid)};
  for (const IdExtent& extent : map) {
    argv.push_back(std::to_string(extent.inside));
    argv.push_back(std::to_string(extent.outside));
    argv.push_back(std::to_string(extent.count));
  }
  return argv;
}

Process start_helper(const std::vector<std::string>& argv, int stderr_fd) {
  try {
    return spawn_program(argv, stderr_fd);
  } catch (Error& error) {
    if (error.code() == ENOENT) {
      error.set_hint(
          format("install Debian's package \"uidmap\", or map only your own id: a "
                 "container with one id needs no helper (wanted: {})",
                 argv[0]));
    }
    throw;
  }
}

// newuidmap or newgidmap at work; waited for whatever becomes of the other one.
class Helper {
 public:
  explicit Helper(std::vector<std::string> argv)
      : argv_(std::move(argv)), process_(start_helper(argv_, words_.write_end.get())) {
    words_.write_end.reset();
  }
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  /// Errors: EPERM with what it said, when it refused.
  void finish();

 private:
  std::vector<std::string> argv_;
  Pipe words_ = make_pipe();
  Process process_;
};

Helper::~Helper() {
  if (!process_.pidfd) return;
  words_.read_end.reset();  // it must not wait for us to read
  try {
    (void)wait_child(process_);
  } catch (const Error&) {  // somebody else has waited for it
  }
}

void Helper::finish() {
  std::string words = read_some(words_.read_end.get(), kMaxWords);
  const ExitStatus status = wait_child(process_);
  process_.pidfd.reset();
  if (status.code == 0) return;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  std::string message = argv_[0] + " refused the map";
  if (!words.empty()) message += ": " + words;
  Error error(message, EPERM);
  error.set_hint(
      "the host ids must be your own or in /etc/subuid and /etc/subgid, and the helper "
      "must be setuid or have file capabilities, on a filesystem without nosuid");
  throw error;
}

}  // namespace

std::string to_text(const IdMap& map) {
  std::string text;
  for (const IdExtent& extent : map) {
    text += format("{} {} {}\n", extent.inside, extent.outside, extent.count);
  }
  return text;
}

IdMap parse_id_map(const std::string& text) {
  IdMap map;
  const char* at = text.data();
  const char* end = at + text.size();
  const auto skip_blanks = [&] {
    while (at != end && (*at == ' ' || *at == '\n')) ++at;
  };
  for (skip_blanks(); at != end; skip_blanks()) {
    uint32_t numbers[3] = {};
    for (uint32_t& number : numbers) {
      skip_blanks();
      const auto [next, code] = std::from_chars(at, end, number);
      if (code != std::errc()) throw Error("not an id map", EINVAL);
      at = next;
    }
    map.push_back({.inside = numbers[0], .outside = numbers[1], .count = numbers[2]});
  }
  return map;
}

IdMap own_uid_map(const Procfs& proc) { return parse_id_map(proc.read("self/uid_map")); }
IdMap own_gid_map(const Procfs& proc) { return parse_id_map(proc.read("self/gid_map")); }

bool is_initial(const IdMap& map) {
  return map.size() == 1 && map[0] == IdExtent{.inside = 0, .outside = 0, .count = UINT32_MAX};
}

bool maps_outside(const IdMap& map, uint32_t id) {
  for (const IdExtent& extent : map) {
    if (id >= extent.outside && id - extent.outside < extent.count) return true;
  }
  return false;
}

bool maps_inside(const IdMap& map, uint32_t id) {
  for (const IdExtent& extent : map) {
    if (id >= extent.inside && id - extent.inside < extent.count) return true;
  }
  return false;
}

IdMap cut_extent(const IdExtent& wanted, const IdMap& around) {
  IdMap pieces;
  IdExtent rest = wanted;
  while (rest.count > 0) {
    const auto holder = std::find_if(around.begin(), around.end(), [&](const IdExtent& extent) {
      return rest.outside >= extent.inside && rest.outside - extent.inside < extent.count;
    });
    if (holder == around.end()) {
      throw Error(format("id {} does not exist in the user namespace around it", rest.outside),
                  EPERM);
    }
    const uint32_t left = holder->count - (rest.outside - holder->inside);
    const uint32_t count = std::min(rest.count, left);
    pieces.push_back({.inside = rest.inside, .outside = rest.outside, .count = count});
    rest.inside += count;
    rest.outside += count;
    rest.count -= count;
  }
  return pieces;
}

uint32_t to_outside(const IdMap& map, uint32_t id) {
  for (const IdExtent& extent : map) {
    if (id >= extent.inside && id - extent.inside < extent.count) {
      return extent.outside + (id - extent.inside);
    }
  }
  assert(false);  // its caller has looked
  return id;
}

void write_id_maps(const Procfs& proc, const std::string& who, const IdMap& uids, const IdMap& gids,
                   bool deny_setgroups) {
  if (deny_setgroups) proc.write(who + "/setgroups", "deny");
  try {  // EPERM says too little
    proc.write(who + "/uid_map", to_text(uids));
  } catch (Error& error) {
    // Whoever is mapped to root could make files with capabilities that count outside.
    // Source: user_namespaces(7), "since Linux 5.12".
    if (error.code() == EPERM && maps_outside(uids, 0)) {
      error.set_hint(
          "the map has id 0 of the user namespace around it, root of the host or of the outer "
          "container: that takes CAP_SETFCAP there; give the caller that capability or map other "
          "ids");
    }
    throw;
  }
  proc.write(who + "/gid_map", to_text(gids));
}

void write_id_maps_by_helpers(pid_t pid, const IdMap& uids, const IdMap& gids) {
  Helper for_uids(helper_command("newuidmap", pid, uids));
  Helper for_gids(helper_command("newgidmap", pid, gids));
  for_uids.finish();
  for_gids.finish();
}

}  // namespace sys
