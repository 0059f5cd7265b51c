// SPDX-License-Identifier: Apache-2.0
// The user's subordinate ids, for the one measurement that needs them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace bench {

struct SubIds {
  uint32_t first = 0;
  uint32_t count = 0;
};

/// The first range of user `uid` in `path`. Errors: when there is none of 65536 ids.
/// Source: subuid(5).
SubIds read_subids(const std::string& path, uid_t uid);

}  // namespace bench
