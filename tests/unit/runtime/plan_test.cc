// SPDX-License-Identifier: Apache-2.0
// Every decision of a plan as text, for a few bundles and hosts; and what is refused.
// UPDATE_GOLDEN=1 rewrites the texts: look at the difference.
#include "runtime/plan/plan.h"

#include <linux/sched.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "sys/error.h"

using Catch::Matchers::Contains;
using config::NamespaceType;
using config::RuntimeSpec;
using runtime::HostFacts;
using runtime::Plan;
using runtime::Request;

namespace {

const HostFacts kUser = {.uid = 1000, .gid = 1000, .own_uids = {}, .own_gids = {}};
const sys::IdMap kAllIds = {{.inside = 0, .outside = 0, .count = 4294967295U}};
const HostFacts kRoot = {
    .can_set_ids = true, .can_raise_limits = true, .own_uids = kAllIds, .own_gids = kAllIds};
// Inside of podman's user namespace, which is one id and a range.
const sys::IdMap kTwoExtents = {{.inside = 0, .outside = 1000, .count = 1},
                                {.inside = 1, .outside = 100000, .count = 65536}};
const HostFacts kNestedRoot = {
    .can_set_ids = true, .own_uids = kTwoExtents, .own_gids = kTwoExtents};

const Request kRequest = {.id = "test", .bundle = "/bundle"};

// The programs run at the top of the tree.
std::string golden(const std::string& name) { return "tests/golden/plan/" + name; }

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file.is_open());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string text_of(const std::string& name, const HostFacts& facts,
                    const Request& request = kRequest) {
  const RuntimeSpec spec = config::parse_runtime_spec(read_file(golden(name + ".json")), name);
  return describe(make_plan(spec, facts, request));
}

void check_golden(const std::string& name, const std::string& text) {
  if (::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(golden(name + ".txt")) << text;
  CHECK(text == read_file(golden(name + ".txt")));
}

RuntimeSpec with(const std::function<void(RuntimeSpec&)>& change) {
  RuntimeSpec spec = config::default_rootless_spec(1000, 1000);
  change(spec);
  return spec;
}

config::Mount mount_of(const std::string& type, const std::string& source,
                       const std::vector<std::string>& options) {
  return {.destination = "/m",
          .type = type,
          .source = source,
          .options = options,
          .uid_mappings = {},
          .gid_mappings = {}};
}

// What make_plan says against the default bundle, changed; "" when it accepts it.
std::string problem(const std::function<void(RuntimeSpec&)>& change,
                    const HostFacts& facts = kUser) {
  try {
    make_plan(with(change), facts, kRequest);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

void drop(RuntimeSpec& spec, NamespaceType type) {
  std::erase_if(spec.linux_.namespaces,
                [&](const config::Namespace& one) { return one.type == type; });
}

std::string mount_problem(const config::Mount& mount) {
  return problem([&](RuntimeSpec& spec) { spec.mounts = {mount}; });
}

}  // namespace

TEST_CASE("plan: the rootless default, a single id", "[runtime][plan]") {
  check_golden("single", text_of("single", kUser));
}

TEST_CASE("plan: a range of ids, with something of everything", "[runtime][plan]") {
  check_golden("range", text_of("range", kUser));
}

TEST_CASE("plan: a member of a pod joins by path, user namespace first", "[runtime][plan]") {
  check_golden("joined", text_of("joined", kUser));
}

TEST_CASE("plan: the default of root has no user namespace", "[runtime][plan]") {
  check_golden("root", text_of("root", kRoot));
}

TEST_CASE("plan: devices and a shared root, with everything that the command line can ask",
          "[runtime][plan]") {
  check_golden("devices", text_of("devices", kRoot,
                                  {.id = "web",
                                   .bundle = "/bundle",
                                   .no_pivot = true,
                                   .new_keyring = false,
                                   .preserved_fds = 2,
                                   .listen_fds = 1}));
}

TEST_CASE("plan: inside a user namespace extents are cut where ours end", "[runtime][plan]") {
  check_golden("nested", text_of("nested", kNestedRoot));
}

TEST_CASE("plan: without any namespace, but with mounts, the root is built aside",
          "[runtime][plan]") {
  check_golden("aside", text_of("aside", kRoot));
}

TEST_CASE("plan: without any namespace it is a chroot", "[runtime][plan]") {
  check_golden("chroot", text_of("chroot", kRoot));
}

TEST_CASE("plan: it depends on nothing but bundle, facts and request", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec&) {});
  CHECK(make_plan(spec, kUser, kRequest) == make_plan(spec, kUser, kRequest));
  CHECK_FALSE(make_plan(spec, kUser, kRequest) == make_plan(spec, kRoot, kRequest));
}

TEST_CASE("plan: who writes the maps", "[runtime][plan]") {
  using runtime::MapWriter;
  const auto writer = [](const HostFacts& facts, uint32_t host_id, uint32_t size) {
    const RuntimeSpec spec = with([&](RuntimeSpec& one) {
      one.linux_.uid_mappings = {{.container_id = 0, .host_id = host_id, .size = size}};
    });
    return plan_ids(spec, facts).writer;
  };
  CHECK(writer(kUser, 1000, 1) == MapWriter::kItself);
  CHECK(writer(kUser, 1001, 1) == MapWriter::kHelpers);
  CHECK(writer(kUser, 1000, 2) == MapWriter::kHelpers);
  CHECK(writer(kRoot, 1000, 1) == MapWriter::kParent);
  CHECK(writer(kNestedRoot, 0, 1) == MapWriter::kParent);
}

TEST_CASE("plan: an id that our own user namespace does not have is named", "[runtime][plan]") {
  CHECK_THAT(problem(
                 [](RuntimeSpec& spec) {
                   spec.linux_.uid_mappings = {{.container_id = 0, .host_id = 0, .size = 70000}};
                 },
                 kNestedRoot),
             Contains("/linux/uidMappings/0: id 65537 does not exist"));
}

TEST_CASE("plan: a container of a single id has no additional groups", "[runtime][plan]") {
  const auto wants_group = [](RuntimeSpec& spec) { spec.process->user.additional_gids = {0}; };
  CHECK_THAT(problem(wants_group), Contains("/process/user/additionalGids"));
  CHECK(problem(wants_group, kRoot).empty());
}

TEST_CASE("plan: a user namespace can't mount in the mount namespace of its maker",
          "[runtime][plan]") {
  CHECK_THAT(problem([](RuntimeSpec& spec) { drop(spec, NamespaceType::kMount); }),
             Contains("/linux/namespaces") && Contains("need a mount namespace"));
}

TEST_CASE("plan: what is in no mount namespace has no peers", "[runtime][plan]") {
  const auto without = [](const std::string& propagation, const std::string& option) {
    return problem(
        [&](RuntimeSpec& spec) {
          drop(spec, NamespaceType::kMount);
          drop(spec, NamespaceType::kUser);
          spec.linux_.uid_mappings.clear();
          spec.linux_.gid_mappings.clear();
          spec.linux_.rootfs_propagation = propagation;
          spec.mounts = {mount_of("bind", "/x", {"bind", option})};
        },
        kRoot);
  };
  CHECK(without("", "rprivate").empty());
  CHECK(without("rprivate", "ro").empty());
  CHECK_THAT(without("shared", "ro"),
             Contains("/linux/rootfsPropagation: \"shared\" needs a mount namespace"));
  CHECK_THAT(without("", "rslave"), Contains("/mounts/0/options") && Contains("propagation"));
  CHECK_THAT(without("", "unbindable"), Contains("/mounts/0/options"));
}

TEST_CASE("plan: mounts that mean nothing are named", "[runtime][plan]") {
  CHECK_THAT(mount_problem(mount_of("bind", "", {"bind"})), Contains("/mounts/0/source"));
  CHECK_THAT(mount_problem(mount_of("bind", "/x", {"bind", "size=1m"})), Contains("\"size=1m\""));
  CHECK_THAT(mount_problem(mount_of("proc", "proc", {"tmpcopyup"})), Contains("tmpcopyup"));
  CHECK_THAT(mount_problem(mount_of("tmpfs", "tmpfs", {"idmap"})),
             Contains("/mounts/0: idmap is for binds"));
  CHECK_THAT(mount_problem(mount_of("bind", "/x", {"bind", "idmap", "copy-symlink"})),
             Contains("exclude each other"));
  config::Mount over_root = mount_of("tmpfs", "tmpfs", {});
  over_root.destination = "/";
  CHECK_THAT(mount_problem(over_root), Contains("/mounts/0/destination"));
}

TEST_CASE("plan: a mount label is for what runc gives it to", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.linux_.mount_label = "u:r:t:s0:c1,c2";
    one.mounts = {mount_of("proc", "proc", {}), mount_of("tmpfs", "tmpfs", {"size=1m"}),
                  mount_of("sysfs", "sysfs", {}), mount_of("mqueue", "mqueue", {}),
                  mount_of("bind", "/x", {"bind"})};
    one.mounts[0].destination = "/proc";
    one.mounts[2].destination = "/sys";
  });
  const Plan plan = make_plan(spec, kUser, kRequest);
  CHECK(plan.root.label == "u:r:t:s0:c1,c2");
  using Parameters = std::vector<std::string>;
  CHECK(plan.root.mounts[0].parameters == Parameters{});
  CHECK(plan.root.mounts[1].parameters == Parameters{"size=1m", "context=u:r:t:s0:c1,c2"});
  CHECK(plan.root.mounts[2].parameters == Parameters{});
  CHECK(plan.root.mounts[3].parameters == Parameters{});
  CHECK(plan.root.mounts[3].root_label == "u:r:t:s0:c1,c2");
  CHECK(plan.root.mounts[4].parameters == Parameters{});
}

TEST_CASE("plan: labels are shown", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.process->apparmor_profile = "tight";
    one.process->selinux_label = "u:r:t:s0";
  });
  const std::string text = describe(make_plan(spec, kUser, kRequest));
  CHECK_THAT(text, Contains("AppArmor profile \"tight\"\nSELinux label \"u:r:t:s0\"\n"));
}

TEST_CASE("plan: kernel parameters as paths, but the domain name", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.linux_.sysctl = {{"kernel.sem", "1 2 3 4"}, {"kernel/domainname", "x.org"}};
  });
  const Plan plan = make_plan(spec, kUser, kRequest);
  CHECK(plan.domainname == "x.org");
  CHECK(
      plan.sysctls ==
      std::vector<runtime::SysctlStep>{
          {.name = "kernel.sem", .path = "kernel/sem", .value = "1 2 3 4", .type = CLONE_NEWIPC}});
  CHECK_THAT(describe(plan), Contains("sysctl \"kernel/sem\" is \"1 2 3 4\"\n"));
}

TEST_CASE("plan: network devices, renamed or not", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.linux_.net_devices = {{"eth0", {}}, {"eth1", {"n%d"}}};
    one.linux_.namespaces.push_back({NamespaceType::kNetwork, {}});
  });
  CHECK_THAT(describe(make_plan(spec, kUser, kRequest)),
             Contains("network device \"eth0\" of the host as \"eth0\"\n"
                      "network device \"eth1\" of the host as \"n%d\"\n"));
}

TEST_CASE("plan: hooks in the order of their moments", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.hooks.emplace().poststop = {{"/b", {"b", "x y"}, {"A=1"}, 3}};
    one.hooks->prestart = {{"/a", {}, {}, {}}};
    one.annotations["k"] = "v";
  });
  const Plan plan = make_plan(spec, kUser, kRequest);
  CHECK_THAT(describe(plan),
             Catch::EndsWith("prestart hook \"/a\"\n"
                             "poststop hook \"/b\" \"b\" \"x y\" environment \"A=1\" for 3 s at "
                             "most\n"));
  CHECK(plan.hooks.has_creation());
  CHECK(plan.root.early_masks == 0);
  CHECK(plan.hooks.annotations == config::StringMap{{"k", "v"}});
}

TEST_CASE("plan: a failed poststart hook is a warning before version 1.3", "[runtime][plan]") {
  const auto planned = [](const std::string& version) {
    return make_plan(with([&](RuntimeSpec& one) {
                       one.oci_version = version;
                       one.hooks.emplace().poststart = {{"/a", {}, {}, {}}};
                     }),
                     kUser, kRequest);
  };
  for (const char* version : {"1.0.0", "1.0.2-dev", "1.1.0", "1.2.1"}) {
    CHECK_THAT(describe(planned(version)), Contains("a failed poststart hook is a warning\n"));
  }
  for (const char* version : {"1.3.0", "1.3.0-rc.1"}) {
    CHECK_FALSE(planned(version).hooks.poststart_may_fail);
  }
  CHECK(make_plan(with([](RuntimeSpec&) {}), kUser, kRequest).hooks == runtime::HooksPlan{});
}

TEST_CASE("plan: the init shows itself only to hooks, and only when nobody else is there",
          "[runtime][plan]") {
  const auto shows = [](const std::function<void(RuntimeSpec&)>& change) {
    return make_plan(with(change), kUser, kRequest).hooks.shows_init;
  };
  const config::Hook hook = {"/a", {}, {}, {}};
  CHECK_FALSE(shows([](RuntimeSpec&) {}));
  CHECK(shows([&](RuntimeSpec& one) { one.hooks.emplace().create_runtime = {hook}; }));
  CHECK_FALSE(shows([&](RuntimeSpec& one) { one.hooks.emplace().create_container = {hook}; }));
  CHECK_FALSE(shows([&](RuntimeSpec& one) {
    one.hooks.emplace().create_runtime = {hook};
    one.linux_.namespaces[0].path = "/proc/1/ns/pid";
  }));
}

TEST_CASE("plan: how the program shares the machine", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.process->scheduler = {"SCHED_DEADLINE", 0, 0, {"SCHED_FLAG_RECLAIM"}, 1, 2, 3};
    one.process->io_priority = {.io_class = "IOPRIO_CLASS_RT", .priority = 4};
    one.process->exec_cpu_affinity = {.initial = "0-1", .final_ = "1"};
    one.linux_.personality = {.domain = "LINUX32", .flags = {}};
    one.linux_.memory_policy = {"MPOL_PREFERRED_MANY", "1,64", {"MPOL_F_NUMA_BALANCING"}};
  });
  const Plan plan = make_plan(spec, kUser, kRequest);
  CHECK_THAT(
      describe(plan),
      Contains(
          "scheduler SCHED_DEADLINE nice 0 priority 0 runtime 1 deadline 2 period 3 "
          "flags 0x2\nI/O priority IOPRIO_CLASS_RT 4\nmemory policy MPOL_PREFERRED_MANY (0x2005) "
          "nodes \"1,64\"\npersonality 0x8\n"));
  CHECK(plan.process.memory_policy->nodes == config::CpuMask{2, 1});
  CHECK(plan.process.initial_cpus == config::CpuMask{3});
  CHECK(plan.process.final_cpus == config::CpuMask{2});
}

TEST_CASE("plan: all problems of a bundle are told at once", "[runtime][plan]") {
  CHECK_THAT(problem([](RuntimeSpec& spec) {
               spec.process->cwd = "relative";
               spec.process->user.uid = 9;
             }),
             Contains("/process/cwd") && Contains("/process/user/uid"));
}

TEST_CASE("plan: devices come after the last mount that could hide one", "[runtime][plan]") {
  const auto position = [](const std::vector<std::string>& destinations) {
    const RuntimeSpec spec = with([&](RuntimeSpec& one) {
      one.mounts.clear();
      for (const std::string& destination : destinations) {
        one.mounts.push_back(mount_of("tmpfs", "tmpfs", {}));
        one.mounts.back().destination = destination;
      }
    });
    return make_plan(spec, kUser, kRequest).root.devices_before;
  };
  CHECK(position({"/proc", "/sys"}) == 0);
  CHECK(position({"/proc", "/dev", "/sys"}) == 2);
  CHECK(position({"/dev", "/dev/shm", "/device"}) == 2);
}

TEST_CASE("plan: a bound /dev is the bundle's own affair", "[runtime][plan]") {
  const RuntimeSpec spec = with([](RuntimeSpec& one) {
    one.mounts = {mount_of("bind", "/dev", {"rbind"})};
    one.mounts[0].destination = "/dev";
  });
  CHECK_FALSE(make_plan(spec, kUser, kRequest).root.makes_devices);
}

TEST_CASE("plan: the ids of an idmapped bind", "[runtime][plan]") {
  const auto text = [](const std::vector<std::string>& options, const config::IdMapping& own) {
    const RuntimeSpec spec = with([&](RuntimeSpec& one) {
      one.linux_.uid_mappings = {{0, 5000, 10}, {10, 100000, 10}};
      one.linux_.gid_mappings = one.linux_.uid_mappings;
      one.mounts = {mount_of("bind", "/x", options)};
      if (own.size != 0) one.mounts[0].uid_mappings = one.mounts[0].gid_mappings = {own};
    });
    return describe(make_plan(spec, kRoot, kRequest));
  };
  CHECK_THAT(text({"bind", "idmap"}, {}), Contains("\"/m\" idmap of the user namespace\n"));
  CHECK_THAT(text({"bind"}, {7, 8, 9}), Contains(" idmap uid 7-8-9 gid 7-8-9\n"));
  CHECK_THAT(text({"bind", "ridmap"}, {7, 8, 9}), Contains(" ridmap uid 7-8-9 gid 7-8-9\n"));
  CHECK_THAT(text({"bind", "idmap=uids=@0-8-4;gids=1-2-3"}, {}),
             Contains(" idmap uid 0-5008-2 uid 2-100000-2 gid 1-2-3\n"));
}

TEST_CASE("plan: a source that is a descriptor of the caller's", "[runtime][plan]") {
  const auto descriptor = [](const std::string& source) {
    const RuntimeSpec spec =
        with([&](RuntimeSpec& one) { one.mounts = {mount_of("bind", source, {"bind"})}; });
    return make_plan(spec, kUser, kRequest).root.mounts[0].source_fd;
  };
  CHECK(descriptor("/proc/self/fd/7") == 7);
  CHECK(descriptor("/dev/fd/12/sub") == 12);
  CHECK_FALSE(descriptor("/proc/self/fd/x"));
  CHECK_FALSE(descriptor("/dev/fd/7x"));
  CHECK_FALSE(descriptor("/dev/fd"));
  CHECK_FALSE(descriptor("dev/fd/7"));
}
