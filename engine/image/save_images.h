// SPDX-License-Identifier: Apache-2.0
// `save`: images out of the store into an archive or an OCI layout, blobs bit for bit as they came
// in. Docker's archives are OCI layouts with a manifest.json, as docker writes them since 25: those
// before read the one, those after the other.
#pragma once

#include <string>
#include <vector>

#include "config/image_spec.h"
#include "engine/image/workshop.h"

namespace engine {

enum class SaveFormat { kDockerArchive, kOciArchive, kOciDirectory };
/// "docker-archive", "oci-archive", "oci-dir". Errors: another word.
SaveFormat parse_save_format(const std::string& word);

struct SavedImage {
  config::Descriptor descriptor;  // of the store's index; the name in it goes out as well
  std::string name;               // normalised; empty: none
};

/// Writes an archive to `output`. Docker's has the image for `platform` alone, OCI's everything.
/// Errors: a blob that is missing.
void save_archive(const Workshop& workshop, const std::vector<SavedImage>& images,
                  SaveFormat format, const config::Platform& platform, int output);

/// Adds the images to the layout in `directory`, which is empty or one already.
void save_directory(const snapshotter::Store& store, const std::vector<SavedImage>& images,
                    int directory);

}  // namespace engine
