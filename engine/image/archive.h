// SPDX-License-Identifier: Apache-2.0
// Where `load` reads images from: an OCI layout in a directory, or in an archive; docker's own kind
// of archive; skopeo's and podman's directory of one image ("dir:"). Whichever it is, it becomes
// descriptors of images and a way to their blobs. Everything in it is somebody else's: INV-1,
// INV-8, INV-12.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/documents.h"
#include "engine/image/workshop.h"
#include "sys/fd.h"

namespace engine {

/// An image of the archive, with the names that it has there, as they are written.
struct ArchivedImage {
  config::Descriptor descriptor;
  std::vector<std::string> names;
};

class Archive {
 public:
  /// An OCI layout, or one image of "dir:". Errors: it is neither.
  static Archive in_directory(sys::Fd directory);
  /// Takes an archive apart into folder "members" of `staging`. Errors: neither of both kinds.
  static Archive of_file(const Workshop& workshop, snapshotter::Staging& staging, int file);

  const std::vector<ArchivedImage>& images() const { return images_; }
  ReadDocument documents() const;
  /// Empty: it isn't in the archive.
  std::optional<sys::Fd> open(const config::Digest& blob) const;
  /// The name of a file in the staging folder that is this blob, verified; empty: there is none, it
  /// has to be copied.
  std::string staged(const config::Descriptor& blob) const;

 private:
  Archive() = default;
  void read_oci();
  void read_docker();
  void read_flat();
  std::string path_of(const config::Digest& blob) const;
  std::optional<std::string> read_member(const std::string& name, std::size_t limit) const;
  std::string read_required_member(const std::string& name) const;
  config::Descriptor add_docker_layer(const std::string& path);

  sys::Fd directory_;  // the layout, or the members
  bool is_split_ = false;
  bool is_flat_ = false;  // blobs beside each other, named by their digits
  std::map<std::string, snapshotter::Member> members_;  // by name
  std::map<config::Digest, std::string> blobs_;         // names of members
  std::map<config::Digest, std::string> made_;          // documents that docker's archives lack
  std::vector<ArchivedImage> images_;
};

}  // namespace engine
