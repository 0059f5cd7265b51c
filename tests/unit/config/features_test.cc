// SPDX-License-Identifier: Apache-2.0
#include "config/features.h"

#include <catch2/catch.hpp>

#include "config/json.h"

using config::Json;

namespace {

Json sample_features() {
  return config::parse_json(
      config::features_document({.tilla_version = "0.1.0",
                                 .tilla_commit = "",
                                 .capabilities = {"CAP_CHOWN", "CAP_BPF"},
                                 .libseccomp_version = "2.5.4",
                                 .seccomp_archs = {"SCMP_ARCH_X86_64", "SCMP_ARCH_ARM"},
                                 .seccomp_supported_flags = {"SECCOMP_FILTER_FLAG_TSYNC"}}),
      "features");
}

/// The part at `path` as compact JSON.
std::string at(std::initializer_list<const char*> path) {
  const Json document = sample_features();
  const Json* place = &document;
  for (const char* key : path) {
    place = place->find(key);
    REQUIRE(place != nullptr);
  }
  return config::write_json(*place, "");
}

}  // namespace

TEST_CASE("features: what is not there yet is not claimed", "[config][features]") {
  CHECK(at({"linux", "cgroup"}) ==
        R"({"v1":true,"v2":true,"systemd":true,"systemdUser":true,"rdma":true})");
}

TEST_CASE("features: what is there is claimed", "[config][features]") {
  CHECK(
      at({"hooks"}) ==
      R"(["prestart","createRuntime","createContainer","startContainer","poststart","poststop"])");
  CHECK_THAT(at({"linux", "seccomp", "actions"}), Catch::Contains("SCMP_ACT_NOTIFY"));
  CHECK(at({"linux", "apparmor"}) == R"({"enabled":true})");
  CHECK(at({"linux", "selinux"}) == R"({"enabled":true})");
  CHECK(at({"ociVersionMin"}) == "\"1.0.0\"");
  CHECK(at({"ociVersionMax"}) == "\"1.3.0\"");
  CHECK_THAT(at({"mountOptions"}), Catch::Contains("\"rro\"") && Catch::Contains("\"ridmap\""));
  CHECK(at({"linux", "intelRdt"}) == R"({"enabled":true,"schemata":true,"monitoring":true})");
  CHECK(at({"linux", "netDevices"}) == R"({"enabled":true})");
  CHECK(at({"linux", "mountExtensions"}) == R"({"idmap":{"enabled":true}})");
  CHECK(at({"linux", "namespaces"}) ==
        R"(["cgroup","ipc","mount","network","pid","time","user","uts"])");
  CHECK(at({"linux", "capabilities"}) == R"(["CAP_CHOWN","CAP_BPF"])");
  CHECK(at({"linux", "seccomp", "archs"}) == R"(["SCMP_ARCH_ARM","SCMP_ARCH_X86_64"])");
  CHECK(at({"linux", "seccomp", "supportedFlags"}) == R"(["SECCOMP_FILTER_FLAG_TSYNC"])");
  CHECK_THAT(at({"linux", "memoryPolicy", "modes"}), Catch::Contains("\"MPOL_BIND\""));
  CHECK(at({"linux", "memoryPolicy", "flags"}) ==
        R"(["MPOL_F_NUMA_BALANCING","MPOL_F_RELATIVE_NODES","MPOL_F_STATIC_NODES"])");
  CHECK(at({"annotations"}) ==
        R"({"io.github.seccomp.libseccomp.version":"2.5.4","run.oci.tilla.version":"0.1.0"})");
}
