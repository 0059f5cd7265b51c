// SPDX-License-Identifier: Apache-2.0
// What the specification's own samples (schema/test/config/good and bad) are about, in small
// documents of ours: good ones are read and valid, bad ones are refused with their place.
#include <catch2/catch.hpp>

#include "config/runtime_spec.h"
#include "sys/error.h"

namespace {

// A document of the least, with `members` added.
std::string document(const std::string& members) {
  std::string text = R"({"ociVersion":"1.0.0","root":{"path":"rootfs"})";
  if (!members.empty()) text += ",";
  return text + members + "}";
}

// The first thing that is wrong, or "".
std::string problem_of(const std::string& text) {
  try {
    const std::vector<std::string> problems =
        config::validate(config::parse_runtime_spec(text, "sample"));
    return problems.empty() ? "" : "sample: " + problems.front();
  } catch (const sys::Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("schema samples: good ones", "[config][schema]") {
  const std::string members = GENERATE(
      "",
      // The least that can be started.
      R"("process":{"cwd":"/","args":["sh"],"user":{"uid":0,"gid":0}})",
      // Other platforms' parts and new properties are nobody's business.
      R"("windows":{"layerFolders":["C:\\a"]},"solaris":{},"zos":{},"freebsd":{"devices":[]})",
      R"("linux":{"netDevices":{"eth0":{"name":"inside0"},"eth1":{}},
                  "namespaces":[{"type":"network"}]})",
      R"("linux":{"resources":{"rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10000}}}})",
      R"("linux":{"timeOffsets":{"monotonic":{"secs":172800,"nanosecs":0}},
                  "namespaces":[{"type":"time"}]})",
      R"("annotations":{"com.example.a":"1","com.example.empty":""})");
  CHECK(problem_of(document(members)).empty());
}

TEST_CASE("schema samples: bad ones", "[config][schema]") {
  struct Sample {
    const char* members;
    const char* place;
  };
  const auto sample = GENERATE(
      Sample{R"("linux":{"netDevices":{"eth0":{"name":23}}})", "/linux/netDevices/eth0/name: "},
      Sample{R"("linux":{"netDevices":["eth0"]})", "/linux/netDevices: "},
      Sample{R"("process":"sh")", "/process: "},
      Sample{R"("process":{"cwd":"/","user":{"uid":"0","gid":0}})", "/process/user/uid: "},
      Sample{R"("process":{"cwd":"/","user":{"uid":0,"gid":0},"args":"sh"})", "/process/args: "},
      Sample{R"("process":{"user":{"uid":0,"gid":0},"args":["sh"]})", "/process/cwd: "},
      Sample{R"("process":{"cwd":"/","user":{"uid":0,"gid":0},"rlimits":[{"type":"CORE"}]})",
             "/process/rlimits/0/type: "},
      Sample{R"("mounts":[{"type":"proc"}])", "/mounts/0/destination: "},
      Sample{R"("mounts":[{"destination":"/a","options":"ro"}])", "/mounts/0/options: "},
      Sample{R"("hooks":{"poststop":[{"args":["x"]}]})", "/hooks/poststop/0/path: "},
      Sample{R"("hooks":{"createRuntime":[{"path":"/x","timeout":-1}]})",
             "/hooks/createRuntime/0/timeout: "},
      Sample{R"("annotations":{"a":1})", "/annotations/a: "},
      Sample{R"("linux":{"namespaces":[{"type":"net"}]})", "/linux/namespaces/0/type: "},
      Sample{R"("linux":{"namespaces":[{"path":"/x"}]})", "/linux/namespaces/0/type: "},
      Sample{R"("linux":{"uidMappings":[{"containerID":0,"hostID":-1,"size":1}]})",
             "/linux/uidMappings/0/hostID: "},
      Sample{R"("linux":{"devices":[{"type":"c","path":"/dev/x","major":1}]})",
             "/linux/devices/0/minor: "},
      Sample{R"("linux":{"rootfsPropagation":"public"})", "/linux/rootfsPropagation: "},
      Sample{R"("linux":{"seccomp":{"syscalls":[]}})", "/linux/seccomp/defaultAction: "},
      Sample{R"("linux":{"seccomp":{"defaultAction":"ALLOW"}})", "/linux/seccomp/defaultAction: "},
      Sample{R"("linux":{"maskedPaths":["proc/kcore"]})", "/linux/maskedPaths/0: "});
  INFO(sample.members);
  CHECK_THAT(problem_of(document(sample.members)),
             Catch::Matchers::StartsWith(std::string("sample: ") + sample.place));
}

TEST_CASE("schema samples: what is required at the top", "[config][schema]") {
  CHECK(problem_of(R"({"root":{"path":"rootfs"}})").starts_with("sample: /ociVersion: "));
  CHECK(problem_of(R"({"ociVersion":"1.0.0"})").starts_with("sample: /root"));
  CHECK(problem_of(R"({"ociVersion":"1.0.0","root":{}})").starts_with("sample: /root/path: "));
  CHECK(problem_of("{").starts_with("sample: "));
}
