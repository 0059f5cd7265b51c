// SPDX-License-Identifier: Apache-2.0
#include "bench/subids.h"

#include <pwd.h>

#include <fstream>

#include "sys/error.h"
#include "sys/format.h"

namespace bench {

SubIds read_subids(const std::string& path, uid_t uid) {
  const passwd* entry = getpwuid(uid);
  const std::string name = entry != nullptr ? entry->pw_name : "";
  std::ifstream file(path);
  std::string owner;
  SubIds ids;
  char colon = '\0';
  while (std::getline(file, owner, ':') && file >> ids.first >> colon >> ids.count) {
    file.ignore(1);  // the end of the line
    if (ids.count >= 65536 && (owner == name || owner == std::to_string(uid))) return ids;
  }
  throw sys::Error(sys::format("no 65536 subordinate ids for user {} in {}", uid, path));
}

}  // namespace bench
