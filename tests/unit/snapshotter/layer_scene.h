// SPDX-License-Identifier: Apache-2.0
// The real worker, in the user namespace that layers are made in.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "snapshotter/layer/worker.h"
#include "sys/fd.h"

namespace scene {

/// What a child works with: its ids, and a directory that goes when it has ended.
struct Ground {
  snapshotter::Mapping mapping;
  std::string path;
};
/// Runs `work` in a child: the host's root as it is, an ordinary user as root of a namespace with
/// his id alone. What it returns, or "error: " and its error's text.
std::string inside(const std::function<std::string(const Ground&)>& work);

/// The worker's program: beside the runtime that is tested.
std::string worker_program();

/// A worker that is confined to the ground. To be made inside().
class Layers {
 public:
  explicit Layers(const Ground& ground);
  snapshotter::Worker& worker() { return worker_; }
  int staging() const { return staging_.get(); }

  /// Unpacks into the new directory `name`; `change` is for the rest of the job.
  snapshotter::Unpacked unpack(std::string_view archive, const std::string& name = "layer",
                               const std::function<void(snapshotter::UnpackJob&)>& change = {});
  /// Everything below directory `name` as an archive.
  std::string pack(const std::string& name = "layer",
                   const std::function<void(snapshotter::PackJob&)>& change = {});
  /// What is below directory `name`, a line each, sorted: "d 755 0:0 a", "f 644 0:0 a/b=content",
  /// "l a/c->b", "w a/gone", and " name=value" for each extended attribute.
  std::string list(const std::string& name = "layer") const;

 private:
  const Ground& ground_;
  sys::Fd staging_;
  snapshotter::Worker worker_;
};

/// A memory file, to be read from its start.
sys::Fd file_of(std::string_view content);

/// Unpacks and lists; the first thing that goes wrong instead.
std::string outcome(std::string_view archive,
                    const std::function<void(snapshotter::UnpackJob&)>& change = {});

}  // namespace scene
