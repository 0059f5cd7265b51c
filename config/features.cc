// SPDX-License-Identifier: Apache-2.0
#include "config/features.h"

#include <algorithm>

#include "config/json_object.h"
#include "config/mount_options.h"
#include "config/names.h"

namespace config {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

template <typename T, size_t N>
std::vector<std::string> names_of(const NamedValue<T> (&table)[N]) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

template <size_t N>
std::vector<std::string> names(const std::string_view (&table)[N]) {
  return {std::begin(table), std::end(table)};
}

Json enabled(bool value) { return JsonObject().add("enabled", value).take(); }

Json cgroup() {
  return JsonObject()
      .add("v1", true)
      .add("v2", true)
      .add("systemd", true)
      .add("systemdUser", true)
      .add("rdma", true)
      .take();
}

Json seccomp(const FeaturesFacts& facts) {
  return JsonObject()
      .add("enabled", true)
      .add("actions", names_of(kSeccompActions))
      .add("operators", names_of(kSeccompOperators))
      .add("archs", sorted(facts.seccomp_archs))
      .add("knownFlags", names(kSeccompFlags))
      .add("supportedFlags", sorted(facts.seccomp_supported_flags))
      .take();
}

Json linux_features(const FeaturesFacts& facts) {
  return JsonObject()
      .add("namespaces", names_of(kNamespaceTypes))
      .add("capabilities", facts.capabilities)
      .add_json("cgroup", cgroup())
      .add_json("seccomp", seccomp(facts))
      .add_json("apparmor", enabled(true))
      .add_json("selinux", enabled(true))
      .add_json(
          "intelRdt",
          JsonObject().add("enabled", true).add("schemata", true).add("monitoring", true).take())
      .add_json("memoryPolicy", JsonObject()
                                    .add("modes", names(kMemoryPolicyModes))
                                    .add("flags", names(kMemoryPolicyFlags))
                                    .take())
      .add_json("mountExtensions", JsonObject().add_json("idmap", enabled(true)).take())
      .add_json("netDevices", enabled(true))
      .take();
}

}  // namespace

std::string features_document(const FeaturesFacts& facts) {
  JsonObject annotations;  // sorted, as Go writes maps
  annotations.add("io.github.seccomp.libseccomp.version", facts.libseccomp_version)
      .add_unless_empty("run.oci.tilla.commit", facts.tilla_commit)
      .add("run.oci.tilla.version", facts.tilla_version);
  // Lists are printed when they are empty: a missing one means "unknown".
  const Json document = JsonObject()
                            .add("ociVersionMin", std::string("1.0.0"))
                            .add("ociVersionMax", std::string("1.3.0"))
                            .add("hooks", names(kHookKinds))
                            .add("mountOptions", known_mount_options())
                            .add_json("linux", linux_features(facts))
                            .add_json("annotations", annotations.take())
                            .add("potentiallyUnsafeConfigAnnotations", std::vector<std::string>())
                            .take();
  return write_json(document, "    ") + '\n';
}

}  // namespace config
