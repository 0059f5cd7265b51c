// SPDX-License-Identifier: Apache-2.0
#include "sys/landlock.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/fd.h"

namespace sys {
namespace {

// Those of the first version, which every kernel with Landlock has, and truncation's, from the
// third on. Not among them: REFER, without which no file may change its directory by link or
// rename at all.
constexpr __u64 kWrites = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                          LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                          LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                          LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr __u64 kRefer = 1ULL << 13U;     // LANDLOCK_ACCESS_FS_REFER, second version
constexpr __u64 kTruncate = 1ULL << 14U;  // LANDLOCK_ACCESS_FS_TRUNCATE, third version

__u64 writes_of(long version) {
  __u64 writes = kWrites;
  if (version >= 2) writes |= kRefer;
  if (version >= 3) writes |= kTruncate;
  return writes;
}

}  // namespace

bool restrict_writes_to(const std::vector<int>& writable) {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  // A kernel of the first version forbids every hard link between directories: better without.
  if (version < 2) return false;
  landlock_ruleset_attr rules = {};
  rules.handled_access_fs = writes_of(version) | LANDLOCK_ACCESS_FS_EXECUTE;
  // An older kernel takes the structure as long as its rest is zero, and ours is the oldest.
  const Fd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0)));
  if (!ruleset) throw errno_error("landlock_create_ruleset");
  for (const int directory : writable) {
    landlock_path_beneath_attr rule = {};
    rule.allowed_access = writes_of(version);
    rule.parent_fd = directory;
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
      throw errno_error("landlock_add_rule");
    }
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) < 0) {
    throw errno_error("landlock_restrict_self");
  }
  return true;
}

}  // namespace sys
