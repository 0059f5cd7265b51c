// SPDX-License-Identifier: Apache-2.0
// Where in the tree of cgroup v2 a container's cgroup is made, and what that takes.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <functional>

#include "runtime/cgroup/unified.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

/// Where we go ourselves when our cgroup gets controllers for those below.
constexpr const char* kOurLeaf = "tilla-runtime";

constexpr std::array<std::string_view, 7> kControllers = {"cpuset",  "cpu",  "io",  "memory",
                                                          "hugetlb", "pids", "rdma"};

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || text[at - 1] == ' ';
    if (begins && (end == text.size() || text[end] == ' ' || text[end] == '\n')) return true;
  }
  return false;
}

sys::Fd open_cgroup_directory(int root, const sys::RelPath& place) {
  return sys::open_beneath(root, place, O_RDONLY | O_DIRECTORY);
}

// systemd's mark on what it has handed over to whoever runs in it.
bool is_delegated(int dir) {
  return sys::extended_attribute(dir, "trusted.delegate") == "1" ||
         sys::extended_attribute(dir, "user.delegate") == "1";
}

bool are_we_alone(int dir) {
  return sys::read_cgroup_file(dir, "cgroup.procs").value_or("") ==
         std::to_string(sys::own_pid()) + "\n";
}

// The places to try, in order. A path from the top is taken at its word. Anything else is made
// beside us, as runc does, since a cgroup with processes gets no controllers for others; or below
// us, if our cgroup was handed over to us or we may not write the one above.
std::vector<sys::RelPath> possible_places(const std::string& path, const UnifiedTree& tree) {
  if (path.starts_with('/')) return {sys::RelPath::parse(path)};
  const sys::RelPath under = below(tree.own, path);
  if (tree.own.empty()) return {under};
  const sys::Fd own = open_cgroup_directory(tree.root.get(), tree.own);
  if (is_delegated(own.get()) && are_we_alone(own.get())) return {under};
  return {below(tree.own.parent(), path), under};
}

struct Made {
  sys::Fd dir;
  bool is_new = false;
  bool is_in_use = false;
};

// A cgroup of somebody's, our own and those above included.
bool is_in_use(int dir) {
  const std::string events = sys::read_cgroup_file(dir, "cgroup.events").value_or("");
  return events.find("populated 0") == std::string::npos;
}

bool is_refusal(int code) { return code == EACCES || code == EPERM || code == EROFS; }

// Makes the directory at `place` with all that is missing above it; it is remembered before it is
// made, and nothing that is somebody's is remembered as ours. Empty: we may not, `code` says why.
std::optional<Made> make_directories(int root, const sys::RelPath& place,
                                     const std::function<void()>& remember, int& code) {
  Made made;
  made.dir = sys::duplicate(root);
  bool is_remembered = false;
  const std::string& text = place.str();
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    const std::string name = text.substr(start, end - start);
    auto next = sys::open_at_if_exists(made.dir.get(), name, O_RDONLY | O_DIRECTORY);
    made.is_new = !next;
    if (!next) {
      if ((code = sys::may_make_cgroups(made.dir.get())) != 0) return std::nullopt;
      if (!is_remembered) remember();
      is_remembered = true;
      code = sys::make_cgroup_at(made.dir.get(), name);
      if (code != 0 && code != EEXIST) return std::nullopt;
      made.is_new = code == 0;
      next = sys::open_at(made.dir.get(), name, O_RDONLY | O_DIRECTORY);
    }
    made.dir = std::move(*next);
    start = end + 1;
  }
  made.is_in_use = !made.is_new && is_in_use(made.dir.get());
  if (!made.is_in_use && !is_remembered) remember();
  return made;
}

// Makes the directory at `path`, or where else it may be. Leaves the place in `place`. Empty: we
// may not, and it is `optional`.
std::optional<Made> make_somewhere(const std::string& path, const UnifiedTree& tree,
                                   const RememberCgroup& remember, bool optional,
                                   sys::RelPath& place) {
  std::optional<Made> made;
  int code = 0;
  for (const sys::RelPath& each : possible_places(path, tree)) {
    place = each;
    const auto remember_it = [&] {
      remember({.driver = "unified", .path = "/" + place.str(), .unit = {}, .hierarchies = {}});
    };
    made = make_directories(tree.root.get(), place, remember_it, code);
    if (made || !is_refusal(code)) break;
  }
  if (made || (optional && is_refusal(code))) return made;
  throw sys::errno_error(sys::format("make cgroup \"/{}\"", place.str()), code);
}

// A cgroup with processes gives no controllers to those below. If it is ours, and we are alone in
// it, we make room. Returns whether we did.
bool make_room(int dir) {
  if (!are_we_alone(dir)) return false;
  const int code = sys::make_cgroup_at(dir, kOurLeaf);
  if (code != 0 && code != EEXIST) return false;
  const sys::Fd leaf = sys::open_at(dir, kOurLeaf, O_RDONLY | O_DIRECTORY);
  return sys::write_cgroup_file(leaf.get(), "cgroup.procs", "0") == 0;
}

void enable_in(int dir, bool is_ours) {
  const std::string available = sys::read_cgroup_file(dir, "cgroup.controllers").value_or("");
  const std::string enabled = sys::read_cgroup_file(dir, "cgroup.subtree_control").value_or("");
  std::vector<std::string> missing;
  for (const std::string_view name : kControllers) {
    if (has_word(available, name) && !has_word(enabled, name))
      missing.push_back(sys::format("+{}", name));
  }
  if (missing.empty()) return;
  std::string all;
  for (const std::string& word : missing) all += (all.empty() ? "" : " ") + word;
  int code = sys::write_cgroup_file(dir, "cgroup.subtree_control", all);
  if (code == EBUSY && is_ours && make_room(dir)) {
    code = sys::write_cgroup_file(dir, "cgroup.subtree_control", all);
  }
  if (code == 0 || is_refusal(code) || code == EBUSY) return;
  // One that can't be had must not keep the others away: cpu, while real-time processes run.
  for (const std::string& word : missing) {
    (void)sys::write_cgroup_file(dir, "cgroup.subtree_control", word);
  }
}

}  // namespace

void enable_controllers(int root, const sys::RelPath& parent,
                        const std::optional<sys::RelPath>& own) {
  std::vector<sys::RelPath> way = {parent};
  while (!way.back().empty()) way.push_back(way.back().parent());
  std::ranges::reverse(way);
  for (const sys::RelPath& place : way) {
    const auto dir = sys::open_beneath_if_exists(root, place, O_RDONLY | O_DIRECTORY);
    if (dir) enable_in(dir->get(), place == own);
  }
}

std::unique_ptr<Cgroup> make_unified(const CgroupPlan& plan, UnifiedTree tree,
                                     const RememberCgroup& remember, bool may_do_without) {
  sys::RelPath place;
  const std::string name = "tilla-" + plan.id;
  const auto make = [&](const std::string& path) {
    return make_somewhere(path, tree, remember, may_do_without, place);
  };
  std::optional<Made> made = make(plan.path.empty() ? name : plan.path);
  // By a container of that name in another state root, which may be about to have processes.
  if (made && plan.path.empty() && !made->is_new) {
    made = make(sys::format("{}-{}", name, sys::own_pid()));
  }
  if (!made) return nullptr;
  if (made->is_in_use) {
    throw sys::Error(sys::format("cgroup \"/{}\" is in use: it has processes", place.str()), EBUSY);
  }
  if (!made->is_new) (void)sys::write_cgroup_file(made->dir.get(), "cgroup.freeze", "0");
  // Whoever names a place wants to look at it, and limits need them.
  if (!plan.path.empty() || !plan.writes.empty()) {
    enable_controllers(tree.root.get(), place.parent(), tree.own);
  }
  return std::make_unique<UnifiedCgroup>(std::move(tree.root), std::move(place),
                                         std::move(made->dir));
}

}  // namespace runtime
