// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scratch_cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace support {

std::string cgroup2_mount() {
  // mountinfo: ID PARENT DEVICE ROOT PLACE OPTIONS [TAG...] - TYPE SOURCE OPTIONS
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words(line);
    std::string place;
    for (int i = 0; i < 5; ++i) words >> place;
    return place;
  }
  return {};
}

ScratchCgroup::ScratchCgroup() {
  std::string name = cgroup2_mount() + "/tilla-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw sys::errno_error("make a cgroup");
  path_ = name;
  fd_ = sys::open_path(path_, O_RDONLY | O_DIRECTORY);
}

ScratchCgroup::~ScratchCgroup() {
  std::ofstream(path_ + "/cgroup.kill") << "1";
  (void)eventually([this] { return ::rmdir(path_.c_str()) == 0; });
}

}  // namespace support
