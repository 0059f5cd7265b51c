// SPDX-License-Identifier: Apache-2.0
// `export`: a whole root file system as one tar archive. Made from the layers and the container's
// own directory, not from a mount of its root, which may hide true owners and devices.
#pragma once

#include <vector>

#include "engine/image/workshop.h"
#include "snapshotter/layer/changes.h"

namespace engine {

struct ExportSource {
  std::vector<snapshotter::Change> entries;
  std::vector<int> sources;  // what the entries count in: open directories
  std::vector<int> owners;   // their sidecars, -1: none
};

/// output: a file or a pipe.
void export_root(const Workshop& workshop, const ExportSource& source, int output);

}  // namespace engine
