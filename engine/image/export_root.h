// SPDX-License-Identifier: Apache-2.0
// `export`: a whole root file system as one tar archive.
#pragma once

#include "engine/image/workshop.h"

namespace engine {

/// root: a mount of it, open; output: a file or a pipe.
void export_root(const Workshop& workshop, int root, int output);

}  // namespace engine
