// SPDX-License-Identifier: Apache-2.0
#include "tests/support/surroundings.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/support/harness.h"

namespace support {

Orphanage::Orphanage() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
Orphanage::~Orphanage() { ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }

bool Orphanage::is_empty() const {
  return eventually([] {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
    return pid < 0 && errno == ECHILD;
  });
}

std::vector<std::string> mounts_naming(const std::string& path) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::vector<std::string> lines;
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(path) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> open_descriptors() { return names_in("/proc/self/fd"); }

}  // namespace support
