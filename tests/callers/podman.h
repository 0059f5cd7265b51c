// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/callers/caller.h"
#include "tests/support/needs.h"

namespace callers {

/// podman, with the lines of the README in its containers.conf.
class Podman {
 public:
  static const support::Need kNeed;
  static Words removal() { return {"rm", "--force", "--time", "0"}; }

  Podman();
  ~Podman();
  Podman(const Podman&) = delete;
  Podman& operator=(const Podman&) = delete;

  const Caller& caller() const { return caller_; }
  /// Its store, with another runtime, by a path.
  Caller with_runtime(const std::string& path) const;
  /// buildah on the same store.
  Caller buildah() const;

 private:
  Words store_words() const;
  Words environment() const;

  support::TempDirectory directory_;
  Caller caller_;
};

}  // namespace callers
