// SPDX-License-Identifier: Apache-2.0
// What every verb gets: where the store is, the log, and (once a verb asks) the store itself.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "engine/commands/cli.h"
#include "engine/container/identity.h"
#include "engine/image/workshop.h"
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

  /// Who we are to the files of layers. The first call enters the user namespace (TILLA_IDENTITY
  /// says which), so it comes before the store is opened by such a verb.
  const Identity& identity();
  /// The same, and a mount namespace of our own, for verbs that mount.
  const Identity& identity_with_mounts();
  /// The store and all else that layers are made with. Enters the user namespace.
  Workshop workshop(Progress& progress);

  /// Runs a verb's work: an error gets "what: " in front, and says what helps against a full disk.
  /// what: a call that gives the text.
  template <typename What, typename Step>
  decltype(auto) explaining(const What& what, Step&& step) {
    try {
      return sys::in_context(what, std::forward<Step>(step));
    } catch (sys::Error& error) {  // in_context has no hints
      if (store_) store_->explain(error);
      throw;
    }
  }

 private:
  const GlobalOptions& options_;
  const sys::Log& log_;
  std::string store_path_;
  std::optional<snapshotter::Store> store_;
  std::optional<Identity> identity_;
  bool has_mounts_ = false;
};

}  // namespace engine
