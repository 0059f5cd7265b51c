// SPDX-License-Identifier: Apache-2.0
// What everything that makes or reads layers needs: the store, whose files they are to be, the
// worker program, and somebody to tell how far it got.
#pragma once

#include <cstdint>
#include <string>

#include "engine/image/progress.h"
#include "snapshotter/content/store.h"
#include "snapshotter/layer/mapping.h"
#include "snapshotter/layer/worker.h"

namespace engine {

struct Workshop {
  snapshotter::Store& store;
  const snapshotter::Mapping& mapping;
  std::string program;  // tilla-layers
  Progress& progress;
};

/// A worker that sees `staging` alone.
snapshotter::Worker make_worker(const Workshop& workshop, const snapshotter::Staging& staging);

/// tilla-layers: beside this program, else in ../libexec/tilla, else where it is installed.
/// Errors: it is nowhere.
std::string find_layers_program();

/// The environment's SOURCE_DATE_EPOCH. Errors: it is no number.
/// Source: reproducible-builds.org/specs/source-date-epoch.
std::optional<std::int64_t> source_date_epoch();
/// Now, or SOURCE_DATE_EPOCH, as images have it: "2026-11-27T21:41:00.123456789Z".
std::string creation_time();

}  // namespace engine
