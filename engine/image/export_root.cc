// SPDX-License-Identifier: Apache-2.0
#include "engine/image/export_root.h"

namespace engine {

void export_root(const Workshop& workshop, const ExportSource& source, int output) {
  snapshotter::Staging staging = workshop.store.stage();
  snapshotter::PackJob job;
  job.sources = source.sources;
  job.owners = source.owners;
  job.changes = source.entries;
  job.output = output;
  job.mapping = workshop.mapping;
  make_worker(workshop, staging).pack({job});
}

}  // namespace engine
