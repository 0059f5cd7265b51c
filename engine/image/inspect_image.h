// SPDX-License-Identifier: Apache-2.0
// What `inspect` tells of an image: docker's fields in docker's order, then those of OCI's that
// docker hasn't.
#pragma once

#include "config/json.h"
#include "engine/image/image_list.h"

namespace engine {

config::Json inspect_image(const ImageRecord& image);

/// Docker's "Config", of an image or of a container: all members are there, null where there is
/// nothing. image: of a container, what it was made from.
config::Json config_to_json(const config::ContainerConfig& config, const std::string& image = {});

}  // namespace engine
