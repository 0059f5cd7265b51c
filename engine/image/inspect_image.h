// SPDX-License-Identifier: Apache-2.0
// What `inspect` tells of an image: docker's fields in docker's order, then those of OCI's that
// docker hasn't.
#pragma once

#include "config/json.h"
#include "engine/image/image_list.h"

namespace engine {

config::Json inspect_image(const ImageRecord& image);

}  // namespace engine
