// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/subtree.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "sys/cgroup.h"
#include "sys/open.h"

namespace runtime {
namespace {

constexpr int kMostCgroups = 10000;

void add_processes(int dir, std::vector<pid_t>& pids) {
  const std::string text = sys::read_cgroup_file(dir, "cgroup.procs").value_or("");
  for (const char* at = text.data(); at < text.data() + text.size();) {
    pid_t pid = 0;
    const auto [end, code] = std::from_chars(at, text.data() + text.size(), pid);
    if (code == std::errc() && pid > 0) pids.push_back(pid);  // 0: of another pid namespace
    at = end + 1;
  }
}

}  // namespace

void each_cgroup(int dir, const std::function<void(int)>& visit) {
  std::vector<sys::RelPath> places = {sys::RelPath()};
  for (std::size_t i = 0; i < places.size() && i < kMostCgroups; ++i) {
    const auto place = sys::open_beneath_if_exists(dir, places[i], O_RDONLY | O_DIRECTORY);
    if (!place) continue;
    visit(place->get());
    for (const std::string& name : sys::child_cgroups(place->get())) {
      places.push_back(sys::RelPath::parse(places[i].str() + "/" + name));
    }
  }
}

std::vector<pid_t> processes_below(int dir) {
  std::vector<pid_t> pids;
  each_cgroup(dir, [&](int place) { add_processes(place, pids); });
  std::ranges::sort(pids);
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

}  // namespace runtime
