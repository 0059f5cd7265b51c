// SPDX-License-Identifier: Apache-2.0
// The image that a container was made from, as it was then, whatever its name means now.
#pragma once

#include <optional>

#include "engine/container/record.h"
#include "engine/image/documents.h"
#include "snapshotter/content/store.h"

namespace engine {

/// Empty: it was made from nothing. Errors: its documents are damaged or gone.
std::optional<ImageDocuments> image_of(const snapshotter::Store& store,
                                       const ContainerRecord& record);

}  // namespace engine
