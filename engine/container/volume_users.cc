// SPDX-License-Identifier: Apache-2.0
#include "engine/container/volume_users.h"

#include <algorithm>

#include "config/container_options.h"
#include "engine/container/containers.h"

namespace engine {

std::vector<std::string> volume_users(const snapshotter::Store& store, const std::string& volume) {
  std::vector<std::string> users;
  for (const ContainerRecord& record : list_containers(store)) {
    const std::vector<config::VolumeRequest> asked = config::read_options(record.flags).volumes;
    const bool by_flag = std::ranges::any_of(asked, [&](const config::VolumeRequest& request) {
      return request.kind == config::VolumeKind::kVolume && request.source == volume;
    });
    const bool is_own =
        std::ranges::find(record.volumes, volume, &AnonymousVolume::name) != record.volumes.end();
    if (by_flag || is_own) users.push_back(record.name);
  }
  return users;
}

}  // namespace engine
