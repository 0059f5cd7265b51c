// SPDX-License-Identifier: Apache-2.0
#include "engine/image/import_image.h"

#include <fcntl.h>

#include <utility>

#include "config/image_change.h"
#include "engine/image/documents.h"
#include "engine/image/ensure_layers.h"
#include "engine/image/finish_layer.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using snapshotter::Compression;
using snapshotter::Store;
using snapshotter::Unpacked;

constexpr const char* kLayer = "layer";
constexpr const char* kBlob = "blob";

/// What is kept of an archive in xz or bzip2, which no registry takes, is the tar in it.
config::Descriptor describe_blob(const Unpacked& unpacked) {
  switch (unpacked.compression) {
    case Compression::kGzip:
      return {std::string(config::media_type::kLayerGzip), unpacked.digest, unpacked.size};
    case Compression::kZstd:
      return {std::string(config::media_type::kLayerZstd), unpacked.digest, unpacked.size};
    default:
      return {std::string(config::media_type::kLayer), unpacked.diff_id, unpacked.diff_size};
  }
}

config::ImageConfig describe_image(const ImportOptions& options) {
  config::ImageConfig image;
  image.created = creation_time();
  image.platform = options.platform;
  config::apply_changes(options.changes, image.config);
  image.history.push_back(
      {.created = image.created,
       .comment = options.message.empty() ? "Imported from -" : options.message});
  return image;
}

}  // namespace

config::Digest import_image(const Workshop& workshop, int archive, const ImportOptions& options) {
  config::ImageConfig image = describe_image(options);
  Store& store = workshop.store;
  snapshotter::Lease lease = store.lease();
  snapshotter::Staging staging = store.stage();
  const sys::Fd keep = sys::open_at(staging.fd(), kBlob, O_WRONLY | O_CREAT | O_EXCL, 0644);
  const LayerPlace place = make_place(staging, workshop.mapping, kLayer);
  const struct stat status = sys::status_of(archive);
  workshop.progress.begin("importing",
                          S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0);
  snapshotter::UnpackJob job;
  job.archive = archive;
  job.directory = place.directory.get();
  job.keep = keep.get();
  job.owners = place.owners.get();
  job.mapping = workshop.mapping;
  job.may_be_xz_or_bzip2 = true;
  const Unpacked unpacked = make_worker(workshop, staging).unpack({job}).at(0);
  workshop.progress.end();
  if (!unpacked.links_below.empty()) {
    throw sys::Error(sys::format("hard link \"{}\" to \"{}\", which the archive doesn't have",
                                 unpacked.links_below[0].first, unpacked.links_below[0].second));
  }
  image.diff_ids = {unpacked.diff_id};

  Store::Batch batch;
  batch.mapping = &workshop.mapping;
  const config::Descriptor blob = describe_blob(unpacked);
  batch.blobs.push_back({kBlob, blob.digest});
  batch.layers.push_back(staged_layer(place, chain_ids(image.diff_ids).back(), unpacked));
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  manifest.config = Store::stage_document(staging, batch, config::write_image_config(image),
                                          config::media_type::kConfig);
  manifest.layers = {blob};
  const config::Descriptor descriptor = Store::stage_document(
      staging, batch, config::write_manifest(manifest), config::media_type::kManifest);
  store.add(staging, batch, lease);
  store.update_index([&](config::Index& index) { put_image(index, descriptor, options.name); });
  return manifest.config.digest;
}

}  // namespace engine
