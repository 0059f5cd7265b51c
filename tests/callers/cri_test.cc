// SPDX-License-Identifier: Apache-2.0
// A kubelet's calls to containerd: gRPC by curl, the few messages written by hand (Debian has no
// crictl). Numbers of fields are those of Kubernetes' cri-api, runtime/v1/api.proto.
#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/format.h"
#include "tests/callers/containerd.h"

using namespace callers;
using support::Result;

namespace {

const support::Need kNeedCurl = {"curl", [] { return has_programs({"curl"}); }, false};

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A field of a message: text or a message within, or a number.
std::string field(unsigned number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}
std::string number_field(unsigned number, uint64_t value) {
  return varint(number << 3) + varint(value);
}

// Of a message, its first field with that number; text, or a number in decimal.
std::string find_field(const std::string& message, unsigned wanted) {
  std::size_t at = 0;
  const auto read_varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const uint64_t tag = read_varint(), value = read_varint();
    const bool is_text = (tag & 7) == 2;
    if (tag >> 3 == wanted) return is_text ? message.substr(at, value) : std::to_string(value);
    if (is_text) at += value;
  }
  return {};
}

// Calls a method of CRI's runtime service. Errors: the service refuses.
std::string call(const std::string& method, const std::string& message) {
  (void)shared<Containerd>();
  const support::TempDirectory directory;
  std::string frame(5, '\0');  // not compressed; the length, big endian
  for (unsigned i = 0; i < 4; ++i) frame[4 - i] = static_cast<char>(message.size() >> (8 * i));
  const Result result =
      support::run({"curl", "--silent", "--show-error", "--http2-prior-knowledge", "--unix-socket",
                    Containerd::kSocket, "--header", "content-type: application/grpc", "--header",
                    "te: trailers", "--dump-header", directory / "headers", "--data-binary", "@-",
                    "http://localhost/runtime.v1.RuntimeService/" + method},
                   {.input = frame + message, .timeout = std::chrono::seconds(60)});
  const std::string headers = support::read_text(directory / "headers");
  if (headers.find("grpc-status: 0") == std::string::npos) {
    throw sys::Error(sys::format("{}: {} {}", method, headers, result.err));
  }
  return result.out.substr(std::min<std::size_t>(5, result.out.size()));
}

// A pod on the host's network, for which no plugins are needed.
class Pod {
 public:
  Pod() : id(find_field(call("RunPodSandbox", field(1, config) + field(2, "tilla")), 1)) {}
  ~Pod() {
    try {
      (void)call("StopPodSandbox", field(1, id));
      (void)call("RemovePodSandbox", field(1, id));
    } catch (const std::exception&) {  // containerd's end shows it
    }
  }
  Pod(const Pod&) = delete;
  Pod& operator=(const Pod&) = delete;

  std::string start(const std::string& name, const Words& command) const {
    std::string container = field(1, field(1, name)) + field(2, field(1, kImage));
    for (const std::string& word : command) container += field(3, word);
    container += field(15, field(2, field(3, namespaces)));
    const std::string made = find_field(
        call("CreateContainer", field(1, id) + field(2, container) + field(3, config)), 1);
    (void)call("StartContainer", field(1, made));
    return made;
  }

  // network: the node's; pid: each container's own
  std::string namespaces = number_field(1, 2) + number_field(2, 1);
  std::string config = field(1, field(1, "pod") + field(2, "uid") + field(3, "default")) +
                       field(8, field(2, field(1, namespaces)));
  std::string id;
};

std::string exec(const std::string& container, const std::string& line) {
  const std::string answer =
      call("ExecSync", field(1, container) + field(2, "sh") + field(2, "-c") + field(2, line));
  return find_field(answer, 1) + find_field(answer, 3);
}

// "1" is running, "2" exited.
bool reaches_state(const std::string& container, const std::string& state) {
  return support::eventually([&] {
    return find_field(find_field(call("ContainerStatus", field(1, container)), 1), 3) == state;
  });
}

}  // namespace

TEST_CASE("cri: a pod of two containers", "[callers][root]") {
  if (support::is_missing(Containerd::kNeed) || support::is_missing(kNeedCurl)) return;
  const Pod pod;
  const std::string one = pod.start("one", {"probe", "pause"});
  const std::string two = pod.start("two", {"probe", "pause"});
  CHECK(reaches_state(one, "1"));
  const std::string ipc = exec(one, "readlink /proc/self/ns/ipc");
  CHECK(ipc.starts_with("ipc:["));
  CHECK(exec(two, "readlink /proc/self/ns/ipc") == ipc);
  CHECK(exec(one, "readlink /proc/self/ns/pid") != exec(two, "readlink /proc/self/ns/pid"));
  CHECK(exec(two, "echo out; exit 3") == "out\n3");
}

TEST_CASE("cri: containers stop, end by themselves and go", "[callers][root]") {
  if (support::is_missing(Containerd::kNeed) || support::is_missing(kNeedCurl)) return;
  const Pod pod;
  const std::string ends = pod.start("ends", {"sh", "-c", "exit 7"});
  CHECK(reaches_state(ends, "2"));
  CHECK(find_field(find_field(call("ContainerStatus", field(1, ends)), 1), 7) == "7");
  const std::string stops =
      pod.start("stops", {"sh", "-c", "trap '' TERM; while :; do sleep 1; done"});
  (void)call("StopContainer", field(1, stops) + number_field(2, 1));
  CHECK(reaches_state(stops, "2"));
  CHECK(find_field(find_field(call("ContainerStatus", field(1, stops)), 1), 7) == "137");
  (void)call("RemoveContainer", field(1, stops));
  CHECK_THROWS(call("ContainerStatus", field(1, stops)));
}
