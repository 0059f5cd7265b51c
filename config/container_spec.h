// SPDX-License-Identifier: Apache-2.0
// From an image's configuration, the options of a container and what was found on the machine to
// the configuration that the runtime gets. Pure: everything that had to be looked up is a fact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/container_options.h"
#include "config/image_spec.h"
#include "config/runtime_spec.h"
#include "config/user_lookup.h"

namespace config {

struct SpecFacts {
  std::string id = {};            // 64 digits
  std::string root = {};          // where the root is mounted
  std::string architecture = {};  // "amd64"
  std::string init = {};          // tilla-init, read-only in our mount namespace; of --init alone
  FoundUser user = {};
  /// The maps of its user namespace; empty: it has none of its own.
  std::vector<IdMapping> uids = {}, gids = {};
  bool may_set_groups = true;
  bool is_host_root = false;                 // no user namespace: device rules are ours to make
  NetworkKind network = NetworkKind::kNone;  // resolved: never kDefault
  /// The volumes, sources resolved, and /etc/hosts and its like.
  std::vector<Mount> mounts = {};
  std::vector<Device> devices = {};  // to be made, with rules; of the host's root alone
  std::vector<std::string> all_capabilities = {};
};

struct ContainerSpec {
  RuntimeSpec spec;
  std::vector<std::string> warnings;
};

/// Errors: no program; what the options ask for and can't be with each other.
ContainerSpec make_container_spec(const ContainerConfig& image, const ContainerOptions& options,
                                  const std::vector<std::string>& arguments,
                                  const SpecFacts& facts);

/// Its host name: the option's, or the beginning of the id.
std::string hostname_of(const ContainerOptions& options, const std::string& id);
/// A bind of a file or directory of the host's.
Mount make_bind(const std::string& source, const std::string& destination,
                const VolumeRequest& wanted);

}  // namespace config
