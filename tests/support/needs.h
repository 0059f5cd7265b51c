// SPDX-License-Identifier: Apache-2.0
// What a test needs of the machine or of its caller. Never a silent skip.
#pragma once

#include <string>

namespace support {

/// Something that not every machine or caller has.
struct Need {
  const char* name;
  bool (*is_met)();
  /// Another machine or caller is needed, so STRICT=1 has nothing to complain of; what is merely
  /// not installed can be had.
  bool can_be_missing;
};

namespace needs {
extern const Need root;             // the host's: uid 0 of the initial user namespace
extern const Need user;             // somebody else
extern const Need range;            // newuidmap, newgidmap and subordinate ids of the caller
extern const Need single;           // the caller may make a user namespace
extern const Need fresh_proc;       // nothing of /proc is hidden, so that new ones can be mounted
extern const Need sys_resource;     // CAP_SYS_RESOURCE: raise limits, lower the oom score
extern const Need systemd_manager;  // tests/vm runs the tests with systemd as the manager
extern const Need strace;
extern const Need fuse;      // fuse-overlayfs, and a /dev/fuse for the caller
extern const Need cgroup1;   // controllers in cgroup v1, below /sys/fs/cgroup, of the host's root
extern const Need cgroup2;   // a mount of cgroup v2 that the caller may write
extern const Need apparmor;  // the kernel's, switched on
extern const Need selinux;   // the same, with a policy
/// Of the runtime that is tested: a sanitizer makes system calls of its own, and its handlers go on
/// where ours end.
extern const Need no_sanitizer;
}  // namespace needs

/// Whether the running test is to be skipped; says so. With STRICT=1 fails the test instead, if the
/// need could have been met here.
bool is_missing(const Need& need);
/// Whether a test was skipped since the last call.
bool take_skipped();

}  // namespace support

/// Ends the test here unless `thing`, one of support::needs, is at hand.
#define NEEDS(thing)                                        \
  do {                                                      \
    if (support::is_missing(support::needs::thing)) return; \
  } while (false)
