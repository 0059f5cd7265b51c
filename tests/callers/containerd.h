// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tests/callers/caller.h"
#include "tests/support/needs.h"

namespace callers {

/// A containerd of our own. Its shim is runc's; the runtime under test is what `ctr run` and pods
/// get here.
class Containerd {
 public:
  static const support::Need kNeed;
  static constexpr const char* kSocket = "/run/containerd.sock";

  Containerd();
  ~Containerd();
  Containerd(const Containerd&) = delete;
  Containerd& operator=(const Containerd&) = delete;

  /// `ctr` in a namespace of containerd's: "default", or "k8s.io" for pods.
  Caller ctr(const std::string& name_space = "default") const;
  /// Words of `ctr run FLAGS IMAGE ID COMMAND`.
  static Words run_words(const Words& flags, const std::string& id, const Words& command);

 private:
  support::TempDirectory directory_;
  std::optional<support::Program> daemon_;
};

}  // namespace callers
