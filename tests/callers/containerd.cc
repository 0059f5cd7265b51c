// SPDX-License-Identifier: Apache-2.0
#include "tests/callers/containerd.h"

#include <signal.h>

#include "sys/error.h"
#include "sys/format.h"

namespace callers {
namespace {

// Without CAP_SYS_RESOURCE no oom score can be lowered, and not every machine's cgroup v2 has the
// controllers of which a pod asks for shares.
constexpr const char* kConfiguration = R"(version = 2
root = "{0}/root"
state = "/run/containerd-state"
[grpc]
  address = "{1}"
[plugins."io.containerd.grpc.v1.cri"]
  disable_cgroup = true
  restrict_oom_score_adj = true
  sandbox_image = "{2}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "tilla"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tilla]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tilla.options]
        BinaryName = "{3}"
)";

}  // namespace

const support::Need Containerd::kNeed = {
    "containerd",
    [] {
      return support::is_root() && has_programs({"containerd", "ctr", "containerd-shim-runc-v2"});
    },
    false};

Containerd::Containerd() {
  support::write_text(
      directory_ / "config.toml",
      sys::format(kConfiguration, directory_.path(), kSocket, kImage, support::runtime_program()));
  const std::string log = directory_ / "log";
  daemon_.emplace(Words{"containerd", "--config", directory_ / "config.toml"},
                  support::ProgramOptions{.timeout = std::chrono::hours(1), .output_file = log});
  const auto answers = [this] { return ctr().call({"version"}).exit_code == 0; };
  if (!support::eventually(answers, support::milliseconds(20000))) {
    throw sys::Error("containerd does not answer: " + support::read_text(log));
  }
  write_image_archive(directory_ / "image.tar");
  for (const char* name_space : {"default", "k8s.io"}) {
    (void)ctr(name_space)
        .must({"images", "import", "--snapshotter", "native", directory_ / "image.tar"});
  }
}

Containerd::~Containerd() {
  daemon_->signal(SIGTERM);
  try {
    (void)daemon_->wait();
  } catch (const std::exception&) {  // killed, then
  }
}

Caller Containerd::ctr(const std::string& name_space) const {
  return Caller({"ctr", "--address", kSocket, "--namespace", name_space});
}

Words Containerd::run_words(const Words& flags, const std::string& id, const Words& command) {
  Words words = {"run",           "--snapshotter",           "native", "--cpu-shares", "0",
                 "--runc-binary", support::runtime_program()};
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(), {kImage, id});
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

}  // namespace callers
