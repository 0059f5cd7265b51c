// SPDX-License-Identifier: Apache-2.0
// features.md and features-linux.md: what a runtime says of itself is true. The command is
// optional.
#include <map>
#include <set>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;

Json features_of(const Scene& scene) {
  const Result result = scene.call({"features"});
  if (result.exit_code != 0) skip("a runtime with \"features\"");
  return Json::parse(result.out);
}

Json list_of(const Scene& scene, const char* pointer) {
  const Json features = features_of(scene);
  const Json::json_pointer place(pointer);
  if (!features.contains(place) || features.at(place).is_null())
    skip(std::string("a list ") + pointer);
  return features.at(place);
}

void accepts(Scene& scene, const std::string& what) {
  const Result result = scene.create();
  if (result.exit_code != 0) fail(what + ": " + trim(result.err));
  (void)scene.call({"delete", "--force", scene.id});
}

void version(Scene& scene, const char* member) {
  scene.config["ociVersion"] = features_of(scene).at(member);
  accepts(scene, scene.config["ociVersion"].dump());
}

std::vector<int> numbers_of(const std::string& text) {
  std::vector<int> numbers(3);
  (void)std::sscanf(text.c_str(), "%d.%d.%d", &numbers[0], &numbers[1], &numbers[2]);
  return numbers;
}

void version_order(Scene& scene) {
  const Json features = features_of(scene);
  expect(numbers_of(features.at("ociVersionMin")) <= numbers_of(features.at("ociVersionMax")),
         "the minimum is above the maximum");
}

void known_properties(Scene& scene) {
  const Json features = features_of(scene);
  const std::set<std::string> top = {"ociVersionMin",
                                     "ociVersionMax",
                                     "hooks",
                                     "mountOptions",
                                     "linux",
                                     "annotations",
                                     "potentiallyUnsafeConfigAnnotations"};
  const std::set<std::string> linux_names = {
      "namespaces", "capabilities", "cgroup",          "seccomp",    "apparmor",
      "selinux",    "intelRdt",     "mountExtensions", "netDevices", "memoryPolicy"};
  for (const auto& [name, value] : features.items()) expect(top.contains(name), "unknown: " + name);
  for (const auto& [name, value] : features.value("linux", Json::object()).items()) {
    expect(linux_names.contains(name), "unknown: linux." + name);
  }
}

void annotations(Scene& scene) {
  const Json map = list_of(scene, "/annotations");
  expect(map.is_object(), "they are no map");
  for (const auto& [name, value] : map.items()) {
    expect(!name.empty() && value.is_string(), "\"" + name + "\" is no text");
  }
}

void hooks(Scene& scene) {
  for (const Json& kind : list_of(scene, "/hooks")) {
    scene.config["hooks"] = {{kind.get<std::string>(), {{{"path", "/bin/true"}}}}};
    accepts(scene, kind);
  }
}

// Each on a mount of its kind; an option that only goes with others gets them.
void mount_options(Scene& scene) {
  const Json plain = scene.config;
  for (const Json& entry : list_of(scene, "/mountOptions")) {
    const std::string name = entry;
    if (name == "idmap" || name == "ridmap" || name == "remount") continue;  // tested by themselves
    const bool binds =
        name == "bind" || name == "rbind" || name.find("shared") != std::string::npos;
    scene.config = plain;
    add_mount(scene.config, "/volume", "tmpfs", binds ? scene.file("") : "tmpfs",
              binds ? std::vector<std::string>{"rbind", name} : std::vector<std::string>{name});
    const Result result = scene.create();
    // Where a machine's kernel refuses it, it is recognized all the same: tmpfs would say so.
    expect(result.exit_code == 0 || !has(result.err, "nvalid argument"),
           name + ": " + trim(result.err));
    (void)scene.call({"delete", "--force", scene.id});
  }
}

void namespaces(Scene& scene) {
  const Json plain = scene.config;
  for (const Json& type : list_of(scene, "/linux/namespaces")) {
    scene.config = plain;
    scene.config["ociVersion"] = "1.1.0";
    if (type == "user") {
      use_user_namespace(scene.config);
    } else {
      set_namespace(scene.config, type);
    }
    accepts(scene, type);
  }
}

void capabilities(Scene& scene) {
  const Json list = list_of(scene, "/linux/capabilities");
  scene.config["process"]["capabilities"] = {{"bounding", list}};
  accepts(scene, "the capabilities");
}

Json rule(const Json& action) { return {{"names", {"getpgid"}}, {"action", action}}; }

void seccomp_actions(Scene& scene) {
  for (const Json& action : list_of(scene, "/linux/seccomp/actions")) {
    if (action == "SCMP_ACT_NOTIFY") continue;  // needs a listener; tested there
    scene.config["linux"]["seccomp"] = {
        {"defaultAction", action == "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW"},
        {"syscalls", {rule(action)}}};
    accepts(scene, action);
  }
}

void seccomp_operators(Scene& scene) {
  for (const Json& op : list_of(scene, "/linux/seccomp/operators")) {
    Json one = rule("SCMP_ACT_ERRNO");
    one["args"] = {{{"index", 0}, {"value", 5}, {"valueTwo", 5}, {"op", op}}};
    scene.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", {one}}};
    accepts(scene, op);
  }
}

// libseccomp puts no two byte orders into one filter, and ours is in each.
void seccomp_architectures(Scene& scene) {
  const std::set<std::string> big_endian = {
      "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_PARISC",
      "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",    "SCMP_ARCH_PPC64",     "SCMP_ARCH_S390",
      "SCMP_ARCH_S390X",    "SCMP_ARCH_M68K",   "SCMP_ARCH_SHEB"};
  for (const Json& entry : list_of(scene, "/linux/seccomp/archs")) {
    if (big_endian.contains(entry)) continue;
    scene.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                        {"syscalls", {rule("SCMP_ACT_ERRNO")}},
                                        {"architectures", {entry}}};
    accepts(scene, entry);
  }
}

void seccomp_flags(Scene& scene, const char* pointer) {
  for (const Json& entry : list_of(scene, pointer)) {
    scene.config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                        {"syscalls", {rule("SCMP_ACT_ERRNO")}},
                                        {"flags", {entry}}};
    accepts(scene, entry);
  }
}

void memory_policies(Scene& scene) {
  const std::set<std::string> without_nodes = {"MPOL_DEFAULT", "MPOL_LOCAL"};
  for (const Json& mode : list_of(scene, "/linux/memoryPolicy/modes")) {
    scene.config["ociVersion"] = "1.3.0";
    scene.config["linux"]["memoryPolicy"] = {{"mode", mode},
                                             {"nodes", without_nodes.contains(mode) ? "" : "0"}};
    accepts(scene, mode);
  }
}

void memory_policy_flags(Scene& scene) {
  for (const Json& flag : list_of(scene, "/linux/memoryPolicy/flags")) {
    scene.config["ociVersion"] = "1.3.0";
    scene.config["linux"]["memoryPolicy"] = {
        {"mode", "MPOL_BIND"}, {"nodes", "0"}, {"flags", {flag}}};
    accepts(scene, flag);
  }
}

}  // namespace

std::vector<Section> features_sections() {
  const auto flags = [](const char* pointer) -> Test {
    return [=](Scene& scene) { seccomp_flags(scene, pointer); };
  };
  return {
      {"features.md",
       "Features Structure (since 1.1)",
       {untested("features.compiled", Level::kShould, "the content is known when it is compiled",
                 "where a runtime knows it from can't be seen"),
        untested("features.null", kMust, "null is not an empty value", "a demand on who reads it"),
        {"features.ociVersionMin", kMust, "ociVersionMin is accepted in a configuration",
         [](Scene& scene) { version(scene, "ociVersionMin"); }},
        {"features.ociVersionMax", kMust, "so is ociVersionMax",
         [](Scene& scene) { version(scene, "ociVersionMax"); }},
        {"features.ociVersionMax.order", kMust, "which is not the smaller one", version_order},
        {"features.properties", kMust, "there are no properties that aren't defined",
         known_properties},
        {"features.hooks", kMust, "each of the hooks is supported", hooks},
        {"features.mountOptions", kMust, "each of the mountOptions is recognized", mount_options},
        untested("features.mountOptions.data", Level::kShould,
                 "options of filesystems are not among them",
                 "that an option is a filesystem's is not seen from its name"),
        {"features.annotations", kMust, "annotations are a map of texts", annotations}}},
      {"features-linux.md",
       "Linux Features Structure (since 1.1)",
       {{"features.namespaces", kMust, "each of the namespaces is recognized", namespaces},
        {"features.capabilities", kMust, "each of the capabilities is recognized", capabilities},
        {"features.seccomp.actions", kMust, "each of the seccomp actions is recognized",
         seccomp_actions},
        {"features.seccomp.operators", kMust, "each of the operators is recognized",
         seccomp_operators},
        {"features.seccomp.archs", kMust, "each of the architectures is recognized",
         seccomp_architectures},
        {"features.seccomp.knownFlags", kMust, "each of the flags is recognized",
         flags("/linux/seccomp/knownFlags")},
        {"features.seccomp.supportedFlags", kMust, "each of the supported flags is supported",
         flags("/linux/seccomp/supportedFlags")},
        {"features.memoryPolicy.modes", kMust, "each of the memory policies is recognized",
         memory_policies},
        {"features.memoryPolicy.flags", kMust, "each of their flags is recognized",
         memory_policy_flags},
        untested("features.mountExtensions", kMust,
                 "mountExtensions.idmap.enabled is true of a partial implementation, too",
                 "the options idmap and ridmap are tested where they are defined")}}};
}

}  // namespace conformance
