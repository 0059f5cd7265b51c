// SPDX-License-Identifier: Apache-2.0
// /etc of a container: what is read of its root (passwd, group), and what is laid over it (hosts,
// hostname, resolv.conf).
#pragma once

#include <string>
#include <vector>

#include "config/container_options.h"
#include "config/runtime_spec.h"
#include "config/user_lookup.h"

namespace engine {

/// Whom the container's program runs as. Both files are regular ones of at most 1 MiB inside the
/// root, or count as empty (INV-6). user: the option, or the image's.
config::FoundUser find_user_in(int root, const std::string& user,
                               const std::vector<std::string>& added_groups);

struct EtcFiles {
  std::string hosts, hostname, resolv_conf;
};
/// host: the host's own files.
EtcFiles make_etc_files(const config::ContainerOptions& options, const std::string& hostname,
                        config::NetworkKind network, const EtcFiles& host);
/// Of this machine; what can't be read is empty.
EtcFiles host_etc_files();

}  // namespace engine
