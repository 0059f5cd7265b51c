// SPDX-License-Identifier: Apache-2.0
// What every verb gets: where the store is, the log, and (once a verb asks) the store itself.
#pragma once

#include <optional>
#include <string>

#include "engine/commands/cli.h"
#include "snapshotter/content/store.h"
#include "sys/log.h"

namespace engine {

class Context {
 public:
  Context(const GlobalOptions& options, const sys::Log& log) : options_(options), log_(log) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const GlobalOptions& options() const { return options_; }
  const sys::Log& log() const { return log_; }
  /// --root, TILLA_ROOT, /var/lib/tilla for root, $XDG_DATA_HOME/tilla, ~/.local/share/tilla.
  /// Errors: no home to be found.
  const std::string& store_path();
  /// Makes the store when there is none.
  snapshotter::Store& store();
  /// For verbs that only read; empty when there is none.
  snapshotter::Store* store_if_exists();

 private:
  const GlobalOptions& options_;
  const sys::Log& log_;
  std::string store_path_;
  std::optional<snapshotter::Store> store_;
};

}  // namespace engine
