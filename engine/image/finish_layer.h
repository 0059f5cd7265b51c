// SPDX-License-Identifier: Apache-2.0
// What an archive alone can't tell of a layer. A directory that no entry describes, but that has
// entries below it, gets the attributes that it has in the layers below; a hard link to a file of a
// layer below gets a copy of that file. INV-8: by descriptors, without following anything.
#pragma once

#include <string>
#include <vector>

#include "snapshotter/layer/mapping.h"
#include "snapshotter/layer/worker.h"

namespace engine {

/// layer: the unpacked layer; below: those below it, the topmost first; all open directories.
void finish_layer(int layer, const std::vector<int>& below, const snapshotter::Unpacked& unpacked,
                  const snapshotter::Mapping& mapping);

}  // namespace engine
