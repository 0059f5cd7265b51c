// SPDX-License-Identifier: Apache-2.0
// `commit`: what a container changed becomes a layer on top of its image's. The same changes make
// the same layer, on whatever machine and with whatever driver. The layer is kept as plain tar:
// compressing it would cost more than all the rest, and who sends it away compresses it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/convert.h"
#include "engine/image/documents.h"
#include "engine/image/workshop.h"
#include "snapshotter/layer/changes.h"

namespace engine {

/// The container that is committed.
struct CommitSource {
  /// Called once, while the worker starts.
  std::function<std::vector<snapshotter::Change>()> find_changes;
  std::vector<int> sources;            // what the changes count in: open directories
  std::vector<int> owners;             // their sidecars, -1: none
  std::optional<ImageDocuments> base;  // empty: it was made from scratch
  std::vector<std::string> command;    // its own; empty: its image's
};

struct CommitOptions {
  std::string author, message;
  std::vector<std::string> changes;   // instructions of a Dockerfile
  std::optional<ImageFormat> format;  // empty: the base's
  std::string name;                   // normalised; empty: none
};

/// Gives the new image's id. Without changes the image has no new layer, but an entry in its
/// history.
config::Digest commit_image(const Workshop& workshop, const CommitSource& source,
                            const CommitOptions& options);

}  // namespace engine
