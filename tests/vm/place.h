// SPDX-License-Identifier: Apache-2.0
// Where the cgroup of a container that runs is, whoever has made it.
#pragma once

#include <string>

#include "tests/support/harness.h"

namespace support {

inline std::string cgroup_of(const Runtime& runtime, const std::string& id) {
  const std::string line = read_text("/proc/" + std::to_string(runtime.pid(id)) + "/cgroup");
  return "/sys/fs/cgroup" + line.substr(3, line.find('\n') - 3);  // "0::/..."
}

}  // namespace support
