// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/layer/mapping.h"

#include "config/hash.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::size_t kDigits = 16;  // stored; do not change

}  // namespace

std::string Mapping::key() const {
  if (sys::is_initial(uids) && sys::is_initial(gids)) return "root";
  if (ownership == Ownership::kRecorded) {
    return sys::format("single-{}", uids.empty() ? 0 : uids.front().outside);
  }
  const config::Digest digest =
      config::digest_of(sys::format("uids\n{}gids\n{}", sys::to_text(uids), sys::to_text(gids)));
  return "range-" + digest.hex.substr(0, kDigits);
}

}  // namespace snapshotter
