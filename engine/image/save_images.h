// SPDX-License-Identifier: Apache-2.0
// `save`: images out of the store into an archive, an OCI layout, or a directory as skopeo's "dir:"
// has it; blobs bit for bit as they came in, manifests too unless a conversion is asked for.
// Docker's archives are OCI layouts with a manifest.json, as docker writes them since 25: those
// before read the one, those after the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/convert.h"
#include "engine/image/workshop.h"

namespace engine {

enum class SaveFormat { kDockerArchive, kOciArchive, kDockerDirectory, kOciDirectory };
/// "docker-archive", "oci-archive", "docker-dir", "oci-dir": podman's words. Errors: another.
SaveFormat parse_save_format(const std::string& word);

struct SavedImage {
  config::Descriptor descriptor;  // of the store's index; the name in it goes out as well
  std::string name;               // normalised; empty: none
};

struct SaveOptions {
  SaveFormat format = SaveFormat::kDockerArchive;
  /// Of an image for several: this one alone. Empty: all of it, but docker's formats take the
  /// native one.
  std::optional<config::Platform> platform = {};
  std::optional<ImageFormat> conversion = {};  // empty: as it is
};

/// Writes an archive to `output`. Errors: a blob that is missing.
void save_archive(const Workshop& workshop, const std::vector<SavedImage>& images,
                  const SaveOptions& options, int output);

/// Adds the images to the layout in `directory`, which is empty or one already; docker-dir: writes
/// the one image there is. Errors: there are several for docker-dir.
void save_directory(const Workshop& workshop, const std::vector<SavedImage>& images,
                    const SaveOptions& options, int directory);

}  // namespace engine
