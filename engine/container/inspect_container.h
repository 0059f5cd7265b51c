// SPDX-License-Identifier: Apache-2.0
// What `inspect` tells of a container: docker's fields in docker's order.
#pragma once

#include <optional>

#include "config/json.h"
#include "engine/container/record.h"
#include "engine/image/documents.h"

namespace engine {

/// image: what it was made from, see container_image.h; empty: nothing.
config::Json inspect_container(const ContainerRecord& record,
                               const std::optional<ImageDocuments>& image);

}  // namespace engine
