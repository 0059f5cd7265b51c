// SPDX-License-Identifier: Apache-2.0
#include "tests/callers/docker.h"

#include <signal.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/format.h"

namespace callers {

const support::Need Docker::kNeed = {
    "docker",
    [] {
      return support::is_root() && has_programs({"dockerd", "docker", "catatonit"});
    },
    false};

Docker::Docker()
    : cgroup_("/tilla-docker-" + std::to_string(::getpid())),
      caller_({"docker", "--host", "unix:///run/docker.sock"}) {
  const std::string log = directory_ / "log";
  const Words words = {"dockerd",
                       "--host=unix:///run/docker.sock",
                       "--data-root=" + directory_ / "data",
                       "--storage-driver=vfs",
                       "--bridge=none",
                       "--iptables=false",
                       "--cgroup-parent=" + cgroup_,
                       "--ip6tables=false",
                       "--init-path=" + find_program("catatonit"),
                       "--add-runtime=tilla=" + support::runtime_program(),
                       "--default-runtime=tilla"};
  daemon_.emplace(words,
                  support::ProgramOptions{.timeout = std::chrono::hours(1), .output_file = log});
  const auto answers = [this] { return caller_.call({"version"}).exit_code == 0; };
  if (!support::eventually(answers, support::milliseconds(20000))) {
    throw sys::Error("dockerd does not answer: " + support::read_text(log));
  }
  write_image_archive(directory_ / "image.tar");
  (void)caller_.must({"load", "--input", directory_ / "image.tar"});
}

Docker::~Docker() {
  daemon_->signal(SIGTERM);  // ends its containers and its containerd
  try {
    (void)daemon_->wait();
  } catch (const std::exception&) {  // killed, then
  }
  // Runtimes leave what is above their containers.
  for (const std::string& hierarchy : support::names_in("/sys/fs/cgroup")) {
    (void)::rmdir(("/sys/fs/cgroup/" + hierarchy + cgroup_).c_str());
  }
}

}  // namespace callers
