// SPDX-License-Identifier: Apache-2.0
// `import`: makes an image of one layer out of an archive of a root file system. The archive is
// read once: it is unpacked while its bytes are kept as they come.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/workshop.h"

namespace engine {

struct ImportOptions {
  std::vector<std::string> changes;  // instructions of a Dockerfile
  std::string message;               // for the history
  config::Platform platform;
  std::string name;  // normalised; empty: none
};

/// archive: tar, plain or in any compression; a pipe will do. Gives the image's id.
/// Errors: bad changes, before anything is read; the archive's.
config::Digest import_image(const Workshop& workshop, int archive, const ImportOptions& options);

}  // namespace engine
