// SPDX-License-Identifier: Apache-2.0
// What a container gets that asks for nothing: capabilities, hidden paths, kernel file systems.
#pragma once

#include <string>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

/// docker's fourteen, and not podman's eleven: ping(8) of Debian's images has CAP_NET_RAW as a file
/// capability and can't even be executed without it, and PAM wants CAP_AUDIT_WRITE. In a user
/// namespace none of them reaches beyond what is the container's own (CAP_MKNOD nothing at all);
/// without one, device rules stand against CAP_MKNOD, as with docker.
/// Source: moby, oci/caps/defaults.go.
std::vector<std::string> default_capabilities();

/// Source: moby, oci/defaults.go.
std::vector<std::string> default_masked_paths();
std::vector<std::string> default_readonly_paths();

/// Device rules without a user namespace: nothing can be opened but what the runtime always allows;
/// nodes can be made.
std::vector<DeviceRule> default_device_rules();

struct KernelMounts {
  std::uint64_t shm_bytes = 0;
  bool has_tty_group = true;     // gid 5 is an id of the container's
  bool is_host_network = false;  // then a new sysfs would be the host's, which nobody may mount
  bool is_host_pid = false;      // the same of proc
  bool is_host_ipc = false;      // /dev/shm and /dev/mqueue are the host's
  bool is_cgroup_writable = false;
};
/// /proc, /dev, /dev/pts, /dev/shm, /dev/mqueue, /sys, /sys/fs/cgroup, in the order of mounting.
std::vector<Mount> kernel_mounts(const KernelMounts& wanted);

}  // namespace config
