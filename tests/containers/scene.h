// SPDX-License-Identifier: Apache-2.0
// A store with images made by hand, and `tilla run` in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/image_spec.h"
#include "tests/support/tilla.h"

namespace containers {

using support::Result;
using support::TarBuilder;
using support::Tilla;

/// busybox with all that a test's lines use as /bin/sh and so on, /bin/probe, /etc/passwd with app
/// (1000:1000, of one id: root alone) and group.
TarBuilder busybox_root();

class Scene {
 public:
  /// identity: TILLA_IDENTITY. The store has the image "box": CMD sh.
  explicit Scene(std::string identity = {});
  /// Adds an image with a root and a configuration of its own.
  void add_image(const std::string& name, const TarBuilder& root,
                 const std::function<void(config::ContainerConfig&)>& change = {}) const;

  /// `run --rm FLAGS box sh -c LINE`, without a network.
  Result shell(const std::string& line, const std::vector<std::string>& flags = {}) const;
  /// `run --rm FLAGS` and the rest as it is.
  Result run(const std::vector<std::string>& words,
             const support::ProgramOptions& options = {}) const;
  const Tilla& tilla() const { return tilla_; }
  /// Directories in containers/ and volumes/ of the store.
  std::vector<std::string> containers() const;
  std::vector<std::string> volumes() const;

 private:
  Tilla tilla_;
};

}  // namespace containers
