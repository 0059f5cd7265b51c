// SPDX-License-Identifier: Apache-2.0
#include "engine/image/export_root.h"

#include <fcntl.h>

#include "sys/open.h"

namespace engine {

void export_root(const Workshop& workshop, int root, int output) {
  snapshotter::Staging staging = workshop.store.stage();
  const sys::Fd directory = sys::open_beneath(root, {}, O_RDONLY | O_DIRECTORY);
  snapshotter::PackJob job;
  job.sources = {directory.get()};
  job.whole = true;
  job.output = output;
  job.mapping = workshop.mapping;
  make_worker(workshop, staging).pack({job});
}

}  // namespace engine
