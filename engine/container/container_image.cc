// SPDX-License-Identifier: Apache-2.0
#include "engine/container/container_image.h"

namespace engine {

std::optional<ImageDocuments> image_of(const snapshotter::Store& store,
                                       const ContainerRecord& record) {
  if (record.manifest.empty()) return std::nullopt;
  ImageDocuments image;
  image.manifest_text = store.read_blob(record.manifest, kMaxDocumentBytes);
  image.manifest = config::read_manifest(image.manifest_text, record.manifest.text());
  image.descriptor = {.media_type = image.manifest.media_type,
                      .digest = record.manifest,
                      .size = image.manifest_text.size()};
  image.config_text = store.read_blob(image.manifest.config, kMaxDocumentBytes);
  image.config = config::read_image_config(image.config_text, image.id().text());
  return image;
}

}  // namespace engine
