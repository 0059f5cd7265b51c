// SPDX-License-Identifier: Apache-2.0
// Where in the trees of cgroup v1 a container's cgroups are made, and what that takes.
#include <fcntl.h>

#include <algorithm>
#include <iterator>

#include "runtime/cgroup/legacy.h"
#include "runtime/cgroup/subtree.h"
#include "runtime/cgroup/unified_tree.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"

namespace runtime {
namespace {

// As runc: a path from the top is taken at its word, anything else is below our own cgroup.
sys::RelPath place_in(const LegacyHierarchy& hierarchy, const std::string& path) {
  return path.starts_with('/') ? sys::RelPath::parse(path) : below(hierarchy.own, path);
}

std::string path_in(const LegacyHierarchy& hierarchy, const std::string& path) {
  return sys::format("{}/{}", hierarchy.mount_point, place_in(hierarchy, path).str());
}

// Empty: none of the cgroups has a process, or, unless they may be there, none is there: one
// without processes may be another's that is being made.
std::string find_in_use(const std::vector<LegacyHierarchy>& hierarchies, const std::string& path,
                        bool may_be_there) {
  for (const LegacyHierarchy& hierarchy : hierarchies) {
    const std::string whole = path_in(hierarchy, path);
    const auto dir = sys::open_path_if_exists(whole, O_RDONLY | O_DIRECTORY);
    if (dir && (!may_be_there || !processes_below(dir->get()).empty())) return whole;
  }
  return {};
}

// The kernel takes no process into a cpuset without CPUs and memory nodes, as a new one is.
void fill_cpuset(int parent, int dir) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (sys::read_cgroup_file(dir, file).value_or("\n") != "\n") continue;
    const std::string all = sys::read_cgroup_file(parent, file).value_or("");
    if (const int code = sys::write_cgroup_file(dir, file, all)) throw sys::errno_error(file, code);
  }
}

// is_new: set to whether the last one was not there before.
sys::Fd make_directories(const LegacyHierarchy& hierarchy, const sys::RelPath& place,
                         bool& is_new) {
  sys::Fd dir = sys::open_path(hierarchy.mount_point, O_RDONLY | O_DIRECTORY);
  if (sys::cgroup_version(dir.get()) == sys::CgroupVersion::kNone) {
    throw sys::Error("something else is mounted over it", ENOENT);
  }
  const std::string& text = place.str();
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    const std::string name = text.substr(start, end - start);
    const int code = sys::make_cgroup_at(dir.get(), name);
    if (code != 0 && code != EEXIST) throw sys::errno_error("make directory", code);
    is_new = code == 0;
    sys::Fd next = sys::open_at(dir.get(), name, O_RDONLY | O_DIRECTORY);
    if (has_controller(hierarchy.name, "cpuset")) fill_cpuset(dir.get(), next.get());
    dir = std::move(next);
    start = end + 1;
  }
  return dir;
}

}  // namespace

std::unique_ptr<Cgroup> make_legacy(const CgroupPlan& plan,
                                    const std::vector<LegacyHierarchy>& hierarchies,
                                    const RememberCgroup& remember) {
  const std::string name = "tilla-" + plan.id;
  std::string path = plan.path.empty() ? name : plan.path;
  std::string in_use = find_in_use(hierarchies, path, !plan.path.empty());
  if (plan.path.empty() && !in_use.empty()) {  // by a container of that name elsewhere
    path = sys::format("{}-{}", name, sys::own_pid());
    in_use = find_in_use(hierarchies, path, true);
  }
  if (!in_use.empty()) {
    throw sys::Error(sys::format("cgroup \"{}\" is in use: it has processes", in_use), EBUSY);
  }
  config::CgroupRecord record = {.driver = "legacy",
                                 .path = "/" + sys::RelPath::parse(path).str(),
                                 .unit = {},
                                 .hierarchies = {}};
  for (const LegacyHierarchy& one : hierarchies) record.hierarchies[one.name] = path_in(one, path);
  remember(record);
  std::vector<LegacyPlace> made, there_before;
  for (const LegacyHierarchy& hierarchy : hierarchies) {
    const std::string whole = path_in(hierarchy, path);
    bool is_new = false;
    try {
      sys::Fd dir = make_directories(hierarchy, place_in(hierarchy, path), is_new);
      (is_new ? made : there_before)
          .push_back({.hierarchy = hierarchy.name, .path = whole, .dir = std::move(dir)});
    } catch (sys::Error& error) {
      if (hierarchy.name == kUnifiedHierarchy) continue;  // which would limit nothing
      LegacyCgroup(record.path, std::move(made)).remove();
      error.add_context(sys::format("cgroup \"{}\"", whole));
      throw;
    }
  }
  std::ranges::move(there_before, std::back_inserter(made));
  auto cgroup = std::make_unique<LegacyCgroup>(record.path, std::move(made));
  if (cgroup->is_frozen()) cgroup->set_frozen(false);
  return cgroup;
}

}  // namespace runtime
