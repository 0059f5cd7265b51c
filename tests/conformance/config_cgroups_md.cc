// SPDX-License-Identifier: Apache-2.0
// config-linux.md, control groups. Of version 2: the driver gives each caller a group of its own,
// as the root of a hierarchy, on which the caller may do what it likes.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kShould = Level::kShould;
constexpr auto kSays = Level::kSays;

constexpr const char* kMountPoint = "/sys/fs/cgroup";

Json& resources(Scene& scene) { return scene.config["linux"]["resources"]; }

void needs_cgroups() {
  if (!support::exists(std::string(kMountPoint) + "/cgroup.procs")) skip("cgroup version 2");
  if (::access((std::string(kMountPoint) + "/cgroup.procs").c_str(), W_OK) != 0) {
    skip("a cgroup of the caller's");
  }
}

void needs_controller(const std::string& name) {
  needs_cgroups();
  const std::string text =
      " " + trim(support::read_text(std::string(kMountPoint) + "/cgroup.controllers")) + " ";
  if (!has(text, " " + name + " ")) skip("the controller " + name);
}

// Where the container's first process is, as the runtime's namespace sees it.
std::string group_of(const Scene& scene) {
  for (const std::string& line :
       lines_of(support::read_text(sys::format("/proc/{}/cgroup", scene.pid())))) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  fail("no line of version 2 in the container's /proc/PID/cgroup");
}

std::string group_file(const Scene& scene, const std::string& name) {
  return trim(support::read_text(kMountPoint + group_of(scene) + "/" + name));
}

// A created container in "/tilla-conf", so that it is not where we are.
void create_in_group(Scene& scene, const std::string& path = "/tilla-conf") {
  needs_cgroups();
  scene.config["linux"]["cgroupsPath"] = path;
  scene.config["process"]["args"] = {"sleep", "100"};
  scene.must_create();
}

// ---------------------------------------------------------------------------- path

void absolute_path(Scene& scene) {
  create_in_group(scene, "/tilla-outer/inner");
  const std::string group = group_of(scene);
  // A runtime may put the process one level deeper, into a leaf.
  expect((group + "/").starts_with("/tilla-outer/inner/"), "the group is " + group);
}

void same_place(Scene& scene, const std::string& path) {
  create_in_group(scene, path);
  const std::string first = group_of(scene);
  scene.must_kill("KILL");
  scene.wait_until_stopped();
  scene.must_remove();
  create_in_group(scene, path);
  expect_equal(group_of(scene), first, "the second time's group");
}

void created_if_missing(Scene& scene) {
  create_in_group(scene, "/tilla-new/a/b");
  expect(support::exists(kMountPoint + group_of(scene)), "no such group");
}

void invalid_path(Scene& scene) {
  needs_cgroups();
  scene.config["linux"]["cgroupsPath"] = "/../../../../etc";
  const Result result = scene.create();
  if (result.exit_code != 0) return;
  expect(has(group_of(scene), "etc") && !has(group_of(scene), ".."), "it is " + group_of(scene));
}

// ---------------------------------------------------------------------------- ownership

struct Owner {
  const char* options;  // of the cgroup mount: "ro", "rw", or "none" without one
  bool has_namespace;
  bool changes;
};

uid_t owner_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) fail("no " + path);
  return status.st_uid;
}

void create_owned(Scene& scene, const Owner& owner) {
  only_root();
  scene.config["ociVersion"] = "1.1.0";
  use_user_namespace(scene.config);
  if (owner.has_namespace) set_namespace(scene.config, "cgroup");
  if (std::string(owner.options) != "none") {
    add_mount(scene.config, "/sys/fs/cgroup", "cgroup", "cgroup", {owner.options});
  }
  create_in_group(scene);
}

void ownership(Scene& scene, const Owner& owner) {
  create_owned(scene, owner);
  const uid_t uid = owner_of(kMountPoint + group_of(scene));
  expect((uid == 2000000) == owner.changes, sys::format("the group belongs to {}", uid));
}

void other_files_kept(Scene& scene) {
  create_owned(scene, {.options = "rw", .has_namespace = true, .changes = true});
  const std::string delegated = support::read_text("/sys/kernel/cgroup/delegate");
  for (const auto& entry : std::filesystem::directory_iterator(kMountPoint + group_of(scene))) {
    const std::string name = entry.path().filename();
    if (entry.is_directory() || has(delegated, name + "\n")) continue;
    expect(owner_of(entry.path()) == 0, name + " has another owner");
  }
}

void delegated_files(Scene& scene) {
  create_owned(scene, {.options = "rw", .has_namespace = true, .changes = true});
  const std::string group = kMountPoint + group_of(scene);
  for (const char* name : {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}) {
    expect(owner_of(group + "/" + name) == 2000000, std::string(name) + " has its old owner");
  }
}

// ---------------------------------------------------------------------------- devices

// Opens /dev/fuse, which is not among the devices that runtimes always allow.
std::string open_device(Scene& scene, const Json& rules) {
  only_root();
  needs_cgroups();
  if (!support::exists("/dev/fuse")) skip("/dev/fuse");
  scene.config["linux"]["cgroupsPath"] = "/tilla-conf";
  scene.config["linux"]["devices"] = {
      {{"type", "c"}, {"path", "/dev/fuse"}, {"major", 10}, {"minor", 229}, {"fileMode", 0666}}};
  resources(scene)["devices"] = rules;
  return scene.shell("(: < /dev/fuse) 2>/dev/null && echo opened || echo refused");
}

Json fuse_rule(bool allow, const char* access) {
  return {{"allow", allow}, {"type", "c"}, {"major", 10}, {"minor", 229}, {"access", access}};
}

void device_denied(Scene& scene) {
  const Json all = {{"allow", true}, {"access", "rwm"}};
  expect_equal(open_device(scene, {all, fuse_rule(false, "rwm")}), "refused", "/dev/fuse");
}

void device_rules_in_order(Scene& scene) {
  const Json none = {{"allow", false}, {"access", "rwm"}};
  const Json null = {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"access", "rwm"}};
  expect_equal(open_device(scene, {none, null, fuse_rule(false, "rwm"), fuse_rule(true, "rwm")}),
               "opened", "/dev/fuse");
}

// ---------------------------------------------------------------------------- controllers

// Sets a member of resources and compares a file of the group.
struct Limit {
  const char* controller;
  const char* pointer;  // below resources
  Json value;
  const char* file;
  const char* text;
};

void limit(Scene& scene, const Limit& one) {
  needs_controller(one.controller);
  resources(scene)[Json::json_pointer(one.pointer)] = one.value;
  create_in_group(scene);
  expect_equal(group_file(scene, one.file), one.text, one.file);
}

const std::vector<Limit>& limits() {
  static const std::vector<Limit> list = {
      {"memory", "/memory/limit", 67108864, "memory.max", "67108864"},
      {"memory", "/memory/reservation", 33554432, "memory.low", "33554432"},
      {"cpu", "/cpu/idle", 1, "cpu.idle", "1"},
      {"cpuset", "/cpu/cpus", "0", "cpuset.cpus", "0"},
      {"cpuset", "/cpu/mems", "0", "cpuset.mems", "0"},
      {"pids", "/pids/limit", 37, "pids.max", "37"},
      {"hugetlb",
       "/hugepageLimits",
       {{{"pageSize", "2MB"}, {"limit", 4194304}}},
       "hugetlb.2MB.max",
       "4194304"},
      {"hugetlb", "/unified", {{"hugetlb.2MB.max", "6291456"}}, "hugetlb.2MB.max", "6291456"},
      {"memory", "/unified", {{"memory.high", "50331648"}}, "memory.high", "50331648"},
  };
  return list;
}

void cpu_quota(Scene& scene) {
  needs_controller("cpu");
  resources(scene)["cpu"] = {{"quota", 20000}, {"period", 50000}};
  create_in_group(scene);
  expect_equal(group_file(scene, "cpu.max"), "20000 50000", "cpu.max");
}

void memory_unlimited(Scene& scene) {
  needs_controller("memory");
  resources(scene)["memory"] = {{"limit", -1}};
  create_in_group(scene);
  expect_equal(group_file(scene, "memory.max"), "max", "memory.max");
}

void memory_and_swap(Scene& scene) {
  needs_controller("memory");
  resources(scene)["memory"] = {{"limit", 67108864}, {"swap", 100663296}};
  create_in_group(scene);
  expect_equal(group_file(scene, "memory.swap.max"), "33554432", "memory.swap.max");
}

void refused_resources(Scene& scene, const char* pointer, const Json& value) {
  needs_cgroups();
  scene.config["linux"]["cgroupsPath"] = "/tilla-conf";
  resources(scene)[Json::json_pointer(pointer)] = value;
  scene.must_refuse(std::string(pointer) + " = " + value.dump());
}

void absent_controller(Scene& scene) {
  refused_resources(scene, "/unified", {{"nosuch.max", "1"}});
}

void burst_above_quota(Scene& scene) {
  refused_resources(scene, "/cpu", {{"quota", 10000}, {"burst", 20000}, {"period", 50000}});
}

// ---------------------------------------------------------------------------- sections

Section ownership_section() {
  const auto owns = [](Owner owner) -> Test {
    return [=](Scene& scene) { ownership(scene, owner); };
  };
  return {
      "config-linux.md",
      "Cgroup ownership (since 1.1)",
      {{"cgroups.owner", kShould, "a group that is mounted writable belongs to the container",
        owns({.options = "rw", .has_namespace = true, .changes = true})},
       {"cgroups.owner.ro", kShould, "one that is mounted read-only doesn't",
        owns({.options = "ro", .has_namespace = true, .changes = false})},
       {"cgroups.owner.unmounted", kShould, "nor one that is not mounted",
        owns({.options = "none", .has_namespace = true, .changes = false})},
       {"cgroups.owner.namespace", kShould, "nor one without a cgroup namespace",
        owns({.options = "rw", .has_namespace = false, .changes = false})},
       {"cgroups.owner.files", kShould, "with the files that are to be delegated", delegated_files},
       {"cgroups.owner.others", kShould, "and no others", other_files_kept},
       untested("cgroups.owner.v1", kShould, "in version 1 nothing changes hands",
                "these tests have version 2 alone"),
       untested("cgroups.owner.missing", kMust, "files that are not there are no error",
                "no kernel at hand has a list with files that a group lacks"),
       untested("cgroups.owner.fallback", kMust, "without the kernel's list there is a known one",
                "every kernel that we support has the list")}};
}

std::vector<Clause> limit_clauses() {
  std::vector<Clause> clauses;
  for (const Limit& one : limits()) {
    std::string id = one.pointer;
    std::replace(id.begin(), id.end(), '/', '.');
    clauses.push_back(
        {"resources" + id + (id == ".unified" ? std::string(".") + one.controller : ""), kSays,
         sys::format("{} is {}", one.pointer + 1, one.file),
         [&](Scene& scene) { limit(scene, one); }});
  }
  const std::vector<Clause> rest = {
      {"resources.memory.unlimited", kSays, "-1 is no limit", memory_unlimited},
      {"resources.memory.swap", kSays, "swap is memory and swap together", memory_and_swap},
      {"resources.cpu.quota", kSays, "quota and period are cpu.max", cpu_quota},
      {"resources.cpu.burst", kMust, "burst is not above quota", burst_above_quota},
      {"resources.unified.absent", kMust, "a controller that is not there is an error",
       absent_controller},
      untested("resources.memory.kernel", kSays, "kernel, kernelTCP, swappiness, OOM killer",
               "cgroup version 2 has none of them"),
      untested("resources.memory.check", kMust,
               "with checkBeforeUpdate a limit below use is refused",
               "a matter of updates, which are no operation of the specification"),
      untested("resources.cpu.realtime", kSays, "realtimeRuntime and realtimePeriod",
               "cgroup version 2 has none"),
      untested("resources.blockIO", kSays, "weights and throttles",
               "a block device and the controller io"),
      untested("resources.blockIO.weightDevice", kMust, "weight or leafWeight is there",
               "a demand on configurations"),
      untested("resources.network", kSays, "classID and priorities", "cgroup version 2 has none"),
      untested("resources.rdma", kSays, "hcaHandles and hcaObjects", "an RDMA device"),
      untested("resources.rdma.one", kMust, "hcaHandles or hcaObjects is there",
               "a demand on configurations")};
  clauses.insert(clauses.end(), rest.begin(), rest.end());
  return clauses;
}

}  // namespace

std::vector<Section> config_cgroups_sections() {
  const auto twice = [](std::string path) -> Test {
    return [=](Scene& scene) { same_place(scene, path); };
  };
  return {
      {"config-linux.md",
       "Control groups, Cgroups Path",
       {untested("cgroups.unfit", kMust, "a group that a check finds unfit is an error",
                 "whether there is a check is the runtime's own matter"),
        {"cgroupsPath.absolute", kMust, "an absolute path starts at the mount point",
         absolute_path},
        {"cgroupsPath.consistent", kMust, "the same path is the same place", twice("/tilla-conf")},
        {"cgroupsPath.relative", kMust, "so is the same relative path", twice("tilla-conf")},
        {"cgroupsPath.created", kSays, "groups are created if they are not there",
         created_if_missing},
        {"cgroupsPath.invalid", kMust, "an invalid path is an error, if there is such a path",
         invalid_path}}},
      ownership_section(),
      {"config-linux.md",
       "Allowed Device list",
       {{"resources.devices.deny", kSays, "a denied device can't be used", device_denied},
        {"resources.devices.order", kMust, "entries are applied in the listed order",
         device_rules_in_order}}},
      {"config-linux.md", "Memory, CPU, Block IO, Huge pages, Network, PIDs, RDMA, Unified",
       limit_clauses()}};
}

}  // namespace conformance
