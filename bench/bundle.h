// SPDX-License-Identifier: Apache-2.0
// The bundles that are run: `runc spec --rootless` word for word, but with a network and a cgroup
// namespace, hence a fresh /sys, and without a terminal.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace bench {

struct Extent {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 1;
};

struct Bundle {
  std::string rootfs;             // absolute
  std::vector<std::string> args;  // simple words: nothing in them needs escaping in JSON
  std::vector<Extent> uid_mappings;
  std::vector<Extent> gid_mappings;
  std::string seccomp = {};  // the text of `linux.seccomp`; empty: none
};

/// Makes the directories that the mounts need, and /bin/busybox and /bin/true.
void make_rootfs(const std::string& path, const std::string& busybox, const std::string& payload);

/// Writes `dir`/config.json.
void write_bundle(const std::string& dir, const Bundle& bundle);

/// Reads a whole file. Errors: when it can't be read or is empty.
std::string read_file(const std::string& path);

}  // namespace bench
