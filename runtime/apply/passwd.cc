// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/passwd.h"

#include <algorithm>
#include <charconv>

namespace runtime {
namespace {

constexpr std::size_t kMaxHome = 4096;

}  // namespace

std::string home_in(std::string_view passwd, uid_t uid) {
  while (!passwd.empty()) {
    const std::size_t end = std::min(passwd.find('\n'), passwd.size());
    std::string_view line = passwd.substr(0, end);
    passwd.remove_prefix(std::min(end + 1, passwd.size()));
    std::string_view fields[7];
    std::size_t count = 0;
    for (; count < 7; ++count) {
      const std::size_t colon = std::min(line.find(':'), line.size());
      fields[count] = line.substr(0, colon);
      if (colon == line.size()) break;
      line.remove_prefix(colon + 1);
    }
    uid_t found = 0;
    const auto [stop, code] =
        std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), found);
    if (count < 5 || code != std::errc() || stop != fields[2].data() + fields[2].size()) continue;
    if (found == uid) return std::string(fields[5].substr(0, kMaxHome));
  }
  return {};
}

}  // namespace runtime
